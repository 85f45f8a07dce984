"""Holding a drug, and resuming it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from dosing.actions.holds import hold_drug, hold_refusal, resume_drug
from dosing.cards import forbidding
from dosing.forms import HoldForm
from dosing.models import DrugChoice, Hold
from dosing.selectors import holding_results, latest_safety_results
from dosing.views.common import form_page, known_drug, page, participant_of, saved, to_orders
from dosing.wording import drug_name, hold_text
from enrollment.forms.participation import ReasonForm
from oversight.forms import attempt
from trial_site import clock
from trial_site.http import StaffRequest

RECENT = 8  # results that are offered as the cause


@form_page
def hold(request: StaffRequest, subject: str, drug: str) -> HttpResponse:
    """Interrupt one drug, naming what caused it."""
    participant, drug = participant_of(request, subject), known_drug(drug)
    refusal = hold_refusal(participant, drug)
    if refusal and request.method == "GET":
        return page(request, "dosing/refused.html", subject, refusal=refusal)
    form = HoldForm(request.POST or None, results=holding_results(participant, drug)[:RECENT])
    if form.is_bound and form.is_valid():
        outcome = attempt(
            form,
            lambda: hold_drug(participant, drug=drug, by=request.user, **form.values()),
        )
        if outcome:
            saved(request, outcome, _("%(subject)s: the drug is held") % {"subject": subject})
            return to_orders(subject)
    return page(
        request,
        "dosing/hold.html",
        subject,
        participant=participant,
        drug=drug_name(drug),
        form=form,
    )


@form_page
def resume(request: StaffRequest, pk: int) -> HttpResponse:
    """End a hold."""
    visible = Hold.objects.visible_to(request.user).select_related("participant", "result")
    held = get_object_or_404(visible, pk=pk)
    participant = held.participant
    if held.resumed_at and request.method == "GET":
        messages.info(request, _("This hold has ended already"))
        return to_orders(participant.subject)
    form = ReasonForm(request.POST or None)
    if form.is_bound and form.is_valid():
        why = form.cleaned_data["why"]
        outcome = attempt(form, lambda: resume_drug(held, why=why, by=request.user, key=form.key))
        if outcome:
            done = _("%(subject)s: the drug is resumed") % {"subject": participant.subject}
            saved(request, outcome, done)
            return to_orders(participant.subject)
    safety = latest_safety_results([participant.pk], clock.now())[participant.pk]
    return page(
        request,
        "dosing/resume.html",
        participant.subject,
        participant=participant,
        drug=drug_name(held.drug),
        held_by=hold_text(held),
        still=forbidding(safety) if held.drug == DrugChoice.GANCICLOVIR else (),
        form=form,
    )
