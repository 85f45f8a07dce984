"""NK cytotoxicity plates: entering the wells, and reading what they come to."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET, require_http_methods

from labs import actions, selectors
from labs.forms import CytotoxicityForm
from labs.plate import Plate
from labs.views.pages import page
from labs.views.saving import opened, to_specimen
from oversight.forms import attempt
from trial_site.http import StaffRequest
from trial_site.protocol import by_version, current


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
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return to_specimen(request, form, outcome.record.specimen if outcome.record else None)
    rule = current().cytotoxicity
    plate = Plate(form.wells, rule) if form.wells else None
    rows = [(row, plate.group(row.condition) if plate else None) for row in form.rows]
    template = "labs/cytotoxicity_new.html"
    return page(request, template, form=form, rows=rows, plate=plate, rule=rule)


@require_GET
def cytotoxicity(request: StaffRequest, pk: int) -> HttpResponse:
    """One plate: lysis with its steps, and every well."""
    assay = get_object_or_404(selectors.assays_visible_to(request.user), pk=pk)
    rule = by_version(assay.protocol_version).cytotoxicity
    return page(
        request,
        "labs/cytotoxicity.html",
        assay=assay,
        plate=Plate(assay.typed_wells, rule),
        rule=rule,
        effectors=dict(rule.effectors)[assay.effectors],
        change=selectors.change_from_baseline(assay),
    )
