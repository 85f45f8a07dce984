"""Statistics for two arms of a handful of people, exact wherever exactness exists.

Source: DOMAIN 10.  Values come in as ``Decimal``, ``Fraction`` or ``int`` and are worked on as
fractions; results leave as ``Decimal`` (28 significant digits, never rounded for display) or as
``Fraction`` where the share itself is the result.  The one float is the quantile of Student's t.

Enumeration is bounded: beyond ``MAX_ENUMERATED`` values in both arms together the exact methods
answer ``Undefined`` with the reason.  No asymptotic result is put in their place, because it would
answer to another definition under the same name.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, islice
from math import comb

from trial_site.messages import Message
from trial_site.protocol.definition import Number, gettext_noop

CONFIDENCE = Fraction(95, 100)
MAX_ENUMERATED = 100


@dataclass(frozen=True)
class Undefined:
    """A statistic that does not exist for these values, and why."""

    reason: Message


@dataclass(frozen=True)
class Description:
    """One arm in numbers, in the unit of its values; ``None`` where nothing can be said.

    ``sd`` divides by n - 1; ``ci_low`` and ``ci_high`` are the 95 % confidence interval of the
    mean by Student's t; ``q1`` and ``q3`` are type 7 quartiles.
    """

    n: int
    mean: Decimal | None = None
    sd: Decimal | None = None
    ci_low: Decimal | None = None
    ci_high: Decimal | None = None
    median: Decimal | None = None
    q1: Decimal | None = None
    q3: Decimal | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True)
class RankSum:
    """The exact Wilcoxon-Mann-Whitney test.

    ``u`` counts the pairs in which the first arm's value is the greater, ties as a half.
    ``favourable`` of ``arrangements`` equally likely arrangements lie at least as far from the
    expected rank sum as the one observed.
    """

    u: Decimal
    favourable: int
    arrangements: int

    @property
    def p_two_sided(self) -> Fraction:
        return Fraction(self.favourable, self.arrangements)


@dataclass(frozen=True)
class Interval:
    """``low`` to ``high`` covers the shift with probability ``coverage``, at least 95 %."""

    low: Decimal
    high: Decimal
    coverage: Fraction

    @property
    def coverage_percent(self) -> Fraction:
        return self.coverage * 100


@dataclass(frozen=True)
class ShiftEstimate:
    """The Hodges-Lehmann shift of the first arm against the second, and its exact interval."""

    estimate: Decimal
    interval: Interval | Undefined


def describe(values: Sequence[Number]) -> Description:
    """Describe ``values`` (any one unit); fewer than two have neither SD nor interval."""
    exact = sorted(Fraction(value) for value in values)
    if not exact:
        return Description(n=0)
    # One value is its own quartiles; the standard library wants two to interpolate between.
    q1, _, q3 = statistics.quantiles(exact if len(exact) > 1 else exact * 2, method="inclusive")
    sd, half_width = _spread(exact)
    mean = decimal(statistics.mean(exact))
    return Description(
        n=len(exact),
        mean=mean,
        sd=sd,
        ci_low=None if half_width is None else mean - half_width,
        ci_high=None if half_width is None else mean + half_width,
        median=decimal(statistics.median(exact)),
        q1=decimal(q1),
        q3=decimal(q3),
        minimum=decimal(exact[0]),
        maximum=decimal(exact[-1]),
    )


def rank_sum_exact(x: Sequence[Number], y: Sequence[Number]) -> RankSum | Undefined:
    """The exact two-sided Wilcoxon-Mann-Whitney test of ``x`` against ``y``, ties as mid-ranks.

    p is the share of all ways to deal the ranks out to the arms whose rank sum R is at least as
    far from its expectation E as the observed one, |R - E|; so it stays exact with ties.
    """
    if reason := _not_enumerable(x, y):
        return Undefined(reason)
    ranks = _doubled_mid_ranks([Fraction(value) for value in (*x, *y)])
    m, n = len(x), len(y)
    rank_sum = sum(ranks[:m])
    expected = m * (m + n + 1)
    # What one arm has above its expectation the other has below, so the smaller one will do.
    few = min(m, n)
    few_expected = few * (m + n + 1)
    distance = abs(rank_sum - expected)
    favourable = sum(
        count
        for total, count in enumerate(_ways_by_sum(ranks, few))
        if abs(total - few_expected) >= distance
    )
    u = Fraction(rank_sum - m * (m + 1), 2)
    return RankSum(decimal(u), favourable, comb(m + n, m))


def hodges_lehmann(x: Sequence[Number], y: Sequence[Number]) -> ShiftEstimate | Undefined:
    """How far ``x`` lies above ``y``: the median of all differences, in the unit of the values.

    The interval runs from the k-th lowest to the k-th highest difference, k the largest for
    which the untied rank sum gives a true coverage of 95 % or more; with ties it covers at least
    that.  For three against three or four no such k exists.
    """
    if reason := _not_enumerable(x, y):
        return Undefined(reason)
    differences = sorted(Fraction(a) - Fraction(b) for a in x for b in y)
    estimate = decimal(statistics.median(differences))
    order, coverage = _lower_order(len(x), len(y))
    if order == 0:
        return ShiftEstimate(estimate, Undefined(Message(_NO_INTERVAL, _sizes(x, y))))
    low, high = differences[order - 1], differences[-order]
    return ShiftEstimate(estimate, Interval(decimal(low), decimal(high), coverage))


def decimal(value: Fraction) -> Decimal:
    """``value`` to the 28 significant digits of the decimal context."""
    return Decimal(value.numerator) / Decimal(value.denominator)


_NO_VALUES = gettext_noop("an arm has no values (%(x)s against %(y)s)")
_TOO_MANY = gettext_noop(
    "too many to enumerate (%(x)s against %(y)s; exact up to %(limit)s together)"
)
_NO_INTERVAL = gettext_noop("no 95 %% confidence interval exists for %(x)s against %(y)s")


def _sizes(x: Sequence[Number], y: Sequence[Number]) -> dict[str, str]:
    return {"x": str(len(x)), "y": str(len(y))}


def _not_enumerable(x: Sequence[Number], y: Sequence[Number]) -> Message | None:
    if not x or not y:
        return Message(_NO_VALUES, _sizes(x, y))
    if len(x) + len(y) > MAX_ENUMERATED:
        return Message(_TOO_MANY, {**_sizes(x, y), "limit": str(MAX_ENUMERATED)})
    return None


def _spread(exact: Sequence[Fraction]) -> tuple[Decimal | None, Decimal | None]:
    """Standard deviation, and half the width of the mean's confidence interval."""
    n = len(exact)
    if n < 2:
        return None, None
    variance = statistics.variance(exact)
    standard_error = decimal(variance / n).sqrt()
    return decimal(variance).sqrt(), _t_quantile(n - 1) * standard_error


def _t_quantile(degrees_of_freedom: int) -> Decimal:
    """The two-sided 95 % quantile of Student's t, a double.

    Imported late and from ``scipy.special``: it adds 27 MB to a process, on first use only, where
    ``scipy.stats`` would add 73 MB.
    """
    from scipy.special import stdtrit

    return Decimal(float(stdtrit(degrees_of_freedom, float((1 + CONFIDENCE) / 2))))


def _doubled_mid_ranks(values: Sequence[Fraction]) -> list[int]:
    """Twice the mid-rank of each value, so that ties stay whole numbers."""
    ordered = sorted(values)
    return [bisect_left(ordered, value) + bisect_right(ordered, value) + 1 for value in values]


def _ways_by_sum(scores: Sequence[int], size: int) -> Iterator[int]:
    """For each total 0, 1, 2, ... the number of ways to choose ``size`` of ``scores`` adding to it.

    The counts for one number of chosen scores stand side by side in one long integer, each in its
    own ``width`` bytes, enough for all subsets: adding a score to every choice is a single shift.
    """
    width = len(scores) // 8 + 1
    ways = [1] + [0] * size
    for score in scores:
        for chosen in range(size, 0, -1):
            ways[chosen] += ways[chosen - 1] << (8 * width * score)
    slots = sum(sorted(scores)[-size:]) + 1
    packed = ways[size].to_bytes(width * slots, "little")
    for start in range(0, len(packed), width):
        yield int.from_bytes(packed[start : start + width], "little")


def _lower_order(m: int, n: int) -> tuple[int, Fraction]:
    """The largest k for which the k-th lowest to k-th highest difference covers 95 %, or 0."""
    arrangements = comb(m + n, m)
    few = min(m, n)  # U is distributed alike for either arm
    lowest_sum = few * (few + 1) // 2
    by_u = islice(_ways_by_sum(range(1, m + n + 1), few), lowest_sum, None)
    outside = accumulate(by_u)  # arrangements with U <= 0, 1, 2, ...
    coverages = [1 - Fraction(2 * count, arrangements) for count in outside]
    order = sum(coverage >= CONFIDENCE for coverage in coverages)
    return order, coverages[order - 1] if order else Fraction(0)
