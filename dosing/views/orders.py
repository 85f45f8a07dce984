"""Ordering the drugs."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from dosing.actions.orders import order_drug, order_refusal
from dosing.forms import order_form
from dosing.models import DrugChoice
from dosing.views.common import about, form_page, page, participant_of, to_sheet
from dosing.wording import drug_name, fixed_dose, order_text, route
from oversight.forms import attempt
from trial_site import clock
from trial_site.http import StaffRequest


@form_page
def order_new(request: StaffRequest, subject: str, drug: str) -> HttpResponse:
    """The order of one drug, with the proposal and its steps."""
    if drug not in DrugChoice.values:
        raise Http404
    participant = participant_of(request, subject)
    refusal = order_refusal(participant, drug)
    if refusal:
        return page(request, "dosing/refused.html", subject, refusal=refusal)
    form = order_form(participant, drug, request.POST or None)
    if form.is_bound and form.is_valid():
        outcome = attempt(
            form,
            lambda: order_drug(participant, drug=drug, by=request.user, **form.values()),
        )
        if outcome:
            if outcome.record is None:
                messages.info(request, _("This was saved already"))
            else:
                messages.success(request, about(outcome.record, order_text(outcome.record)))
            return to_sheet(participant.subject, clock.today())
    return page(
        request,
        "dosing/order.html",
        subject,
        participant=participant,
        drug=drug_name(drug),
        route=route(drug),
        fixed=fixed_dose(drug),
        replaced=form.replaces and order_text(form.replaces),
        form=form,
    )
