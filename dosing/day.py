"""The slots of a day and how each stands: light rows, however many participants there are."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from dosing.models import Administration, DrugChoice, Order
from dosing.rules.holds import hold_reasons
from dosing.rules.timing import SlotState, slot_state
from dosing.selectors import SafetyValues, latest_safety_results, planned_slots
from enrollment.models import Move
from enrollment.states import ENDED
from trial_site.models import User
from trial_site.protocol import current


@dataclass(frozen=True)
class Slot:
    """One planned dose of one participant.  ``order_id`` is the order that planned it."""

    participant_id: int
    subject: str
    order_id: int
    drug: str
    frequency: str
    at: dt.datetime
    state: SlotState = SlotState.PLANNED

    @property
    def day(self) -> dt.date:
        return timezone.localdate(self.at)

    @property
    def key(self) -> tuple[int, str, dt.datetime]:
        return self.participant_id, self.drug, self.at


@dataclass(frozen=True)
class DayPlan:
    """Slots in order of time, and by participant the values that decide a hold."""

    slots: tuple[Slot, ...]
    safety: Mapping[int, SafetyValues]


def day_bounds(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """The first moment of the site's ``day``, and that of the next."""
    tz = timezone.get_default_timezone()
    first, last = (
        dt.datetime.combine(day + dt.timedelta(days=days), dt.time(), tzinfo=tz) for days in (0, 1)
    )
    return first, last


def day_plan(user: User, days: Sequence[dt.date], now: dt.datetime) -> DayPlan:
    """Every slot of ``days`` (neighbours, in order) at the sites of ``user``, as of ``now``.

    What was recorded counts even where its order no longer plans it.  A result holds the doses of
    today and after: what became of an earlier one is a question, not a plan.  Three queries.
    """
    start, end = day_bounds(days[0])[0], day_bounds(days[-1])[1]
    slots = {slot.key: slot for slot in _planned(user, days, start, end)}
    statuses: dict[tuple[int, str, dt.datetime], str] = {}
    for slot, status in _recorded(user, start, end):
        slots[slot.key], statuses[slot.key] = slot, status
    today = timezone.localdate(now)
    to_give = {
        slot.key: slot.participant_id
        for slot in slots.values()
        if slot.drug == DrugChoice.GANCICLOVIR and slot.key not in statuses and slot.day >= today
    }
    safety = latest_safety_results(set(to_give.values()), now)
    held = {key for key, participant in to_give.items() if is_held(safety[participant])}
    stands = [
        replace(
            slot,
            state=slot_state(slot.at, now=now, recorded=statuses.get(key), is_held=key in held),
        )
        for key, slot in slots.items()
    ]
    return DayPlan(tuple(sorted(stands, key=lambda slot: (slot.at, slot.subject))), safety)


def slot_of(order: Order, at: dt.datetime, now: dt.datetime) -> tuple[Slot, SafetyValues]:
    """One slot of ``order`` that is not recorded, and the values that decide whether it is held."""
    safety: SafetyValues = {}
    slot = Slot(
        order.participant_id,
        order.participant.subject,
        order.pk,
        order.drug,
        order.frequency,
        at,
    )
    if order.drug == DrugChoice.GANCICLOVIR and slot.day >= timezone.localdate(now):
        safety = latest_safety_results([order.participant_id], now)[order.participant_id]
    state = slot_state(at, now=now, recorded=None, is_held=is_held(safety))
    return replace(slot, state=state), safety


def is_held(values: SafetyValues) -> bool:
    """Whether a latest value forbids ganciclovir."""
    latest = {analyte: safety.value for analyte, safety in values.items()}
    return bool(hold_reasons(latest, current()))


def _planned(
    user: User, days: Sequence[dt.date], start: dt.datetime, end: dt.datetime
) -> Iterator[Slot]:
    """What the orders plan, until the participant left."""
    left = Move.objects.filter(participant=OuterRef("participant"), after__in=ENDED).values("at")
    orders = (
        Order.objects.visible_to(user)
        .filter(Q(ends_at=None) | Q(ends_at__gt=start), starts_at__lt=end)
        .annotate(subject=F("participant__subject"), left_at=Subquery(left[:1]))
        .only("participant_id", "drug", "frequency", "starts_at", "ends_at")
    )
    for order in orders:
        for at in (at for day in days for at in planned_slots(order, day)):
            if order.left_at is None or at < order.left_at:
                yield Slot(
                    order.participant_id, order.subject, order.pk, order.drug, order.frequency, at
                )


def _recorded(user: User, start: dt.datetime, end: dt.datetime) -> Iterator[tuple[Slot, str]]:
    rows = (
        Administration.objects.visible_to(user)
        .filter(slot_at__gte=start, slot_at__lt=end)
        .values_list(
            "participant_id",
            "participant__subject",
            "order_id",
            "drug",
            "order__frequency",
            "slot_at",
            "status",
        )
    )
    for *slot, status in rows:
        yield Slot(*slot), status
