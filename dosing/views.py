"""The ward's pages: the day's sheet, recording a dose, ordering and withdrawing the drugs."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from dosing import actions
from dosing.confirmation import Confirmation, confirmation
from dosing.forms import DoseCorrectionForm, DoseForm, GiveForm, WithdrawForm, order_form
from dosing.models import Administration, DrugChoice, Order
from dosing.rules.timing import is_open
from dosing.selectors import at_slot, planned_slots, recorded_already, totals_to_date
from dosing.sheet import BY_URGENCY, ORDERS, sheet_for
from dosing.wording import drug_name, fixed_dose, order_text, route, what_happened
from enrollment.models import Participant
from oversight.forms import Outcome, attempt
from trial_site import clock
from trial_site.access import may_open
from trial_site.http import StaffRequest
from trial_site.messages import Message

MOST_DAYS_AWAY = dt.timedelta(days=3660)  # no calendar ends within reach of the sheet

form_page = require_http_methods(["GET", "POST"])


@require_GET
def sheet(request: StaffRequest) -> HttpResponse:
    """The doses of one day, today without ``?date=``."""
    order = request.GET.get("order", BY_URGENCY)
    try:
        day = dt.date.fromisoformat(request.GET.get("date", clock.today().isoformat()))
    except ValueError:
        return redirect("dosing:sheet")
    if order not in ORDERS or abs(day - clock.today()) > MOST_DAYS_AWAY:
        return redirect("dosing:sheet")
    shown = sheet_for(request.user, day=day, order=order, page=request.GET.get("page", "1"))
    return render(request, "dosing/sheet.html", {"sheet": shown, "order": order})


def _page(request: StaffRequest, template: str, here: str, **context: object) -> HttpResponse:
    """A page below the sheet; ``here`` is its own label in the crumbs."""
    crumbs = [(_("Today’s doses"), reverse("dosing:sheet"))]
    return render(request, template, {"crumbs": crumbs, "here": here, **context})


# --- a dose -----------------------------------------------------------------------------------


@form_page
def give(request: StaffRequest, order: int, slot: dt.datetime) -> HttpResponse:
    """Given as ordered, now: one look, one tap.  Whatever else is the case leads elsewhere."""
    planned = _planned(request, order, slot)
    if away := _turned_away(request, planned, slot):
        return away
    dose = confirmation(planned, slot)
    if dose.is_held or not dose.is_of_today:
        return redirect("dosing:record", order, slot)
    form = GiveForm(
        request.POST or None,
        sites=dose.sites,
        initial={"injection_site": dose.suggested_site},
    )
    if request.method == "POST" and form.is_valid():
        site = form.cleaned_data.get("injection_site", "")
        given = replace(dose.given_now, injection_site=site)
        outcome = attempt(
            form,
            lambda: actions.record_dose(
                planned, slot_at=slot, given=given, by=request.user, key=form.key
            ),
        )
        if outcome:
            return _recorded(request, planned, slot, outcome)
    return _page(request, "dosing/give.html", dose.slot.subject, dose=dose, form=form)


@form_page
def record(request: StaffRequest, order: int, slot: dt.datetime) -> HttpResponse:
    """Something else happened: differently, in part, not at all, or on another day."""
    planned = _planned(request, order, slot)
    if request.method == "GET" and (away := _turned_away(request, planned, slot)):
        return away
    dose = confirmation(planned, slot)
    form = DoseForm(request.POST or None, order=planned, initial=_begins_with(request, dose))
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
            return _recorded(request, planned, slot, outcome)
    return _page(request, "dosing/record.html", dose.slot.subject, dose=dose, form=form)


@form_page
def correct(request: StaffRequest, pk: int) -> HttpResponse:
    """What was recorded was wrong: both are kept, with the reason."""
    visible = Administration.objects.visible_to(request.user)
    saved = get_object_or_404(visible.select_related("order__participant__allocation"), pk=pk)
    form = DoseCorrectionForm.of(saved, request.POST or None)
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
            return _recorded(request, saved.order, saved.slot_at, outcome)
    return _page(
        request,
        "dosing/correct.html",
        saved.order.participant.subject,
        saved=saved,
        was=what_happened(saved),
        ordered=order_text(saved.order),
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
    existing = at_slot(order, slot)
    if existing is not None:
        messages.info(request, _about(order, recorded_already(existing)))
    elif not is_open(slot, clock.now()):
        messages.info(request, _about(order, actions.TOO_EARLY))
    else:
        return None
    return _to_sheet(order.participant.subject, timezone.localdate(slot))


def _recorded(
    request: StaffRequest, order: Order, slot: dt.datetime, outcome: Outcome[Administration]
) -> HttpResponse:
    if outcome.record is None:
        messages.info(request, _("This was saved already"))
    else:
        messages.success(request, _about(order, what_happened(outcome.record)))
    return _to_sheet(order.participant.subject, timezone.localdate(slot))


def _about(order: Order, sentence: Message) -> str:
    """``PKU-005, Interleukin-2: Given: 1 million IU``."""
    name = order.get_drug_display()
    return f"{order.participant.subject}, {name}: {sentence.render(_)}"


def _to_sheet(subject: str, day: dt.date) -> HttpResponse:
    """The sheet of the day, at the participant."""
    query = "" if day == clock.today() else f"?date={day.isoformat()}"
    return redirect(f"{reverse('dosing:sheet')}{query}#{subject}")


def _begins_with(request: StaffRequest, dose: Confirmation) -> dict[str, Any]:
    """What ``?outcome=`` says, and the time while it is still today."""
    initial: dict[str, Any] = {"given_at": dose.given_now.at} if dose.is_of_today else {}
    match request.GET.get("outcome"):
        case "held":
            initial |= {
                "status": Administration.Status.NOT_GIVEN,
                "why": Administration.Reason.LAB_HOLD,
            }
        case "given":
            initial |= {"status": Administration.Status.GIVEN, "amount": dose.order.amount}
    return initial


# --- orders -----------------------------------------------------------------------------------


@form_page
def order_new(request: StaffRequest, subject: str, drug: str) -> HttpResponse:
    """The order of one drug, with the proposal and its steps."""
    if drug not in DrugChoice.values:
        raise Http404
    participant = _participant(request, subject)
    refusal = actions.order_refusal(participant, drug)
    if refusal:
        return _page(request, "dosing/refused.html", subject, refusal=refusal)
    form = order_form(participant, drug, request.POST or None)
    if form.is_bound and form.is_valid():
        outcome = attempt(
            form,
            lambda: actions.order_drug(participant, drug=drug, by=request.user, **form.values()),
        )
        if outcome:
            if outcome.record is None:
                messages.info(request, _("This was saved already"))
            else:
                messages.success(request, _about(outcome.record, order_text(outcome.record)))
            return _to_sheet(participant.subject, clock.today())
    return _page(
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


@form_page
def withdraw(request: StaffRequest, subject: str) -> HttpResponse:
    """Stop the drugs of one participant; follow-up begins."""
    participant = _participant(request, subject)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        outcome = attempt(
            form,
            lambda: actions.withdraw_drugs(
                participant,
                reason=form.cleaned_data["reason"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            messages.success(request, _("%(subject)s: drugs withdrawn") % {"subject": subject})
            return _to_sheet(subject, clock.today())
    return _page(
        request,
        "dosing/withdraw.html",
        subject,
        participant=participant,
        refusal=actions.withdrawal_refusal(participant),
        totals=totals_to_date(participant),
        form=form,
    )


def _participant(request: StaffRequest, subject: str) -> Participant:
    visible = Participant.objects.visible_to(request.user).with_arm()
    participant: Participant = get_object_or_404(
        visible.select_related("screening"), subject=subject
    )
    return participant
