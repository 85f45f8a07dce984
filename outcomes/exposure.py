"""What each participant received and what befell them, day by day from the first dose."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple, TypeVar

from django.utils import timezone

from dosing.models import Administration, DrugChoice, Hold
from dosing.rules.totals import Course
from enrollment.models import Move, Participant
from enrollment.states import ENDED, State
from outcomes.analysis import ConversionRow, casebook_url, conversion_rows
from outcomes.rules.exposure import DoseDay, Span, merged, spans
from outcomes.rules.harm import as_treated
from safety.models import AdverseEvent
from trial_site import clock
from trial_site.protocol import current

Status, Reason = Administration.Status, Administration.Reason


@dataclass(frozen=True)
class EventMark:
    """An adverse event on its day; ``href`` leads to what is written about it."""

    day: int
    term: str
    grade: int
    serious: bool
    href: str


@dataclass(frozen=True)
class DrugCount:
    """The recorded doses of the first course of one drug; ``amount`` is what was delivered."""

    given: int = 0
    partial: int = 0
    missed: int = 0
    amount: Decimal = Decimal(0)


@dataclass(frozen=True)
class Exposed:
    """One participant who was dosed, by primary ``key``.  Days count from ``start``, the day of the
    first dose.

    ``arm`` is the arm as treated, ``allocated`` the arm as allocated.  ``held`` are spans of days
    (first, last) by drug, from the investigator's holds and from doses held on a result.
    ``last`` is the day that the bar of follow-up ends on: the end, or today.
    """

    key: int
    subject: str
    arm: str
    allocated: str
    state: str
    href: str
    start: dt.date
    start_at: dt.datetime
    last: int
    ended: bool
    counts: Mapping[str, DrugCount]
    rescue_mg: Decimal
    spans: tuple[Span, ...]
    short: tuple[DoseDay, ...]
    held: tuple[tuple[str, int, int], ...]
    first_negative: int | None
    confirmed: int | None
    withdrawn: int | None
    events: tuple[EventMark, ...]

    @property
    def ganciclovir(self) -> DrugCount:
        return self.counts.get(DrugChoice.GANCICLOVIR, DrugCount())

    @property
    def il2(self) -> DrugCount:
        return self.counts.get(DrugChoice.IL2, DrugCount())

    @property
    def days_held(self) -> int:
        """Days on which any drug was held."""
        days = {day for _, first, last in self.held for day in range(first, last + 1)}
        return len(days)

    @property
    def treated_days(self) -> int:
        """From the first dose to the last of the first course, both included."""
        of_course = [span for span in self.spans if span.course == Course.FIRST]
        return max((span.last for span in of_course if span.state != "missed"), default=-1) + 1

    @property
    def worst(self) -> int | None:
        return max((event.grade for event in self.events), default=None)

    @property
    def serious(self) -> int:
        return sum(event.serious for event in self.events)

    @property
    def state_label(self) -> str:
        return str(State(self.state).label)


Events = Mapping[int, list[AdverseEvent]]


class _Dose(NamedTuple):
    """What is read of one recorded dose: of very many, a model each would take most of the time."""

    participant_id: int
    drug: str
    course: str
    slot_at: dt.datetime
    given_at: dt.datetime | None
    status: str
    amount: Decimal
    why: str

    @property
    def delivered(self) -> bool:
        return self.status != Status.NOT_GIVEN


@dataclass(frozen=True)
class _Rows:
    """Everything that was recorded of a batch of people, by primary key."""

    doses: Mapping[int, list[_Dose]]
    holds: Mapping[int, list[Hold]]
    events: Events
    ends: Mapping[int, dt.datetime]
    conversions: Mapping[int, ConversionRow]


def events_of(people: Iterable[Participant]) -> Events:
    """The adverse events in force, by participant (primary key), in the order of their onset."""
    return _by_participant(AdverseEvent.objects.in_force().filter(participant__in=list(people)))


def exposures(people: Iterable[Participant], events: Events) -> list[Exposed]:
    """Everybody with at least one dose, in the order of ``people``.  Four queries."""
    batch = list(people)
    rows = _read(batch, events)
    found = (_exposed(person, rows) for person in batch)
    return [row for row in found if row is not None]


def _read(batch: list[Participant], events: Events) -> _Rows:
    mine = {"participant__in": batch}
    given = Administration.objects.in_force().filter(**mine).order_by("slot_at", "pk")
    ends = Move.objects.filter(**mine, after__in=ENDED).order_by()
    return _Rows(
        doses=_by_participant(_Dose(*row) for row in given.values_list(*_Dose._fields)),
        holds=_by_participant(Hold.objects.filter(**mine)),
        events=events,
        ends=dict(ends.values_list("participant_id", "at")),
        conversions={row.participant.pk: row for row in conversion_rows(batch)},
    )


Row = TypeVar("Row", _Dose, Hold, AdverseEvent)


def _by_participant(rows: Iterable[Row]) -> Mapping[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.participant_id].append(row)
    return found


def _exposed(participant: Participant, rows: _Rows) -> Exposed | None:
    doses = rows.doses.get(participant.pk, [])
    delivered = [dose for dose in doses if dose.delivered]
    arm = as_treated((dose.drug for dose in delivered), current())
    if arm is None:
        return None
    start_at = participant.day0_at or min(dose.given_at or dose.slot_at for dose in delivered)
    calendar = _Calendar(timezone.localdate(start_at))
    end = rows.ends.get(participant.pk) if participant.has_ended else None
    days = [calendar.dose(dose) for dose in doses]
    first, confirmed = _conversion(rows.conversions[participant.pk])
    return Exposed(
        key=participant.pk,
        subject=participant.subject,
        arm=arm,
        allocated=participant.allocation.arm,
        state=participant.state,
        href=casebook_url(participant),
        start=calendar.start,
        start_at=start_at,
        last=calendar.day(end or clock.now()),
        ended=end is not None,
        counts=_counts(doses),
        rescue_mg=_rescue_mg(doses),
        spans=spans(days),
        short=tuple(day for day in days if day.delivery != Status.GIVEN),
        held=tuple(_held(rows.holds.get(participant.pk, []), days, calendar)),
        first_negative=first,
        confirmed=confirmed,
        withdrawn=calendar.on(participant.withdrawn_on) if participant.withdrawn_on else None,
        events=tuple(
            EventMark(
                day=calendar.on(event.onset_on),
                term=event.term,
                grade=event.grade,
                serious=event.is_serious,
                href=casebook_url(participant),
            )
            for event in rows.events.get(participant.pk, [])
        ),
    )


@dataclass(frozen=True)
class _Calendar:
    """Days of the site counted from the first dose."""

    start: dt.date

    def on(self, day: dt.date) -> int:
        return (day - self.start).days

    def day(self, moment: dt.datetime) -> int:
        return self.on(timezone.localdate(moment))

    def dose(self, dose: _Dose) -> DoseDay:
        return DoseDay(
            drug=dose.drug,
            course=dose.course,
            day=self.day(dose.given_at or dose.slot_at),
            delivery=dose.status,
            held=not dose.delivered and dose.why == Reason.LAB_HOLD,
        )


def _counts(doses: Iterable[_Dose]) -> dict[str, DrugCount]:
    by_drug: dict[str, list[_Dose]] = defaultdict(list)
    for dose in doses:
        if dose.course == Course.FIRST:
            by_drug[dose.drug].append(dose)
    return {
        drug: DrugCount(
            given=sum(row.status == Status.GIVEN for row in rows),
            partial=sum(row.status == Status.PARTIAL for row in rows),
            missed=sum(row.status == Status.NOT_GIVEN for row in rows),
            amount=sum((row.amount for row in rows if row.delivered), Decimal(0)),
        )
        for drug, rows in by_drug.items()
    }


def _rescue_mg(doses: Iterable[_Dose]) -> Decimal:
    rescue = (
        dose.amount
        for dose in doses
        if dose.course == Course.RESCUE and dose.delivered and dose.drug == DrugChoice.GANCICLOVIR
    )
    return sum(rescue, Decimal(0))


def _held(
    holds: Iterable[Hold], days: Iterable[DoseDay], calendar: _Calendar
) -> Iterator[tuple[str, int, int]]:
    """Days on which a drug was held: by the investigator, or dose by dose on a result."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for hold in holds:
        until = hold.resumed_at or clock.now()
        found[hold.drug].append((calendar.day(hold.held_at), calendar.day(until)))
    for day in days:
        if day.held:
            found[day.drug].append((day.day, day.day))
    for drug, together in sorted(found.items()):
        for first, last in merged(together):
            yield drug, first, last


def _conversion(row: ConversionRow) -> tuple[int | None, int | None]:
    found = row.conversion
    if found is None:
        return None, None
    first, confirmed = found.first_negative, found.confirmed
    return first.days if first else None, confirmed.days if confirmed else None
