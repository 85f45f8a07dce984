"""Levels of cytokines, cells and antibodies at time points, values beyond a limit included.

Source: DOMAIN 7 (kits) and 10 (values below the LLOQ).  A value beyond a limit keeps its operator:
rank tests tie those below lowest and those above highest, a median that falls among them is
printed as the limit, and only a mean puts half the limit in their place, and is labelled so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor

from labs.rules.kits import Kit, comparison_problem
from outcomes.rules.statistics import (
    Description,
    RankSum,
    ShiftEstimate,
    Undefined,
    describe,
    hodges_lehmann,
    rank_sum_exact,
)
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

BELOW, EQUAL, ABOVE = "<", "=", ">"


@dataclass(frozen=True)
class Level:
    """One value: ``value`` in ``unit``, or the limit of the assay that it lies beyond.

    ``kit`` is what the number belongs to where numbers of two kits do not compare, else ``None``.
    """

    operator: str
    value: Decimal
    unit: str
    kit: Kit | None = None

    @property
    def is_number(self) -> bool:
        return self.operator == EQUAL

    @property
    def rank(self) -> tuple[int, Decimal]:
        """Its place among others: whatever lies below a limit first and alike."""
        side = {BELOW: -1, EQUAL: 0, ABOVE: 1}[self.operator]
        return side, self.value if side == 0 else Decimal(0)


@dataclass(frozen=True)
class Change:
    """The difference from baseline, or why there is none."""

    value: Decimal | None
    why: Message | None = None


@dataclass(frozen=True)
class LevelSummary:
    """One arm at one time point.

    ``below`` and ``above`` count values beyond a limit.  ``median`` is a number or, where it falls
    among those, what it lies below or above; ``None`` where nothing can be said.  ``q1`` and ``q3``
    are quartiles of type 7, read alike.  ``mean_with_half_limit`` puts half the limit in for each
    value below, and is ``None`` where a value lies above one.
    """

    n: int
    missing: int
    below: int
    above: int
    numbers: Description
    q1: Level | None
    median: Level | None
    q3: Level | None
    mean_with_half_limit: Decimal | None


@dataclass(frozen=True)
class LevelComparison:
    """Both arms in the order given, and the first against the second."""

    arms: tuple[tuple[str, LevelSummary], tuple[str, LevelSummary]]
    test: RankSum | Undefined
    shift: ShiftEstimate | Undefined


_NO_BASELINE = gettext_noop("no baseline")
_MISSING = gettext_noop("no value")
_BEYOND = gettext_noop("a value beyond the limit of its assay has no exact change")
_NOT_ALL_NUMBERS = gettext_noop("values beyond a limit have no difference")


def change(baseline: Level | None, later: Level | None) -> Change:
    """``later`` - ``baseline`` in their unit; none across kits, units, or a limit."""
    if later is None:
        return Change(None, Message(_MISSING))
    if baseline is None:
        return Change(None, Message(_NO_BASELINE))
    if baseline.kit and later.kit and (problem := comparison_problem(later.kit, baseline.kit)):
        return Change(None, problem)
    if not (baseline.is_number and later.is_number):
        return Change(None, Message(_BEYOND))
    return Change(later.value - baseline.value)


def summarise(levels: Sequence[Level | None]) -> LevelSummary:
    """Describe one arm; one entry a participant, ``None`` where the value is missing."""
    known = sorted((level for level in levels if level), key=lambda level: level.rank)
    return LevelSummary(
        n=len(known),
        missing=len(levels) - len(known),
        below=sum(level.operator == BELOW for level in known),
        above=sum(level.operator == ABOVE for level in known),
        numbers=describe([level.value for level in known if level.is_number]),
        q1=_quantile(known, Fraction(1, 4)),
        median=_quantile(known, Fraction(1, 2)),
        q3=_quantile(known, Fraction(3, 4)),
        mean_with_half_limit=_mean(known),
    )


def compare_levels(by_arm: Mapping[str, Sequence[Level | None]]) -> LevelComparison:
    """Describe both arms and test the first against the second.

    Raises ``ValueError`` unless there are exactly two arms.  The shift needs numbers everywhere.
    """
    (first, x), (second, y) = (
        (arm, [level for level in levels if level]) for arm, levels in by_arm.items()
    )
    places = sorted({level.rank for level in (*x, *y)})
    ranks = {rank: place for place, rank in enumerate(places)}
    return LevelComparison(
        arms=((first, summarise(by_arm[first])), (second, summarise(by_arm[second]))),
        test=rank_sum_exact([ranks[a.rank] for a in x], [ranks[b.rank] for b in y]),
        shift=hodges_lehmann([a.value for a in x], [b.value for b in y])
        if all(level.is_number for level in (*x, *y))
        else Undefined(Message(_NOT_ALL_NUMBERS)),
    )


def kits_of(levels: Sequence[Level | None]) -> int:
    """How many kits (name, lot, unit) the values belong to: beyond one, a comparison warns."""
    return len({level.kit for level in levels if level and level.kit})


def _quantile(ordered: Sequence[Level], share: Fraction) -> Level | None:
    """Type 7: between the two neighbours of the place ``share`` of the way along."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * share
    weight = place - floor(place)
    low, high = ordered[floor(place)], ordered[ceil(place)]
    operators = {low.operator, high.operator} - {EQUAL}
    if len(operators) > 1:
        return None  # one below its limit, the other above: nothing can be said
    operator = operators.pop() if operators else EQUAL
    limits = [level.value for level in ordered if level.operator == operator]
    # Beyond a limit, only the one that is true of every such value bounds what lies there.
    ends = [
        end.value if end.is_number else max(limits) if operator == BELOW else min(limits)
        for end in (low, high)
    ]
    between = (1 - weight) * Fraction(ends[0]) + weight * Fraction(ends[1])
    return Level(operator, Decimal(between.numerator) / Decimal(between.denominator), low.unit)


def _mean(known: Sequence[Level]) -> Decimal | None:
    if not known or any(level.operator == ABOVE for level in known):
        return None
    return describe(
        [level.value / 2 if level.operator == BELOW else level.value for level in known]
    ).mean
