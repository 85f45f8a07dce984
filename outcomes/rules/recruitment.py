"""Recruitment against its target: the straight line that was promised, and what came of it.

Dates are days at the site, counts are participants who were allocated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction


@dataclass(frozen=True)
class Target:
    """So many participants between two days, evenly."""

    participants: int
    starts_on: date
    ends_on: date

    def on(self, day: date) -> Fraction:
        """How many the straight line has on ``day``: none before it starts, all after it ends."""
        gone = min(max((day - self.starts_on).days, 0), (self.ends_on - self.starts_on).days)
        return Fraction(self.participants * gone, (self.ends_on - self.starts_on).days)


@dataclass(frozen=True)
class Step:
    """``count`` participants from ``day`` on."""

    day: date
    count: int


def promised(targets: Sequence[Target]) -> list[tuple[date, Fraction]]:
    """The corners of all targets together: between them the line is straight."""
    corners = sorted({day for one in targets for day in (one.starts_on, one.ends_on)})
    return [(day, sum((one.on(day) for one in targets), Fraction(0))) for day in corners]


def cumulative(allocated_on: Iterable[date], *, since: date | None, until: date) -> list[Step]:
    """The steps of the number allocated, from none on the day ``since`` up to ``until``."""
    days = sorted(allocated_on)
    if not days:
        return []
    steps = [
        Step(day, place)
        for place, day in enumerate(days, start=1)
        if place == len(days) or days[place] != day
    ]
    before = [Step(min(since, days[0]) if since else days[0], 0)]
    after = [Step(until, len(days))] if days[-1] < until else []
    return [*before, *steps, *after]


def expected_end(
    allocated_on: Sequence[date], *, target: int, starts_on: date, today: date
) -> date | None:
    """When the target is reached if all goes on at the rate since ``starts_on``: an estimate.

    Without an allocation, or on the first day, there is no rate, so ``None``.  A target that is
    reached already gives the day on which it was.
    """
    days = sorted(allocated_on)
    if len(days) >= target:
        return days[target - 1]
    if not days:
        return None
    elapsed = (today - min(starts_on, days[0])).days
    if elapsed <= 0:
        return None
    left = Fraction((target - len(days)) * elapsed, len(days))
    return today + timedelta(days=-(-left.numerator // left.denominator))
