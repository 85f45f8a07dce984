"""The participants of a sheet, each with three columns that never move."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from dosing.bedside import observations_of
from dosing.cards import Behind, Card, Moment, card
from dosing.day import DayPlan, Slot, day_bounds
from dosing.models import Administration, CourseChoice, DrugChoice, Order, Reaction, VitalSigns
from dosing.selectors import with_last_given, with_recorder
from dosing.wording import clock_text
from enrollment.models import Participant
from enrollment.states import State
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import Frequency, gettext_noop

NOON = dt.time(12)
COLUMNS: tuple[tuple[str, int], ...] = (
    (DrugChoice.IL2, 0),
    (DrugChoice.GANCICLOVIR, 0),
    (DrugChoice.GANCICLOVIR, 1),
)


@dataclass(frozen=True)
class Column:
    """One of the three places of a ward; ``absent`` says why it is empty.

    ``to_order`` is the drug that nobody ordered yet; ``to_record`` one whose doses have no planned
    time.
    """

    cards: tuple[Card, ...]
    absent: Message | None = None
    to_order: str = ""
    to_record: str = ""


@dataclass(frozen=True)
class Ward:
    """A participant's row: interleukin-2, first ganciclovir, second ganciclovir.

    ``study_day`` counts the days since the first ganciclovir, ``None`` before it.
    """

    participant: Participant
    study_day: int | None
    weight_kg: Decimal | None
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class _Rows:
    """What the database knows about the participants of one page, by what it is looked up with."""

    participants: Mapping[int, Participant]
    orders: Mapping[int, Order]
    recorded: Mapping[tuple[int, str, dt.datetime], Administration]
    observations: Mapping[int, tuple[VitalSigns | Reaction, ...]]

    @classmethod
    def of(cls, chosen: Collection[int], moment: Moment) -> "_Rows":
        start, end = day_bounds(moment.day)
        recorded = list(
            with_recorder(Administration.objects.in_force())
            .filter(participant__in=chosen, slot_at__gte=start, slot_at__lt=end)
            .select_related("lot")
        )
        ordered = with_last_given(Order.objects.filter(participant__in=chosen), moment.now)
        whole = ordered.select_related("participant__allocation", "participant__site")
        orders: dict[int, Order] = whole.in_bulk()
        participants = {order.participant_id: order.participant for order in orders.values()}
        if without_order := set(chosen) - participants.keys():
            participants |= Participant.objects.with_arm().in_bulk(without_order)
        return cls(
            participants=participants,
            orders=orders,
            recorded={(row.participant_id, row.drug, row.slot_at): row for row in recorded},
            observations=observations_of(recorded),
        )

    def behind(self, slot: Slot, plan: DayPlan) -> Behind:
        row, order = self.recorded.get(slot.key), self.orders.get(slot.order_id or 0)
        return Behind(
            order=order,
            administration=row,
            recorder=getattr(row, "recorder", ""),
            observations=self.observations.get(row.pk, ()) if row else (),
            safety=plan.safety_of(slot),
            hold=plan.hold_of(slot),
            last_given=getattr(order, "last_given", None),
        )


def wards(chosen: Collection[int], plan: DayPlan, moment: Moment, user: User) -> list[Ward]:
    """The participants ``chosen`` (primary keys), in that order; four queries."""
    rows = _Rows.of(chosen, moment)
    cards: dict[int, list[Card]] = defaultdict(list)
    for slot in plan.slots:
        if slot.participant_id in rows.participants and slot.day == moment.day:
            cards[slot.participant_id].append(card(slot, rows.behind(slot, plan), moment, user))
    orders: dict[int, list[Order]] = defaultdict(list)
    for order in sorted(rows.orders.values(), key=lambda order: (order.starts_at, order.pk)):
        orders[order.participant_id].append(order)
    return [_ward(rows.participants[pk], cards[pk], orders[pk], moment) for pk in chosen]


def _ward(participant: Participant, cards: list[Card], orders: list[Order], moment: Moment) -> Ward:
    weights = [order.weight_kg for order in orders if order.weight_kg is not None]
    study_day = None
    if participant.day0_at is not None:
        study_day = (moment.day - timezone.localdate(participant.day0_at)).days
    return Ward(
        participant=participant,
        study_day=study_day,
        weight_kg=weights[-1] if weights else None,
        columns=tuple(_columns(participant, cards, orders, moment)),
    )


def _columns(
    participant: Participant, cards: list[Card], orders: list[Order], moment: Moment
) -> Iterator[Column]:
    rescue = participant.state == State.RESCUE and moment.day >= moment.today
    if rescue:
        orders = [order for order in orders if _is_of_this_rescue(order)]
    for drug, place in COLUMNS:
        mine = tuple(c for c in cards if c.slot.drug == drug and place_of(c.slot) == place)
        of_drug = [order for order in orders if order.drug == drug]
        clockless = next(filter(_has_no_clock, _running_on(of_drug, moment)), None)
        if clockless is not None and not place:
            yield Column(mine, Message(_THREE_A_WEEK), to_record=drug)
        elif mine:
            yield Column(mine)
        elif rescue and drug == DrugChoice.IL2:
            yield Column((), Message(gettext_noop("No IL-2 in rescue treatment")))
        elif drug not in current().arm(participant.allocation.arm).drugs:
            yield Column((), Message(gettext_noop("No IL-2: ganciclovir arm")))
        elif of_drug:
            yield Column((), _absent(of_drug, place, moment))
        else:
            text = gettext_noop("Not ordered yet: ask the investigator")
            yield Column((), Message(text), to_order=drug)


def _is_of_this_rescue(order: Order) -> bool:
    return order.course == CourseChoice.RESCUE and order.ended_as != Order.EndChoice.RESCUE_ENDED


def place_of(slot: Slot) -> int:
    """0 for the first infusion of the day, 1 for the second.

    Of two doses twelve hours apart exactly one is before noon, so a dose keeps its column also on
    the day when it is alone.
    """
    twice = slot.frequency == Frequency.EVERY_12_HOURS
    return int(twice and timezone.localtime(slot.at).time() >= NOON)


_THREE_A_WEEK = gettext_noop(
    "Three times a week, after haemodialysis: no time is planned, each dose is recorded when given"
)


def _has_no_clock(order: Order) -> bool:
    return order.frequency == Frequency.THREE_TIMES_A_WEEK


def _running_on(orders: list[Order], moment: Moment) -> Iterator[Order]:
    """Those of ``orders`` that run on the day that is shown."""
    start, end = day_bounds(moment.day)
    for order in orders:
        if order.starts_at < end and (order.ends_at is None or order.ends_at > start):
            yield order


def _absent(orders: list[Order], place: int, moment: Moment) -> Message:
    """Why an ordered drug has no dose in this column; ``orders`` as they began."""
    start, end = day_bounds(moment.day)
    running = [
        order
        for order in orders
        if order.ends_at is None or order.ends_at > max(start, order.starts_at)
    ]
    order = running[-1] if running else orders[-1]
    if running and (order.starts_at >= end or (order.starts_at >= start and not place)):
        when = clock_text(order.starts_at, moment.day)
        return Message(gettext_noop("First dose %(when)s"), {"when": when})
    if running and place and order.frequency == Frequency.EVERY_24_HOURS:
        return Message(gettext_noop("No second infusion: once a day"))
    if running and place and _has_no_clock(order):
        return Message(gettext_noop("No second infusion: three times a week"))
    if order.ends_at is None:  # and yet no dose: nothing is planned after the participant left
        return Message(gettext_noop("The participation has ended"))
    if order.ends_at == order.starts_at:
        return Message(gettext_noop("Stopped before the first dose"))
    when = clock_text(order.ends_at, moment.day)
    return Message(gettext_noop("Stopped %(when)s"), {"when": when})
