"""The statistical analyses: the first arm against the second, as the rules computed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from labs.rules.numbers import half_up
from outcomes.registry import words
from outcomes.registry.content import Analysis, Group
from outcomes.registry.measuring import rounded
from outcomes.rules.endpoints import compare
from outcomes.rules.levels import Level, compare_levels
from outcomes.rules.statistics import (
    CONFIDENCE,
    RankSum,
    ShiftEstimate,
    Undefined,
    decimal,
)
from outcomes.rules.survival import Permutation, TimeComparison
from trial_site.messages import Message
from trial_site.protocol.definition import Number, gettext_noop

P_PLACES = 4
COVERAGE_PLACES = 1
STATISTIC_PLACES = 3

_EXPLORATORY = gettext_noop("Exploratory: no power, no claim of multiplicity.")
_EXACT = gettext_noop("Exact and two-sided, ties as mid-ranks, every arrangement enumerated.")
_ASYMPTOTIC = gettext_noop("χ² = %(chi)s, one degree of freedom, asymptotic.")
_PERMUTED = gettext_noop("Of the log-rank statistic, every arrangement enumerated.")
_ARRANGEMENTS = gettext_noop("%(favourable)s of %(arrangements)s arrangements.")
_U = gettext_noop("U = %(u)s; %(favourable)s of %(arrangements)s arrangements.")
_NOT_DEFINED = gettext_noop("Not defined: %(reason)s.")
_COVERAGE = gettext_noop("Exact interval, true coverage %(coverage)s %%.")
_TOGETHER = gettext_noop("%(first)s %(second)s")


def value_analysis(
    groups: Sequence[Group],
    values: Mapping[str, Sequence[Number | None]],
    about: Message,
    places: int,
) -> Analysis:
    """Exact rank sum test and Hodges-Lehmann shift of numbers, in their unit."""
    found = compare(
        {
            arm: [None if value is None else decimal(Fraction(value)) for value in column]
            for arm, column in values.items()
        }
    )
    return _rank_sum(groups, about, found.test, found.shift, places)


def level_analysis(
    groups: Sequence[Group],
    levels: Mapping[str, Sequence[Level | None]],
    about: Message,
    places: int,
) -> Analysis:
    """The same of values that may lie beyond a limit: those rank alike, at the end."""
    found = compare_levels(levels)
    return _rank_sum(groups, about, found.test, found.shift, places)


def time_analyses(
    groups: Sequence[Group], found: TimeComparison, about: Message
) -> tuple[Analysis, ...]:
    """Log-rank by its asymptotic distribution, and by permutation."""
    ids = tuple(group.id for group in groups)
    if isinstance(found.test, Undefined):
        reason = _not_defined(found.test)
        return (Analysis(ids, about, words.LOG_RANK, Message(_EXPLORATORY), None, reason),)
    chi = f"{half_up(found.test.chi_square, STATISTIC_PLACES)}"
    p, relation = _p(Decimal(found.test.p))
    asymptotic = Analysis(
        groups=ids,
        about=about,
        method=words.LOG_RANK,
        method_comment=Message(_EXPLORATORY),
        p=p,
        p_comment=Message(_ASYMPTOTIC, {"chi": chi}),
        p_relation=relation,
    )
    return asymptotic, _permutation(ids, found.permutation, about)


def _permutation(ids: tuple[str, ...], found: Permutation | Undefined, about: Message) -> Analysis:
    method = Message(_TOGETHER, {"first": Message(_PERMUTED), "second": Message(_EXPLORATORY)})
    if isinstance(found, Undefined):
        return Analysis(ids, about, words.PERMUTATION, method, None, _not_defined(found))
    p, relation = _p(found.p)
    counted = {"favourable": str(found.favourable), "arrangements": str(found.arrangements)}
    comment = Message(_ARRANGEMENTS, counted)
    return Analysis(ids, about, words.PERMUTATION, method, p, comment, relation)


def _rank_sum(
    groups: Sequence[Group],
    about: Message,
    test: RankSum | Undefined,
    shift: ShiftEstimate | Undefined,
    places: int,
) -> Analysis:
    p, relation = (None, "") if isinstance(test, Undefined) else _p(test.p_two_sided)
    estimate, lower, upper, comment = _shift(shift, places)
    return Analysis(
        groups=tuple(group.id for group in groups),
        about=about,
        method=words.RANK_SUM,
        method_comment=Message(
            _TOGETHER, {"first": Message(_EXACT), "second": Message(_EXPLORATORY)}
        ),
        p=p,
        p_comment=_p_comment(test),
        p_relation=relation,
        parameter=words.HODGES_LEHMANN,
        estimate=estimate,
        ci_percent=None if lower is None else half_up(CONFIDENCE * 100, 0),
        ci_lower=lower,
        ci_upper=upper,
        estimate_comment=comment,
    )


def _p(p: Number) -> tuple[Decimal, str]:
    """Rounded; what would be told as nothing is below the smallest number that is told."""
    smallest = Decimal(1).scaleb(-P_PLACES)
    found = half_up(p, P_PLACES)
    return (found, "") if found else (smallest, "<")


def _p_comment(test: RankSum | Undefined) -> Message:
    if isinstance(test, Undefined):
        return _not_defined(test)
    numbers = {"u": f"{test.u.normalize():f}", "favourable": str(test.favourable)}
    return Message(_U, {**numbers, "arrangements": str(test.arrangements)})


def _shift(
    found: ShiftEstimate | Undefined, places: int
) -> tuple[Decimal | None, Decimal | None, Decimal | None, Message]:
    """Estimate, both ends of its interval, and what has to be said of them."""
    if isinstance(found, Undefined):
        return None, None, None, _not_defined(found)
    estimate, interval = rounded(found.estimate, places), found.interval
    if isinstance(interval, Undefined):
        return estimate, None, None, _not_defined(interval)
    coverage = f"{half_up(interval.coverage_percent, COVERAGE_PLACES)}"
    comment = Message(_COVERAGE, {"coverage": coverage})
    return estimate, rounded(interval.low, places), rounded(interval.high, places), comment


def _not_defined(found: Undefined) -> Message:
    return Message(_NOT_DEFINED, {"reason": found.reason})
