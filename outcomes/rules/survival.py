"""Time to an event in two arms of a handful of people: Kaplan-Meier, log-rank, permutation.

Source: DOMAIN 10.  Days are whole days since day 0; curves, expectations and the statistic are
exact fractions, and only a quantile, a logarithm or the tail of a distribution is a float.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import combinations
from math import comb, erfc, exp, log, sqrt
from statistics import NormalDist

from outcomes.rules.statistics import CONFIDENCE, Undefined
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

HALF = Fraction(1, 2)
MAX_ARRANGEMENTS = 20_000  # 8 against 8 have 12,870
_Z = NormalDist().inv_cdf(float((1 + CONFIDENCE) / 2))


@dataclass(frozen=True)
class Followed:
    """One participant: the day of the event, or the last day without it (``event`` is False)."""

    days: int
    event: bool


class Transform(StrEnum):
    """The scale on which a confidence interval of S is symmetric; every page names it."""

    LOG = "log"  # R's default
    LOG_LOG = "log-log"  # that of lifelines


@dataclass(frozen=True)
class Step:
    """A day on which somebody had the event or was censored.

    ``at_risk`` counts who was still followed that day, ``survival`` is S after it, and
    ``greenwood`` the sum of d / (n (n - d)) so far, ``None`` once S is 0.
    """

    day: int
    at_risk: int
    events: int
    censored: int
    survival: Fraction
    greenwood: Fraction | None

    def interval(self, transform: Transform) -> tuple[float, float] | None:
        """The 95 % confidence interval of S; ``None`` where the transform has none (S is 0, and
        for log-log also 1)."""
        if self.greenwood is None:
            return None
        s, error = float(self.survival), sqrt(self.greenwood)
        if transform is Transform.LOG:
            return s * exp(-_Z * error), min(1.0, s * exp(_Z * error))
        if self.survival == 1:
            return None
        spread = _Z * error / log(s)
        return s ** exp(-spread), s ** exp(spread)


@dataclass(frozen=True)
class Median:
    """The first day with S at or below a half, with its interval; ``None`` is not reached."""

    day: int | None
    low: int | None
    high: int | None


@dataclass(frozen=True)
class LogRank:
    """The log-rank test of the first arm against the second, one degree of freedom."""

    observed: int
    expected: Fraction
    variance: Fraction

    @property
    def chi_square(self) -> Fraction:
        return (self.observed - self.expected) ** 2 / self.variance

    @property
    def p(self) -> float:
        """The asymptotic p, a float."""
        return erfc(sqrt(self.chi_square / 2))


@dataclass(frozen=True)
class Permutation:
    """In how many of all ways to deal the participants out the statistic is at least as large."""

    favourable: int
    arrangements: int

    @property
    def p(self) -> Fraction:
        return Fraction(self.favourable, self.arrangements)


_NOBODY = gettext_noop("an arm has nobody who was followed (%(x)s against %(y)s)")
_NO_EVENTS = gettext_noop("no event on which the arms could differ")
_TOO_MANY = gettext_noop("too many arrangements to go through (%(x)s against %(y)s)")


def kaplan_meier(followed: Iterable[Followed]) -> tuple[Step, ...]:
    """The curve of one arm, a step a day; who is censored on the day of an event was at risk."""
    survival, greenwood = Fraction(1), Fraction(0)
    steps: list[Step] = []
    for day, at_risk, events, leaving in _days(followed):
        survival *= 1 - Fraction(events, at_risk)
        if survival and events:
            greenwood += Fraction(events, at_risk * (at_risk - events))
        steps.append(
            Step(day, at_risk, events, leaving - events, survival, greenwood if survival else None)
        )
    return tuple(steps)


def _days(followed: Iterable[Followed]) -> Iterator[tuple[int, int, int, int]]:
    """Each day on which anybody left: who was at risk, had the event, and left, in one pass."""
    people = list(followed)
    leaving = Counter(person.days for person in people)
    events = Counter(person.days for person in people if person.event)
    at_risk = len(people)
    for day, number in sorted(leaving.items()):
        yield day, at_risk, events[day], number
        at_risk -= number


def median(steps: Sequence[Step], transform: Transform) -> Median:
    """The median and the days on which the bounds of S's interval reach a half."""
    bounds = [(step.day, step.interval(transform)) for step in steps if step.events]
    day = next((step.day for step in steps if step.survival <= HALF), None)
    low = next((day for day, b in bounds if b and b[0] <= HALF), None)
    high = next((day for day, b in bounds if b and b[1] <= HALF), None)
    return Median(day, low, high)


def log_rank(x: Sequence[Followed], y: Sequence[Followed]) -> LogRank | Undefined:
    """The log-rank test of ``x`` against ``y``; ``Undefined`` without anybody or without a day on
    which an event could have come to either arm."""
    sizes = {"x": str(len(x)), "y": str(len(y))}
    if not x or not y:
        return Undefined(Message(_NOBODY, sizes))
    observed, expected, variance = 0, Fraction(0), Fraction(0)
    first, n1 = {day: (events, leaving) for day, _, events, leaving in _days(x)}, len(x)
    for day, n, d, _ in _days((*x, *y)):
        d1, leaving = first.get(day, (0, 0))
        observed += d1
        if d:
            expected += Fraction(d * n1, n)
        if d and n > 1:
            variance += Fraction(d * n1 * (n - n1) * (n - d), n * n * (n - 1))
        n1 -= leaving
    if not variance:
        return Undefined(Message(_NO_EVENTS))
    return LogRank(observed, expected, variance)


def log_rank_permutation(x: Sequence[Followed], y: Sequence[Followed]) -> Permutation | Undefined:
    """The exact p of the log-rank statistic over all ways to deal out who was followed."""
    found = log_rank(x, y)
    if isinstance(found, Undefined):
        return found
    everybody = (*x, *y)
    arrangements = comb(len(everybody), len(x))
    if arrangements > MAX_ARRANGEMENTS:
        return Undefined(Message(_TOO_MANY, {"x": str(len(x)), "y": str(len(y))}))
    favourable = 0
    for chosen in combinations(range(len(everybody)), len(x)):
        inside = set(chosen)
        first = [everybody[index] for index in chosen]
        rest = [person for index, person in enumerate(everybody) if index not in inside]
        dealt = log_rank(first, rest)
        if isinstance(dealt, LogRank) and dealt.chi_square >= found.chi_square:
            favourable += 1
    return Permutation(favourable, arrangements)


@dataclass(frozen=True)
class ArmTimes:
    """One arm: how many were followed, how many had the event, and the median by transform."""

    arm: str
    followed: int
    events: int
    medians: tuple[tuple[Transform, Median], ...]

    @property
    def censored(self) -> int:
        return self.followed - self.events


@dataclass(frozen=True)
class TimeComparison:
    """Both arms, and the first against the second."""

    arms: tuple[ArmTimes, ArmTimes]
    test: LogRank | Undefined
    permutation: Permutation | Undefined


def compare_times(followed_by_arm: Mapping[str, Sequence[Followed]]) -> TimeComparison:
    """Describe both arms and test the first against the second, everyone as allocated.

    The order of ``followed_by_arm`` decides which arm is first.  Raises ``ValueError`` unless there
    are exactly two arms.
    """
    (first, x), (second, y) = followed_by_arm.items()
    return TimeComparison(
        arms=(_arm_times(first, x), _arm_times(second, y)),
        test=log_rank(x, y),
        permutation=log_rank_permutation(x, y),
    )


def _arm_times(arm: str, people: Sequence[Followed]) -> ArmTimes:
    curve = kaplan_meier(people)
    medians = tuple((transform, median(curve, transform)) for transform in Transform)
    return ArmTimes(arm, len(people), sum(person.event for person in people), medians)
