"""One participant's doses as spans of days: what was given in full, in part, or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from dosing.rules.totals import Delivery


class DayState(StrEnum):
    """What became of one drug's recorded doses on one day."""

    FULL = "full"
    PARTIAL = "partial"  # something was given, and not all of it
    MISSED = "missed"  # nothing was given


@dataclass(frozen=True)
class DoseDay:
    """One recorded dose on ``day``, counted from the first dose (day 0)."""

    drug: str
    course: str
    day: int
    delivery: str
    held: bool = False


@dataclass(frozen=True)
class Span:
    """Days ``first`` to ``last``, both included, that went the same way."""

    drug: str
    course: str
    first: int
    last: int
    state: DayState

    @property
    def days(self) -> int:
        return self.last - self.first + 1


def spans(doses: Iterable[DoseDay]) -> tuple[Span, ...]:
    """The doses as runs of neighbouring days in one state, by drug and course, in order of time.

    A day without any recorded dose ends a run: it is not known what happened.
    """
    by_day: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    for dose in doses:
        by_day[dose.drug, dose.course, dose.day].append(dose.delivery)
    runs: list[Span] = []
    for (drug, course, day), deliveries in sorted(by_day.items()):
        span = Span(drug, course, day, day, day_state(deliveries))
        if runs and _goes_on(runs[-1], span):
            span = replace(runs.pop(), last=day)
        runs.append(span)
    return tuple(runs)


def _goes_on(run: Span, span: Span) -> bool:
    """Whether ``span`` is ``run``, a day later."""
    same = (run.drug, run.course, run.state) == (span.drug, span.course, span.state)
    return same and run.last + 1 == span.first


def day_state(deliveries: Iterable[str]) -> DayState:
    """The state of a day from what became of each of its doses (``Delivery``)."""
    found = set(deliveries)
    if found == {Delivery.GIVEN}:
        return DayState.FULL
    return DayState.MISSED if found <= {Delivery.NOT_GIVEN} else DayState.PARTIAL


def merged(days: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Spans of days ``(first, last)`` joined where they touch or overlap, in order of time."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(days):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return tuple(joined)
