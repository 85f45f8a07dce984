"""What waits for the nurse and for the investigator in this room."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse

from dosing import stock_work
from dosing.cards import Moment, heading, held_by
from dosing.day import DayPlan, Slot, day_plan
from dosing.models import CourseChoice, Order
from dosing.permissions import ADMINISTER, ORDER
from dosing.reviews import TREATED, Review, reviews_for
from dosing.rules.timing import SlotState
from dosing.wording import clock_text, drug_name, order_text, sentence
from enrollment.models import Move, Participant
from enrollment.states import State
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import WorkRow
from trial_site.protocol import current
from trial_site.protocol.definition import Drug, gettext_noop

_BADGES = {SlotState.LATE: gettext_noop("Late"), SlotState.DUE: gettext_noop("Due")}


def rows_now(user: User) -> list[WorkRow]:
    """What changes with the hour: the nurse's late and due doses, the investigator's held ones."""
    if ADMINISTER.allows(user):
        return list(_doses(_plan(user)))
    return list(_held(_plan(user))) if ORDER.allows(user) else []


def rows(user: User) -> list[WorkRow]:
    """What changes with the record and the day: the investigator's orders to write and to review;
    for both roles what the stock asks."""
    if ORDER.allows(user):
        reviews = map(_to_review, reviews_for(user))
        return [*_orders(user), *reviews, *stock_work.rows(user)]
    return list(stock_work.rows(user)) if ADMINISTER.allows(user) else []


def _plan(user: User) -> DayPlan:
    """Yesterday's doses too: what nobody recorded does not vanish at midnight."""
    today = clock.today()
    return day_plan(user, (today - dt.timedelta(days=1), today), clock.now())


def _casebook(subject: str) -> str:
    return reverse("outcomes:casebook", args=[subject])


def _doses(plan: DayPlan) -> Iterator[WorkRow]:
    moment = Moment(now=clock.now(), day=clock.today(), today=clock.today())
    for slot in plan.slots:
        if slot.state not in _BADGES:
            continue
        page = "dosing:give" if slot.day == moment.today else "dosing:record"
        yield WorkRow(
            state=slot.state.value,
            badge=Message(_BADGES[slot.state]),
            when=clock_text(slot.at, moment.today),
            subject=slot.subject,
            subject_url=_casebook(slot.subject),
            title=drug_name(slot.drug),
            why=Message(
                gettext_noop("%(state)s: ordered for %(when)s, %(frequency)s"),
                {
                    "state": heading(slot, moment),
                    "when": clock_text(slot.at, moment.today),
                    "frequency": str(Order.FrequencyChoice(slot.frequency).label),
                },
            ),
            action=Message(gettext_noop("Record the dose")),
            url=reverse(page, args=[slot.order_id, slot.at]),
            sort=_sort(slot),
        )


def _held(plan: DayPlan) -> Iterator[WorkRow]:
    """One row a participant and drug, however many doses the same reason holds."""
    seen = set()
    for slot in plan.slots:
        held = slot.participant_id, slot.drug
        if slot.state is not SlotState.HELD or held in seen:
            continue
        seen.add(held)
        yield WorkRow(
            state="blocked",
            badge=Message(gettext_noop("Held")),
            when=clock_text(slot.at, clock.today()),
            subject=slot.subject,
            subject_url=_casebook(slot.subject),
            title=Message(gettext_noop("%(drug)s is held"), {"drug": drug_name(slot.drug)}),
            why=sentence(*held_by(plan.safety_of(slot), plan.hold_of(slot))),
            action=Message(gettext_noop("See the orders")),
            url=reverse("dosing:orders", args=[slot.subject]),
            sort=_sort(slot),
        )


def _sort(slot: Slot) -> tuple[dt.date, dt.date, str]:
    """As every room sorts: by the day it closes, the day it is due, then a text."""
    return slot.day, slot.day, f"{clock_text(slot.at, slot.day)} {slot.subject}"


def _orders(user: User) -> Iterator[WorkRow]:
    """The drugs of the arm that nobody ordered yet, or ganciclovir for a rescue."""
    orders = Order.objects.filter(participant=OuterRef("pk"))
    begun = Move.objects.filter(participant=OuterRef("participant"), after=State.RESCUE)
    of_this_rescue = orders.filter(
        course=CourseChoice.RESCUE, ordered_at__gte=Subquery(begun.order_by("-at").values("at")[:1])
    )
    ordered = {f"ordered_{drug}": Exists(orders.filter(drug=drug)) for drug in Drug}
    treated = (
        Participant.objects.visible_to(user)
        .filter(state__in=TREATED)
        .with_arm()
        .annotate(**ordered, rescued=Exists(of_this_rescue))
    )
    for participant in treated:
        arm = current().arm(participant.allocation.arm)
        if participant.state == State.RESCUE:
            if not participant.rescued:
                text = gettext_noop("Rescue treatment has begun, not ordered yet")
                yield _to_order(participant, Drug.GANCICLOVIR, Message(text))
            continue
        for drug in arm.drugs:
            if not getattr(participant, f"ordered_{drug}"):
                text = gettext_noop("Allocated to %(arm)s, not ordered yet")
                why = Message(text, {"arm": Message(arm.short_label)})
                yield _to_order(participant, drug, why)


def _to_review(review: Review) -> WorkRow:
    today, subject = clock.today(), review.order.participant.subject
    return WorkRow(
        state="due",
        badge=Message(gettext_noop("Review")),
        when="",
        subject=subject,
        subject_url=_casebook(subject),
        title=Message(gettext_noop("Review the ganciclovir order")),
        why=Message(
            gettext_noop("Ordered %(ordered)s, now proposed %(proposed)s: %(band)s"),
            {
                "ordered": order_text(review.order),
                "proposed": review.text,
                "band": review.proposal.steps[0],
            },
        ),
        action=Message(gettext_noop("Review")),
        url=reverse("dosing:review", args=[review.order.pk]),
        sort=(today, today, subject),
    )


def _to_order(participant: Participant, drug: str, why: Message) -> WorkRow:
    today = clock.today()
    return WorkRow(
        state="due",
        badge=Message(_BADGES[SlotState.DUE]),
        when="",
        subject=participant.subject,
        subject_url=_casebook(participant.subject),
        title=Message(gettext_noop("Order %(drug)s"), {"drug": drug_name(drug)}),
        why=why,
        action=Message(gettext_noop("Write the order")),
        url=reverse("dosing:order-new", args=[participant.subject, drug]),
        sort=(today, today, participant.subject),
    )
