"""Entering the results of one blood draw: CMV-DNA, safety, subsets, cytokines and antibodies."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from labs import actions
from labs.forms import ElisaForm, FlowForm, PcrForm, SafetyForm, attempt_entry
from labs.views.pages import page
from labs.views.saving import opened, to_specimen
from trial_site.http import StaffRequest


@require_http_methods(["GET", "POST"])
def pcr_new(request: StaffRequest) -> HttpResponse:
    """Enter one CMV-DNA result."""
    here = _("CMV-DNA")
    return enter_results(request, opened(request, PcrForm), "labs/pcr_new.html", here)


@require_http_methods(["GET", "POST"])
def safety_new(request: StaffRequest) -> HttpResponse:
    """Enter the safety results of one blood draw."""
    here = _("Safety blood")
    return enter_results(request, opened(request, SafetyForm), "labs/safety_new.html", here)


@require_http_methods(["GET", "POST"])
def flow_new(request: StaffRequest) -> HttpResponse:
    """Enter NK and T-cell subsets; ``preview`` computes the counts and saves nothing."""
    here = _("NK and T-cell subsets")
    return enter_results(request, opened(request, FlowForm), "labs/flow_new.html", here)


@require_http_methods(["GET", "POST"])
def elisa_new(request: StaffRequest) -> HttpResponse:
    """Enter cytokines and antibodies; ``preview`` reads them and saves nothing."""
    here = _("Cytokines and antibodies")
    return enter_results(request, opened(request, ElisaForm), "labs/elisa_new.html", here)


def enter_results(
    request: StaffRequest,
    form: PcrForm | SafetyForm | FlowForm | ElisaForm,
    template: str,
    here: str,
) -> HttpResponse:
    """Save what was typed, or show the form with what keeps it from being saved."""
    if form.is_valid() and "preview" not in request.POST:
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
            return to_specimen(request, form, results[0].specimen if results else None)
    return page(request, template, form=form, here=here)
