"""From rows to the analysis sets: who belongs where, and why."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.utils import timezone

from dosing.models import Administration, CourseChoice, Order
from dosing.selectors import planned_slots
from enrollment.models import AllocationError, Participant, Screening
from outcomes.analysis import NkRow, nk_comparison, nk_rows
from outcomes.rules.endpoints import ArmComparison
from outcomes.rules.sets import AnalysisSet, Facts, Membership, PlannedDose, memberships
from trial_site import clock
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

_NO_FIRST_DOSE = gettext_noop("no ganciclovir has been given yet")
_CHOSEN_OUTSIDE = gettext_noop("the day-7 sample was chosen outside its window")


@dataclass(frozen=True)
class Analysed:
    """One allocated participant and where they belong."""

    participant: Participant
    lysis: NkRow
    sets: Mapping[AnalysisSet, Membership]

    @property
    def allocated(self) -> Membership:
        return self.sets[AnalysisSet.ALLOCATED]

    @property
    def per_protocol(self) -> Membership:
        return self.sets[AnalysisSet.PER_PROTOCOL]

    @property
    def safety(self) -> Membership:
        return self.sets[AnalysisSet.SAFETY]


def analysed(participants: Iterable[Participant]) -> list[Analysed]:
    """Everybody's sets, in the order given; a handful of queries, however many people."""
    people = list(participants)
    doses: dict[int, list[Administration]] = defaultdict(list)
    given = Administration.objects.in_force().filter(
        participant__in=people, course=CourseChoice.FIRST
    )
    for dose in given:
        doses[dose.participant_id].append(dose)
    orders: dict[int, list[Order]] = defaultdict(list)
    for order in Order.objects.filter(participant__in=people, course=CourseChoice.FIRST):
        orders[order.participant_id].append(order)
    errors = set(
        AllocationError.objects.filter(participant__in=people).values_list(
            "participant_id", flat=True
        )
    )
    lysis = {row.participant.pk: row for row in nk_rows(people)}
    return [
        Analysed(
            person,
            lysis[person.pk],
            memberships(
                Facts(
                    arm=person.allocation.arm,
                    eligible=_eligible(person.screening),
                    allocated_in_error=person.pk in errors,
                    planned=tuple(_planned(person, orders[person.pk], doses[person.pk])),
                    day7_closed=_is_closed(person, lysis[person.pk]),
                    day7_in_window=_in_window(lysis[person.pk]),
                    day7_why=_day7_why(lysis[person.pk]),
                    received=frozenset(d.drug for d in doses[person.pk] if d.delivered),
                ),
                current(),
            ),
        )
        for person in people
    ]


@dataclass(frozen=True)
class SetSummary:
    """One set: its name, how many of each arm belong to it, and the primary endpoint in it.

    ``lysis`` is ``None`` for the safety set, which is no set for efficacy.
    """

    name: str
    counts: tuple[tuple[str, int], ...]
    lysis: ArmComparison | None


_NAMES = {
    AnalysisSet.ALLOCATED: gettext_noop("All allocated, as allocated (primary)"),
    AnalysisSet.PER_PROTOCOL: gettext_noop("Per protocol"),
    AnalysisSet.SAFETY: gettext_noop("Safety, as treated"),
}


def set_name(chosen: AnalysisSet) -> str:
    """What a set is called, to be translated."""
    return _NAMES[chosen]


def set_summaries(rows: Iterable[Analysed]) -> list[SetSummary]:
    """The three sets in the order of their weight."""
    people = list(rows)
    return [_summary(people, chosen) for chosen in AnalysisSet]


def _summary(rows: list[Analysed], chosen: AnalysisSet) -> SetSummary:
    inside = [row for row in rows if row.sets[chosen].included]
    arms = Counter(row.sets[chosen].arm for row in inside)
    efficacy = chosen is not AnalysisSet.SAFETY
    return SetSummary(
        name=set_name(chosen),
        counts=tuple((arm.code.value, arms[arm.code.value]) for arm in current().arms),
        lysis=nk_comparison(row.lysis for row in inside) if efficacy else None,
    )


def _eligible(screening: Screening) -> bool | None:
    """What the screening says as it reads now."""
    return {Screening.Status.ELIGIBLE: True, Screening.Status.FAILED: False}.get(
        Screening.Status(screening.status)
    )


def _planned(
    person: Participant, orders: list[Order], doses: list[Administration]
) -> Iterable[PlannedDose]:
    """The doses planned from the first one to the sample of day 7, and what became of each."""
    if person.day0_at is None:
        return
    first = timezone.localdate(person.day0_at)
    recorded = {(dose.drug, dose.slot_at): dose for dose in doses}
    for order in orders:
        for number in range(_days_to_sample()):
            for slot in planned_slots(order, first + dt.timedelta(days=number)):
                dose = recorded.get((order.drug, slot))
                yield PlannedDose(order.drug, _share(dose, order))


def _days_to_sample() -> int:
    return current().visit("D7").offset_days


def _share(dose: Administration | None, order: Order) -> Fraction:
    if dose is None or not dose.delivered:
        return Fraction(0)
    return min(Fraction(1), Fraction(dose.amount) / Fraction(order.amount))


def _is_closed(person: Participant, row: NkRow) -> bool:
    """Whether nothing can change about day 7 any more: its window is over, or the person left."""
    if row.window is None:
        return person.has_ended
    return person.has_ended or clock.today() > row.window.closes or _in_window(row)


def _in_window(row: NkRow) -> bool:
    sample = row.day7.sample if row.day7 else None
    if sample is None or row.window is None:
        return False
    return row.window.contains(timezone.localdate(sample.collected_at))


def _day7_why(row: NkRow) -> Message:
    if row.day7 is None:
        return Message(_NO_FIRST_DOSE)
    return Message(_CHOSEN_OUTSIDE) if row.day7.sample else row.day7.why
