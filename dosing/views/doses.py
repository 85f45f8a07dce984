"""Recording a dose, and correcting what was recorded."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from dosing.actions import doses as actions
from dosing.confirmation import Confirmation, confirmation
from dosing.forms import DoseForm, GiveForm, correction_form
from dosing.models import Administration, Order
from dosing.rules.timing import is_open
from dosing.selectors import at_slot, planned_slots, recorded_already
from dosing.views.common import about, done, dose_of, form_page, page, to_sheet
from dosing.views.offline import answers_scripts
from dosing.wording import order_text, what_happened
from oversight.forms import attempt
from trial_site import clock
from trial_site.access import may_open
from trial_site.http import StaffRequest


@form_page
@answers_scripts
def give(request: StaffRequest, order: int, slot: dt.datetime) -> HttpResponse:
    """Given as ordered, now: one look, one tap.  Whatever else is the case leads elsewhere."""
    planned = _planned(request, order, slot)
    dose = confirmation(planned, slot)
    if not request.POST.get("queued_at"):  # what waited has happened: it is recorded or refused
        if away := _turned_away(request, planned, slot):
            return away
        if dose.is_held or not dose.is_of_today:
            return redirect("dosing:record", order, slot)
    form = GiveForm(
        request.POST or None,
        participant=planned.participant,
        drug=planned.drug,
        stock=dose.stock,
        sites=dose.sites,
        initial={"injection_site": dose.suggested_site, "lot": dose.suggested_lot_key},
    )
    if request.method == "POST" and form.is_valid():
        given = form.given(dose.given_now)
        outcome = attempt(
            form,
            lambda: actions.record_dose(
                planned,
                slot_at=slot,
                given=given,
                confirmed=form.cleaned_data["confirmed"] or not dose.asks_more(given),
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return done(request, outcome, dose.slot.subject, slot)
    return page(request, "dosing/give.html", dose.slot.subject, dose=dose, form=form)


@form_page
@answers_scripts
def record(request: StaffRequest, order: int, slot: dt.datetime) -> HttpResponse:
    """Something else happened: differently, in part, not at all, or on another day."""
    planned = _planned(request, order, slot)
    if request.method == "GET" and (away := _turned_away(request, planned, slot)):
        return away
    dose = confirmation(planned, slot)
    form = DoseForm(
        request.POST or None,
        order=planned,
        day=dose.slot.day,
        stock=dose.stock,
        initial=_begins_with(request, dose),
    )
    if request.method == "POST" and form.is_valid():
        outcome = attempt(
            form,
            lambda: actions.record_dose(
                planned,
                slot_at=slot,
                given=form.given(),
                confirmed=form.cleaned_data["confirmed"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return done(request, outcome, dose.slot.subject, slot)
    return page(request, "dosing/record.html", dose.slot.subject, dose=dose, form=form)


@form_page
def correct(request: StaffRequest, pk: int) -> HttpResponse:
    """What was recorded was wrong: both are kept, with the reason."""
    saved = dose_of(request, pk)
    form = correction_form(saved, request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome = attempt(
            form,
            lambda: actions.correct_dose(
                saved,
                given=form.given(),
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                confirmed=form.cleaned_data["confirmed"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return done(request, outcome, saved.participant.subject, saved.slot_at)
    return page(
        request,
        "dosing/correct.html",
        saved.participant.subject,
        saved=saved,
        was=what_happened(saved),
        ordered=order_text(saved.order) if saved.order else None,
        may_open_history=may_open(request.user, "oversight:history"),
        form=form,
    )


def _planned(request: StaffRequest, pk: int, slot: dt.datetime) -> Order:
    """The order of the user's sites that plans this slot; 404 for any other."""
    orders = Order.objects.visible_to(request.user).select_related("participant__allocation")
    order: Order = get_object_or_404(orders, pk=pk)
    if slot not in planned_slots(order, timezone.localdate(slot)):
        raise Http404
    return order


def _turned_away(request: StaffRequest, order: Order, slot: dt.datetime) -> HttpResponse | None:
    """Back to the sheet with a sentence, when there is nothing to record (any more, or yet)."""
    existing = at_slot(order.participant_id, order.drug, slot)
    if existing is not None:
        messages.info(request, about(order, recorded_already(existing)))
    elif not is_open(slot, clock.now()):
        messages.info(request, about(order, actions.TOO_EARLY))
    else:
        return None
    return to_sheet(order.participant.subject, timezone.localdate(slot))


def _begins_with(request: StaffRequest, dose: Confirmation) -> dict[str, Any]:
    """What ``?outcome=`` says, and the time while it is still today."""
    initial: dict[str, Any] = {"lot": dose.suggested_lot_key}
    initial |= {"given_at": dose.given_now.at} if dose.is_of_today else {}
    match request.GET.get("outcome"):
        case "held":
            initial |= {
                "status": Administration.Status.NOT_GIVEN,
                "why": dose.why_held,
            }
        case "given":
            initial |= {"status": Administration.Status.GIVEN, "amount": dose.order.amount}
    return initial
