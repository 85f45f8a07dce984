"""Which samples each planned visit needs, and what became of each (DOMAIN 9)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from trial_site.protocol.definition import Protocol

CYTOTOXICITY, SAFETY, SUBSET = "cytotoxicity", "safety", "subset"
PLATE = "plate"  # stands among the analytes of a tube for a plate that gave a lysis


class SampleState(StrEnum):
    """In the order of urgency: what can still be drawn, what can be measured, what is lost."""

    EXPECTED = "expected"  # the window is open
    UNUSABLE = "unusable"  # what came cannot be measured
    RECEIVED = "received"  # without all of its results
    MISSING = "missing"  # the window is over
    TO_COME = "to_come"
    COMPLETE = "complete"


OPEN = (SampleState.EXPECTED, SampleState.UNUSABLE, SampleState.RECEIVED, SampleState.MISSING)


@dataclass(frozen=True)
class VisitWindow:
    """A planned visit of one participant: first and last day of its window, both included.

    Without ``closes`` it stays open until the first dose.  ``ended_on`` is the day that the
    participation ended.
    """

    code: str
    opens: dt.date
    closes: dt.date | None
    done_on: dt.date | None = None
    missed: bool = False
    ended_on: dt.date | None = None

    def contains(self, day: dt.date) -> bool:
        return self.opens <= day and (self.closes is None or day <= self.closes)

    def is_over(self, today: dt.date) -> bool:
        return self.missed or (self.closes is not None and self.closes < today)

    @property
    def is_due(self) -> bool:
        """Whether it was to be done before the participation ended."""
        return self.ended_on is None or (self.closes is not None and self.closes < self.ended_on)


@dataclass(frozen=True)
class Tube:
    """A specimen: ``measured`` are the analytes that it has a result of, in force.

    ``key`` names the record; ``visit`` is the visit that it was drawn for, empty where nobody said
    so.
    """

    key: int
    kind: str
    collected_on: dt.date
    visit: str = ""
    is_unusable: bool = False
    measured: frozenset[str] = frozenset()

    def is_of(self, visit: VisitWindow) -> bool:
        """What was said counts; without it the day does: in the window, or the visit's own."""
        if self.visit:
            return self.visit == visit.code
        return visit.contains(self.collected_on) or self.collected_on == visit.done_on


def needs_of(group: str, protocol: Protocol) -> tuple[frozenset[str], ...]:
    """What the panel ``group`` is complete with: one analyte of each set.

    Safety needs what is graded; subsets the percentages that counts are computed from, or those
    counts; cytotoxicity a plate with a lysis; any other panel all of its analytes.
    """
    if group == CYTOTOXICITY:
        return (frozenset({PLATE}),)
    if group == SUBSET:
        return tuple(frozenset({rule.percent, rule.analyte}) for rule in protocol.counts)
    graded = {table.analyte for table in protocol.grades}
    codes = (analyte.code for analyte in protocol.analytes if analyte.group == group)
    return tuple(frozenset({code}) for code in codes if group != SAFETY or code in graded)


def outstanding(
    needs: Iterable[frozenset[str]], measured: Collection[str]
) -> tuple[frozenset[str], ...]:
    """The needs that no result meets yet."""
    return tuple(need for need in needs if need.isdisjoint(measured))


def sample_state(
    visit: VisitWindow,
    tubes: Iterable[Tube],
    *,
    kinds: Collection[str],
    needs: Collection[frozenset[str]],
    today: dt.date,
) -> SampleState | None:
    """What became of the sample that ``visit`` needs for a panel; ``None`` for one never due.

    ``tubes`` are those of the visit (``Tube.is_of``), ``kinds`` the specimens of the panel; a tube
    of another kind counts once it has a result of the panel, and one tube serves every panel of its
    kind.  First and last day of the window are
    inside.  After the end of the participation nothing is due but what was due before.
    Source: DOMAIN 9.
    """
    tubes = list(tubes)
    wanted = frozenset().union(*needs)
    measured = frozenset().union(*(tube.measured for tube in tubes)) & wanted
    if not outstanding(needs, measured):
        return SampleState.COMPLETE
    fitting = [tube for tube in tubes if tube.kind in kinds]
    if measured or any(not tube.is_unusable for tube in fitting):
        return SampleState.RECEIVED
    if not visit.is_due:
        return None
    if fitting:
        return SampleState.UNUSABLE
    if visit.is_over(today):
        return SampleState.MISSING
    return SampleState.EXPECTED if visit.opens <= today else SampleState.TO_COME
