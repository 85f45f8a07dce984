"""Tables of harm from the record: adverse events, and laboratory grades from baseline to worst.

Analysed is the safety population: everybody with a dose, by the treatment that was received.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone

from dosing.models import DrugChoice
from enrollment.models import Participant
from labs.models import Result
from outcomes.exposure import Events, Exposed
from outcomes.rules.harm import (
    EventFact,
    Groups,
    Line,
    TermLine,
    Worst,
    by_grade,
    by_relation,
    by_term,
    shift_rows,
    summary,
    worst_grade,
)
from safety.models import AdverseEvent
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte

DRUGS = (DrugChoice.IL2, DrugChoice.GANCICLOVIR)


class Graded(NamedTuple):
    """One result of a graded analyte, in the analyte's own unit."""

    participant_id: int
    analyte: str
    collected_at: dt.datetime
    operator: str
    value: Decimal | None
    grade: int | None
    key: int


@dataclass(frozen=True)
class EventTables:
    """``before`` counts events that began before the first dose, which are in no table."""

    summary: tuple[Line, ...]
    grades: tuple[Line, ...]
    relations: tuple[tuple[str, tuple[Line, ...]], ...]
    terms: tuple[TermLine, ...]
    before: int


@dataclass(frozen=True)
class Shift:
    """One participant's grades of one analyte; None where they are not known."""

    subject: str
    arm: str
    analyte: str
    baseline: int | None
    worst: Worst


ShiftTable = tuple[Analyte, tuple[tuple[str, tuple[tuple[int | None, tuple[int, ...]], ...]], ...]]
"""An analyte and, for each arm, ``(baseline, counts by worst grade)``."""


def groups_of(exposed: Iterable[Exposed]) -> Groups:
    """The safety population: subjects by arm as treated, in the protocol's order of arms."""
    found: dict[str, set[str]] = {arm.code.value: set() for arm in current().arms}
    for row in exposed:
        found[row.arm].add(row.subject)
    return {arm: frozenset(people) for arm, people in found.items()}


def event_tables(
    people: Iterable[Participant], exposed: Iterable[Exposed], events: Events
) -> EventTables:
    """The adverse events that began on the day of the first dose or later."""
    known = list(exposed)
    groups = groups_of(known)
    facts, before = facts_of(people, known, events)
    return EventTables(
        summary=summary(facts, groups),
        grades=by_grade(facts, groups),
        relations=tuple((drug.value, by_relation(facts, groups, drug)) for drug in DRUGS),
        terms=by_term(facts, groups),
        before=before,
    )


def facts_of(
    people: Iterable[Participant], exposed: Iterable[Exposed], events: Events
) -> tuple[list[EventFact], int]:
    """The events from the day of the first dose on, and how many began before it."""
    known = {row.subject: row for row in exposed}
    rows = [(person.subject, event) for person in people for event in events.get(person.pk, [])]
    facts = [
        _fact(subject, event)
        for subject, event in rows
        if subject in known and event.onset_on >= known[subject].start
    ]
    return facts, len(rows) - len(facts)


def _fact(subject: str, event: AdverseEvent) -> EventFact:
    return EventFact(
        subject=subject,
        term=event.term,
        grade=event.grade,
        serious=event.is_serious,
        fatal=event.outcome == AdverseEvent.Outcome.FATAL,
        relation={drug.value: getattr(event, f"relation_{drug}") for drug in DRUGS},
        action={drug.value: getattr(event, f"action_{drug}") for drug in DRUGS},
    )


def graded_results(people: Iterable[int]) -> dict[int, list[Graded]]:
    """Every result in force of the graded analytes, by participant (primary key), in the order of
    collection."""
    found: dict[int, list[Graded]] = defaultdict(list)
    rows = Result.objects.in_force().filter(
        participant__in=list(people), analyte__in=[table.analyte for table in current().grades]
    )
    columns = ("participant_id", "analyte", "collected_at", "operator", "canonical_value")
    for row in rows.order_by("collected_at", "pk").values_list(*columns, "grade", "pk"):
        found[row[0]].append(Graded(*row))
    return found


def shifts(exposed: Collection[Exposed], results: Mapping[int, list[Graded]]) -> list[Shift]:
    """Each dosed participant and graded analyte: the last grade before the first dose, and the
    worst after it."""
    return [
        _shift(row, table.analyte, results[row.key])
        for table in current().grades
        for row in exposed
    ]


def _shift(exposed: Exposed, analyte: str, results: Iterable[Graded]) -> Shift:
    mine = [row for row in results if row.analyte == analyte]
    before = [row.grade for row in mine if row.collected_at <= exposed.start_at]
    after = [row.grade for row in mine if row.collected_at > exposed.start_at]
    baseline = before[-1] if before else None
    return Shift(exposed.subject, exposed.arm, analyte, baseline, worst_grade(after))


def shift_tables(found: Iterable[Shift]) -> list[ShiftTable]:
    cells: dict[tuple[str, str], list[tuple[int | None, int | None]]] = defaultdict(list)
    for shift in found:
        cells[shift.analyte, shift.arm].append((shift.baseline, shift.worst.grade))
    arms = [arm.code.value for arm in current().arms]
    return [
        (
            current().analyte(table.analyte),
            tuple((arm, shift_rows(cells[table.analyte, arm])) for arm in arms),
        )
        for table in current().grades
    ]


def day_of(moment: dt.datetime, exposed: Exposed) -> int:
    """The day of the site, counted from the first dose."""
    return (timezone.localdate(moment) - exposed.start).days
