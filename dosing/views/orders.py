"""Ordering the drugs, and stopping one."""

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dosing.actions.orders import order_drug, order_refusal, stop_drug
from dosing.forms import order_form
from dosing.orders_page import orders_page
from dosing.proposals import basis_of
from dosing.selectors import open_order
from dosing.views.common import about, form_page, known_drug, page, participant_of, saved, to_orders
from dosing.wording import drug_name, fixed_dose, order_text, route
from enrollment.forms.participation import ReasonForm
from oversight.forms import attempt
from trial_site.http import StaffRequest


@require_GET
def orders(request: StaffRequest, subject: str) -> HttpResponse:
    """Everything ordered for one participant, and what may be done about it."""
    shown = orders_page(participant_of(request, subject), request.user)
    return page(request, "dosing/orders.html", subject, shown=shown)


@form_page
def order_new(request: StaffRequest, subject: str, drug: str) -> HttpResponse:
    """The order of one drug, with the proposal and its steps."""
    participant, drug = participant_of(request, subject), known_drug(drug)
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
            order = outcome.record
            saved(request, outcome, about(order, order_text(order)) if order else None)
            return to_orders(subject)
    return page(
        request,
        "dosing/order.html",
        subject,
        participant=participant,
        drug=drug_name(drug),
        route=route(drug),
        fixed=fixed_dose(drug),
        weight=basis_of(participant).weight,
        replaced=form.replaces and order_text(form.replaces),
        form=form,
    )


@form_page
def stop(request: StaffRequest, subject: str, drug: str) -> HttpResponse:
    """One drug stops; treatment with the other goes on."""
    participant, drug = participant_of(request, subject), known_drug(drug)
    order = open_order(participant, drug)
    if order is None and request.method == "GET":
        messages.info(request, _("This drug is not ordered"))
        return to_orders(subject)
    form = ReasonForm(request.POST or None)
    if form.is_bound and form.is_valid():
        why = form.cleaned_data["why"]
        outcome = attempt(
            form,
            lambda: stop_drug(participant, drug=drug, reason=why, by=request.user, key=form.key),
        )
        if outcome:
            saved(request, outcome, _("%(subject)s: the drug is stopped") % {"subject": subject})
            return to_orders(subject)
    return page(
        request,
        "dosing/stop.html",
        subject,
        participant=participant,
        drug=drug_name(drug),
        order=order and order_text(order),
        form=form,
    )
