"""The slots of a day and how each stands: light rows, however many participants there are."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from dosing.models import Administration, DrugChoice, Hold, Order
from dosing.rules.slots import slots_on
from dosing.rules.timing import SlotState, slot_state
from dosing.selectors import HoldKey, SafetyValues, holds_in_force, latest_safety_results
from enrollment.models import Move
from enrollment.states import ENDED
from labs.rules.stops import hold_reasons
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import Frequency

Key = tuple[int, str, dt.datetime]


class Slot(NamedTuple):
    """One planned dose of one participant on the site's ``day``.

    ``order_id`` is the order that planned it, and its ``frequency``; a dose that nobody ordered has
    neither.  ``status`` is what was recorded.
    """

    participant_id: int
    subject: str
    order_id: int | None
    drug: str
    frequency: str
    at: dt.datetime
    day: dt.date
    status: str | None = None
    state: SlotState = SlotState.PLANNED

    @property
    def key(self) -> Key:
        return self.participant_id, self.drug, self.at

    @property
    def was_planned(self) -> bool:
        """Whether its time was planned, and not only known once it was given."""
        return self.frequency not in {"", Frequency.THREE_TIMES_A_WEEK}


@dataclass(frozen=True)
class DayPlan:
    """Slots in order of time; by participant the values that decide a hold, and by participant and
    drug the investigator's own."""

    slots: tuple[Slot, ...]
    safety: Mapping[int, SafetyValues]
    holds: Mapping[HoldKey, Hold]

    def safety_of(self, slot: Slot) -> SafetyValues:
        """The values that decide whether ``slot`` is held: no blood count holds interleukin-2."""
        is_held_by_results = slot.drug == DrugChoice.GANCICLOVIR
        return self.safety.get(slot.participant_id, {}) if is_held_by_results else {}

    def hold_of(self, slot: Slot) -> Hold | None:
        return self.holds.get((slot.participant_id, slot.drug))


def day_bounds(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The first moment of the site's ``day``, and that of the next."""
    tz = timezone.get_default_timezone()
    first, last = (
        dt.datetime.combine(day + dt.timedelta(days=days), dt.time(), tzinfo=tz) for days in (0, 1)
    )
    return first, last


def day_plan(user: User, days: Sequence[dt.date], now: dt.datetime) -> DayPlan:
    """Every slot of ``days`` (neighbours, in order) at the sites of ``user``, as of ``now``.

    What was recorded counts even where its order no longer plans it.  A result or the investigator
    holds the doses of today and after: what became of an earlier one is a question, not a plan.
    Four queries.
    """
    slots = {slot.key: slot for slot in _planned(user, days)}
    slots |= {slot.key: slot for slot in _recorded(user, days)}
    today = timezone.localdate(now)
    to_give = [slot for slot in slots.values() if _can_be_held(slot, today)]
    safety = latest_safety_results(
        {slot.participant_id for slot in to_give if slot.drug == DrugChoice.GANCICLOVIR}, now
    )
    holds = holds_in_force({slot.participant_id for slot in to_give}, now)
    held = {(pk, DrugChoice.GANCICLOVIR) for pk, values in safety.items() if is_held(values)}
    held_keys = {
        slot.key for slot in to_give if (slot.participant_id, slot.drug) in held | holds.keys()
    }
    stands = (_standing(slot, now, is_held=key in held_keys) for key, slot in slots.items())
    ordered = sorted(stands, key=lambda slot: (slot.at, slot.subject))
    return DayPlan(tuple(ordered), safety, holds)


def slot_of(
    order: Order, at: dt.datetime, now: dt.datetime
) -> tuple[Slot, SafetyValues, Hold | None]:
    """One slot of ``order`` that is not recorded, and what decides whether it is held: the values,
    and the investigator's hold."""
    slot = Slot(
        order.participant_id,
        order.participant.subject,
        order.pk,
        order.drug,
        order.frequency,
        at,
        timezone.localdate(at),
    )
    safety: SafetyValues = {}
    hold = None
    if _can_be_held(slot, timezone.localdate(now)):
        hold = holds_in_force([order.participant_id], now).get((order.participant_id, order.drug))
        if order.drug == DrugChoice.GANCICLOVIR:
            safety = latest_safety_results([order.participant_id], now)[order.participant_id]
    held = hold is not None or is_held(safety)
    return _standing(slot, now, is_held=held), safety, hold


def is_held(values: SafetyValues) -> bool:
    """Whether a latest value forbids ganciclovir."""
    latest = {analyte: safety.value for analyte, safety in values.items()}
    return bool(hold_reasons(latest, current()))


def _can_be_held(slot: Slot, today: dt.date) -> bool:
    return slot.status is None and slot.day >= today


def _standing(slot: Slot, now: dt.datetime, *, is_held: bool) -> Slot:
    state = slot_state(slot.at, now=now, recorded=slot.status, is_held=is_held)
    return slot._replace(state=state)


_ORDER = ("participant_id", "participant__subject", "pk", "drug", "frequency")


def _planned(user: User, days: Sequence[dt.date]) -> Iterator[Slot]:
    """What the orders plan; of a participant who left, what was planned before that."""
    start, end = day_bounds(days[0])[0], day_bounds(days[-1])[1]
    orders = Order.objects.visible_to(user).order_by()
    orders = orders.filter(Q(ends_at=None) | Q(ends_at__gt=start), starts_at__lt=end)
    left = Move.objects.filter(participant=OuterRef("participant"), after__in=ENDED)
    orders = orders.annotate(left_at=Subquery(left.order_by("pk").values("at")[:1]))
    rows = orders.filter(Q(left_at=None) | Q(left_at__gt=start))
    for *order, starts_at, ends_at, left_at in rows.values_list(
        *_ORDER, "starts_at", "ends_at", "left_at"
    ):
        ends = [moment for moment in (ends_at, left_at) if moment is not None]
        yield from _slots_of(order, days, starts_at, min(ends, default=None))


def _slots_of(
    order: Sequence[Any],
    days: Sequence[dt.date],
    starts_at: dt.datetime,
    ends_at: dt.datetime | None,
) -> Iterator[Slot]:
    participant, subject, pk, drug, frequency = order
    for day in days:
        for at in _slots(day, starts_at, ends_at, frequency):
            yield Slot(participant, subject, pk, drug, frequency, at, day)


@lru_cache(maxsize=32768)
def _slots(
    day: dt.date, starts_at: dt.datetime, ends_at: dt.datetime | None, frequency: str
) -> tuple[dt.datetime, ...]:
    """The pure rule, remembered: the same orders are asked about all day."""
    tz = timezone.get_default_timezone()
    return slots_on(
        day, starts_at=starts_at, ends_at=ends_at, frequency=Frequency(frequency), tz=tz
    )


def _recorded(user: User, days: Sequence[dt.date]) -> Iterator[Slot]:
    """What was recorded of ``days``."""
    start, end = day_bounds(days[0])[0], day_bounds(days[-1])[1]
    rows = Administration.objects.in_force().visible_to(user)
    rows = rows.filter(slot_at__gte=start, slot_at__lt=end)
    names = ("participant_id", "participant__subject", "order_id", "drug", "order__frequency")
    ends = [(day_bounds(day)[1], day) for day in days]
    for participant, subject, order, drug, frequency, at, status in rows.order_by().values_list(
        *names, "slot_at", "status"
    ):
        day = next(day for end, day in ends if at < end)
        yield Slot(participant, subject, order, drug, frequency or "", at, day, status)
