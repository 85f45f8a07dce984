"""The laboratory's pages.  None of them shows an arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from labs import actions, selectors
from labs.forms import (
    CytotoxicityForm,
    PcrForm,
    ResultCorrectionForm,
    ResultFilter,
    SafetyForm,
    SpecimenForm,
    attempt_entry,
)
from labs.models import LabQuerySet, Specimen
from labs.permissions import ENTER_RESULTS
from labs.plate import Plate
from labs.readings import lysis_text, read, worst
from oversight.forms import attempt
from trial_site.http import StaffRequest
from trial_site.protocol import by_version, current

SPECIMENS_A_PAGE = 25

F = TypeVar("F", bound=SpecimenForm)


@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """The latest specimens with their results, and the ways to enter more."""
    form = ResultFilter(request.GET, user=request.user)
    found: Sequence[Specimen] | LabQuerySet = ()
    if form.is_valid():
        found = selectors.latest_specimens(request.user, **form.cleaned_data)
    page: Page[Specimen] = Paginator(found, SPECIMENS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page_obj": page,
        "rows": [_row(specimen) for specimen in page],
        "may_enter": ENTER_RESULTS.allows(request.user),
    }
    return render(request, "labs/index.html", context)


def _page(request: StaffRequest, template: str, **context: object) -> HttpResponse:
    crumbs = [(_("Labs"), reverse("labs:index"))]
    return render(request, template, {"crumbs": crumbs, **context})


def _row(specimen: Specimen) -> dict[str, object]:
    assay = getattr(specimen, "cytotoxicity_assay", None)
    return {
        "specimen": specimen,
        "readings": [read(result) for result in specimen.results.all()],
        "assay": assay,
        "lysis": lysis_text(assay) if assay else "",
    }


# --- entering ---------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def pcr_new(request: StaffRequest) -> HttpResponse:
    """Enter one CMV-DNA result."""
    return _enter_results(request, _opened(request, PcrForm), "labs/pcr_new.html")


@require_http_methods(["GET", "POST"])
def safety_new(request: StaffRequest) -> HttpResponse:
    """Enter the safety results of one blood draw."""
    return _enter_results(request, _opened(request, SafetyForm), "labs/safety_new.html")


@require_http_methods(["GET", "POST"])
def cytotoxicity_new(request: StaffRequest) -> HttpResponse:
    """Enter the wells of one plate; ``preview`` computes and saves nothing."""
    form = _opened(request, CytotoxicityForm)
    if form.is_valid() and "preview" not in request.POST:
        outcome = attempt(
            form,
            lambda: actions.record_cytotoxicity(
                form.cleaned_data["participant"],
                sample=form.sample,
                effectors=form.cleaned_data["effectors"],
                wells=form.wells,
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return _to_specimen(request, form, outcome.record.specimen if outcome.record else None)
    rule = current().cytotoxicity
    plate = Plate(form.wells, rule) if form.wells else None
    rows = [(row, plate.group(row.condition) if plate else None) for row in form.rows]
    template = "labs/cytotoxicity_new.html"
    return _page(request, template, form=form, rows=rows, plate=plate, rule=rule)


def _opened(request: StaffRequest, form_class: type[F]) -> F:
    subject = request.GET.get("participant", "")
    participant = selectors.participant_named(subject, request.user)
    return form_class(request.POST or None, user=request.user, participant=participant)


def _enter_results(
    request: StaffRequest, form: PcrForm | SafetyForm, template: str
) -> HttpResponse:
    if form.is_valid():
        outcome = attempt_entry(
            form,
            lambda confirmed: actions.record_results(
                form.cleaned_data["participant"],
                sample=form.sample,
                entries=form.entries,
                by=request.user,
                confirmed=confirmed,
                key=form.key,
            ),
        )
        if outcome:
            results = outcome.record or []
            return _to_specimen(request, form, results[0].specimen if results else None)
    return _page(request, template, form=form)


def _to_specimen(request: StaffRequest, form: SpecimenForm, saved: Specimen | None) -> HttpResponse:
    """To the page of what was saved, or, the second time, of what had been saved before."""
    participant, sample = form.cleaned_data["participant"], form.sample
    specimen = saved or selectors.specimen_entered(
        participant, kind=sample.kind, collected_at=sample.collected_at
    )
    if saved:
        messages.success(request, _("Saved for %(subject)s") % {"subject": participant})
    else:
        messages.info(request, _("This was saved already"))
    if specimen is None:
        return redirect("labs:index")
    if hasattr(specimen, "cytotoxicity_assay"):
        return redirect("labs:cytotoxicity", specimen.cytotoxicity_assay.pk)
    readings = [read(found) for found in selectors.results_of(specimen)]
    return redirect("labs:result", worst(readings).result.pk)


# --- what was saved ---------------------------------------------------------------------------


@require_GET
def result(request: StaffRequest, pk: int) -> HttpResponse:
    """One result: its value, its verdict, and the others of the same specimen."""
    found = get_object_or_404(selectors.results_visible_to(request.user), pk=pk)
    return _page(
        request,
        "labs/result.html",
        reading=read(found),
        result=found,
        siblings=[read(other) for other in selectors.results_of(found.specimen)],
        may_correct=ENTER_RESULTS.allows(request.user),
    )


@require_http_methods(["GET", "POST"])
def result_correct(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct the value of a saved result, with a reason; history keeps the first."""
    found = get_object_or_404(selectors.results_visible_to(request.user).in_force(), pk=pk)
    form = ResultCorrectionForm(request.POST or None, result=found)
    if form.is_valid():
        outcome = attempt_entry(
            form,
            lambda confirmed: actions.correct_result(
                found,
                entry=form.entry(form.analyte),
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                confirmed=confirmed,
                key=form.key,
            ),
        )
        if outcome:
            saved = _("The result was corrected; history keeps the first value")
            messages.success(request, saved if outcome.record else _("This was saved already"))
            return redirect("labs:result", pk)
    return _page(request, "labs/result_correct.html", form=form, reading=read(found), result=found)


@require_GET
def cytotoxicity(request: StaffRequest, pk: int) -> HttpResponse:
    """One plate: lysis with its steps, and every well."""
    assay = get_object_or_404(selectors.assays_visible_to(request.user), pk=pk)
    rule = by_version(assay.protocol_version).cytotoxicity
    return _page(
        request,
        "labs/cytotoxicity.html",
        assay=assay,
        plate=Plate(assay.typed_wells, rule),
        rule=rule,
        effectors=dict(rule.effectors)[assay.effectors],
        change=selectors.change_from_baseline(assay),
    )
