"""The tables of the safety dashboard as CSV: codes and numbers, one line a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from labs.rules.numbers import half_up
from outcomes.exposure import DrugCount, Exposed
from outcomes.rules.harm import SHIFT_GRADES, Line, Tally
from outcomes.safety_board import Board, blood_points, board, shifts_of
from trial_site.models import User
from trial_site.protocol import current

Cells = tuple[Any, ...]
PERCENT_PLACES = 1
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Table:
    header: tuple[str, ...]
    rows: Callable[[User], Iterator[Cells]]


def _counts(found: Board, tallies: Iterable[Tally]) -> Iterator[Cells]:
    """``(arm, events, participants, of, percent)`` for each arm."""
    for (arm, _), tally in zip(found.arms, tallies, strict=True):
        percent = None if tally.percent is None else half_up(tally.percent, PERCENT_PLACES)
        yield arm, tally.events, tally.participants, tally.of, percent


def _lines(found: Board, lines: Iterable[Line]) -> Iterator[Cells]:
    for line in lines:
        for counts in _counts(found, line.tallies):
            yield (line.code, *counts)


def _summary(user: User) -> Iterator[Cells]:
    found = board(user)
    return _lines(found, found.events.summary)


def _grades(user: User) -> Iterator[Cells]:
    found = board(user)
    return _lines(found, found.events.grades)


def _relations(user: User) -> Iterator[Cells]:
    found = board(user)
    for drug, lines in found.events.relations:
        for code, *counts in _lines(found, lines):
            yield (drug, code or "not_assessed", *counts)


def _terms(user: User) -> Iterator[Cells]:
    found = board(user)
    for line in found.events.terms:
        for counts in _counts(found, line.tallies):
            yield (line.term, *counts, line.worst, line.serious)


def _shift(user: User) -> Iterator[Cells]:
    found = board(user)
    for analyte, arms in found.shift_tables:
        for arm, rows in arms:
            for baseline, counts in rows:
                for worst, count in zip(SHIFT_GRADES, counts, strict=True):
                    yield analyte.code, arm, _grade(baseline), _grade(worst), count


def _shift_participants(user: User) -> Iterator[Cells]:
    found = board(user)
    for row in shifts_of(found.exposed):
        grades = (_grade(row.baseline), _grade(row.worst.grade))
        yield (row.subject, row.arm, row.analyte, *grades, row.worst.ungraded)


def _grade(grade: int | None) -> Any:
    return UNKNOWN if grade is None else grade


def _exposure(user: User) -> Iterator[Cells]:
    found = board(user)
    for row in found.exposed:
        yield (
            *(row.subject, row.allocated, row.arm, row.start, row.treated_days),
            *_count(row.ganciclovir),
            row.rescue_mg,
            *_count(row.il2),
            row.days_held,
            *(row.first_negative, row.confirmed, row.withdrawn),
            *(len(row.events), row.worst, row.serious),
            *_end(row),
        )


def _blood(user: User) -> Iterator[Cells]:
    for point in blood_points(user, board(user).exposed):
        value = (point.operator, point.value, current().analyte(point.analyte).unit)
        held = "yes" if point.held else "no"
        yield (*(point.subject, point.arm, point.analyte, point.day), *value, point.grade, held)


def _completeness(user: User) -> Iterator[Cells]:
    for row in board(user).days:
        yield row.day, row.doses.expected, row.doses.recorded, row.doses.percent


def _count(count: DrugCount) -> Cells:
    return count.given, count.partial, count.missed, count.amount


def _end(row: Exposed) -> Cells:
    return row.state, row.last, "yes" if row.ended else "no"


_COUNTS = ("arm", "events", "participants", "of", "percent")
TABLES = {
    "summary": Table(("row", *_COUNTS), _summary),
    "grades": Table(("worst_grade", *_COUNTS), _grades),
    "relations": Table(("drug", "relation", *_COUNTS), _relations),
    "terms": Table(("term", *_COUNTS, "worst_grade", "serious_events"), _terms),
    "shift": Table(("analyte", "arm", "baseline_grade", "worst_grade", "participants"), _shift),
    "shift-participants": Table(
        ("subject", "arm", "analyte", "baseline_grade", "worst_grade", "ungraded_results"),
        _shift_participants,
    ),
    "exposure": Table(
        (
            *("subject", "allocated", "treated", "first_dose", "days_of_treatment"),
            *("ganciclovir_full", "ganciclovir_part", "ganciclovir_not_given", "ganciclovir_mg"),
            "rescue_mg",
            *("il2_full", "il2_part", "il2_not_given", "il2_miu"),
            "days_held",
            *("first_negative_day", "confirmed_day", "withdrawal_day"),
            *("adverse_events", "worst_grade", "serious_events"),
            *("state", "followed_to_day", "ended"),
        ),
        _exposure,
    ),
    "blood": Table(
        ("subject", "arm", "analyte", "day", "operator", "value", "unit", "grade", "held"), _blood
    ),
    "completeness": Table(("day", "planned", "recorded", "percent"), _completeness),
}
