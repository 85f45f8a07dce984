"""NK cytotoxicity plates: entering the wells, and reading what they come to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from labs import actions, selectors
from labs.corrected import corrections_of
from labs.cytometry import attached_files
from labs.forms import CytotoxicityForm, PlateCorrectionForm, PlateForm, RepeatRunForm
from labs.models import CytotoxicityAssay
from labs.permissions import ENTER_RESULTS
from labs.plate import Plate, effectors_name
from labs.plate_window import window_badge
from labs.titration import titration
from labs.views.pages import page
from labs.views.saving import opened, to_specimen
from oversight.forms import attempt
from trial_site.http import StaffRequest
from trial_site.protocol import by_version


@require_http_methods(["GET", "POST"])
def cytotoxicity_new(request: StaffRequest) -> HttpResponse:
    """Enter the wells of one plate; ``preview`` computes and saves nothing."""
    form = opened(request, CytotoxicityForm)
    if form.is_valid() and "preview" not in request.POST:
        outcome = attempt(
            form,
            lambda: actions.record_cytotoxicity(
                form.cleaned_data["participant"],
                sample=form.sample,
                effectors=form.cleaned_data["effectors"],
                wells=form.wells,
                nk_percent=form.cleaned_data["nk_percent"],
                run=form.cleaned_data["run"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return to_specimen(request, form, outcome.record.specimen if outcome.record else None)
    return _grid(request, "labs/cytotoxicity_new.html", form, window=_window(form))


@require_http_methods(["GET", "POST"])
def cytotoxicity_repeat(request: StaffRequest, pk: int) -> HttpResponse:
    """Enter another run of the same specimen; it is kept and counts once it is chosen."""
    assay = get_object_or_404(selectors.assays_visible_to(request.user).in_force(), pk=pk)
    form = RepeatRunForm(request.POST or None, of=assay)
    if form.is_valid() and "preview" not in request.POST:
        outcome = attempt(
            form,
            lambda: actions.repeat_cytotoxicity(
                assay.specimen, entry=form.entry, by=request.user, key=form.key
            ),
        )
        if outcome:
            _say_saved(request, outcome.record, _("The run is kept; another one counts"))
            saved = outcome.record or selectors.runs_of(assay.specimen)[-1]
            return redirect("labs:cytotoxicity", saved.pk)
    return _grid(request, "labs/cytotoxicity_repeat.html", form, assay=assay)


@require_http_methods(["GET", "POST"])
def cytotoxicity_correct(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct what was typed about a saved plate, with a reason; history keeps the first wells."""
    assay = get_object_or_404(selectors.assays_visible_to(request.user).in_force(), pk=pk)
    form = PlateCorrectionForm(request.POST or None, assay=assay)
    if form.is_valid() and "preview" not in request.POST:
        outcome = attempt(
            form,
            lambda: actions.correct_plate(
                assay,
                entry=form.entry,
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            saved = _("The plate was corrected; history keeps the first wells")
            _say_saved(request, outcome.record, saved)
            return redirect("labs:cytotoxicity", pk)
    return _grid(request, "labs/cytotoxicity_correct.html", form, assay=assay)


@require_GET
def cytotoxicity(request: StaffRequest, pk: int) -> HttpResponse:
    """One plate: lysis with its steps, its wells, the other runs, and what corrections changed."""
    assay = get_object_or_404(selectors.assays_visible_to(request.user), pk=pk)
    rule = by_version(assay.protocol_version).cytotoxicity
    plate = Plate(assay.typed_wells, rule)
    return page(
        request,
        "labs/cytotoxicity.html",
        assay=assay,
        plate=plate,
        curve=titration(plate),
        rule=rule,
        effectors=effectors_name(assay.effectors, rule),
        change=selectors.change_from_baseline(assay) if assay.counts else None,
        window=window_badge(assay.participant, assay.collected_at),
        runs=selectors.runs_of(assay.specimen),
        files=attached_files(assay),
        corrections=corrections_of(assay),
        may_enter=ENTER_RESULTS.allows(request.user),
    )


def _grid(request: StaffRequest, template: str, form: PlateForm, **context: Any) -> HttpResponse:
    """A page with the wells to type, and what they come to as far as they can be read."""
    plate = Plate(form.wells, form.rule) if form.wells else None
    rows = [(row, plate.group(row.condition) if plate else None) for row in form.rows]
    curve = titration(plate) if plate else None
    values = {"form": form, "rows": rows, "plate": plate, "rule": form.rule, "curve": curve}
    return page(request, template, **values, **context)


def _window(form: CytotoxicityForm) -> Any:
    """Where the blood lies among the windows, once participant and moment are known."""
    data = getattr(form, "cleaned_data", {})
    if data.get("participant") and data.get("collected_at"):
        return window_badge(data["participant"], data["collected_at"])
    return None


def _say_saved(request: StaffRequest, saved: CytotoxicityAssay | None, words: str) -> None:
    messages.success(request, words if saved else _("This was saved already"))
