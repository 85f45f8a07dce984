"""The statistics against DOMAIN 10, against full enumeration and against SciPy."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from outcomes.rules.statistics import (
    MAX_ENUMERATED,
    Description,
    Interval,
    RankSum,
    ShiftEstimate,
    Undefined,
    describe,
    hodges_lehmann,
    rank_sum_exact,
)

IL2 = [Decimal(value) for value in ("9.5", "13.5", "4.8", "11.1", "7.7")]
CONTROL = [Decimal(value) for value in ("2.1", "-1.6", "4.6", "-0.7", "3.1")]
HOLLANDER_WOLFE_X = [
    Decimal(value)
    for value in ("0.80", "0.83", "1.89", "1.04", "1.45", "1.38", "1.91", "1.64", "0.73", "1.46")
]
HOLLANDER_WOLFE_Y = [Decimal(value) for value in ("1.15", "0.88", "0.90", "0.74", "1.21")]

tenths = st.integers(-200, 200).map(lambda value: Decimal(value) / 10)
distinct = st.lists(tenths, min_size=8, max_size=12, unique=True)


def places(value: Decimal | None, count: int) -> str:
    return f"{value:.{count}f}"


def rank_sum(x: list[Decimal], y: list[Decimal]) -> RankSum:
    result = rank_sum_exact(x, y)
    assert isinstance(result, RankSum)
    return result


def shift(x: list[Decimal], y: list[Decimal]) -> tuple[Decimal, Interval]:
    result = hodges_lehmann(x, y)
    assert isinstance(result, ShiftEstimate)
    assert isinstance(result.interval, Interval)
    return result.estimate, result.interval


# --- description ----------------------------------------------------------------------------


def test_the_experimental_arm_is_described_as_in_the_reference() -> None:
    found = describe(IL2)
    assert (found.n, found.mean, found.median) == (5, Decimal("9.32"), Decimal("9.5"))
    assert places(found.sd, 4) == "3.3064"
    assert (places(found.ci_low, 4), places(found.ci_high, 4)) == ("5.2146", "13.4254")
    assert (found.q1, found.q3) == (Decimal("7.7"), Decimal("11.1"))
    assert (found.minimum, found.maximum) == (Decimal("4.8"), Decimal("13.5"))


def test_the_control_arm_is_described_as_in_the_reference() -> None:
    found = describe(CONTROL)
    assert (found.n, found.mean, found.median) == (5, Decimal("1.5"), Decimal("2.1"))
    assert places(found.sd, 4) == "2.5971"
    assert (places(found.ci_low, 4), places(found.ci_high, 4)) == ("-1.7247", "4.7247")
    assert (found.q1, found.q3) == (Decimal("-0.7"), Decimal("3.1"))


def test_nobody_has_nothing_but_a_count() -> None:
    assert describe([]) == Description(n=0)


def test_one_value_has_neither_spread_nor_interval() -> None:
    value = Decimal("8.617")
    assert describe([value]) == Description(
        n=1, mean=value, median=value, q1=value, q3=value, minimum=value, maximum=value
    )


def test_two_values_have_both() -> None:
    found = describe([Decimal(1), Decimal(3)])
    assert places(found.sd, 6) == "1.414214"
    # t with one degree of freedom is 12.7062; the standard error is 1.
    assert (places(found.ci_low, 4), places(found.ci_high, 4)) == ("-10.7062", "14.7062")


def test_the_mean_is_exact_where_floats_are_not() -> None:
    assert describe([Decimal("0.1"), Decimal("0.2"), Decimal("0.3")]).mean == Decimal("0.2")
    assert describe([Fraction(1, 3), Fraction(1, 3)]).sd == 0


@given(st.lists(tenths, min_size=2, max_size=30))
def test_the_description_agrees_with_numpy_and_scipy(values: list[Decimal]) -> None:
    found, floats = describe(values), [float(value) for value in values]
    assert found.sd is not None
    assert found.ci_low is not None
    assert float(found.sd) == pytest.approx(np.std(floats, ddof=1))
    quartiles = np.percentile(floats, [25, 50, 75], method="linear")
    assert [float(q or 0) for q in (found.q1, found.median, found.q3)] == pytest.approx(quartiles)
    t = scipy.stats.t.ppf(0.975, len(values) - 1)
    half = t * np.std(floats, ddof=1) / np.sqrt(len(values))
    assert float(found.ci_low) == pytest.approx(np.mean(floats) - half, abs=1e-9)


# --- rank sum -------------------------------------------------------------------------------


def test_complete_separation_of_five_and_five() -> None:
    result = rank_sum(IL2, CONTROL)
    assert result == RankSum(u=Decimal(25), favourable=2, arrangements=252)
    assert result.p_two_sided == Fraction(2, 252)
    assert f"{float(result.p_two_sided):.7f}" == "0.0079365"


def test_the_example_of_hollander_and_wolfe() -> None:
    result = rank_sum(HOLLANDER_WOLFE_X, HOLLANDER_WOLFE_Y)
    assert result.u == 35
    assert f"{float(result.p_two_sided):.7f}" == "0.2544123"


def test_ties_are_enumerated_not_ignored() -> None:
    result = rank_sum(list(map(Decimal, (1, 2, 2, 4, 5))), list(map(Decimal, (0, 1, 2, 2, 3))))
    assert (result.favourable, result.arrangements) == (84, 252)
    assert result.u == Decimal("17.5")


def test_equal_values_everywhere_speak_for_nothing() -> None:
    assert rank_sum([Decimal(1)] * 4, [Decimal(1)] * 3).p_two_sided == 1


@given(
    st.lists(st.integers(0, 5).map(Decimal), min_size=1, max_size=5),
    st.lists(st.integers(0, 5).map(Decimal), min_size=1, max_size=6),
)
def test_with_ties_it_equals_dealing_out_the_ranks_one_arrangement_at_a_time(
    x: list[Decimal], y: list[Decimal]
) -> None:
    ranks = scipy.stats.rankdata([float(value) for value in x + y])
    expected = len(x) * (len(ranks) + 1) / 2
    observed = abs(sum(ranks[: len(x)]) - expected)
    sums = [sum(chosen) for chosen in combinations(ranks, len(x))]
    result = rank_sum(x, y)
    assert result.arrangements == len(sums)
    assert result.favourable == sum(abs(total - expected) >= observed for total in sums)


@pytest.mark.parametrize("seed", range(20))
def test_without_ties_it_equals_scipy_exact(seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - test data
    values = dice.sample(range(-1000, 1000), dice.randint(4, 24))
    cut = dice.randint(1, len(values) - 1)
    result = rank_sum(list(map(Decimal, values[:cut])), list(map(Decimal, values[cut:])))
    oracle = scipy.stats.mannwhitneyu(values[:cut], values[cut:], method="exact")
    assert float(result.u) == oracle.statistic
    assert float(result.p_two_sided) == pytest.approx(oracle.pvalue, rel=1e-12)


@given(st.lists(tenths, min_size=1, max_size=9), st.lists(tenths, min_size=1, max_size=9))
def test_swapping_the_arms_mirrors_u_and_keeps_p(x: list[Decimal], y: list[Decimal]) -> None:
    forth, back = rank_sum(x, y), rank_sum(y, x)
    assert forth.u + back.u == len(x) * len(y)
    assert forth.p_two_sided == back.p_two_sided


def test_fifty_against_fifty_is_still_exact() -> None:
    result = rank_sum(list(map(Decimal, range(50))), list(map(Decimal, range(50, 100))))
    assert result.favourable == 2
    assert result.arrangements == 100891344545564193334812497256


def test_beyond_the_limit_the_reason_stands_instead() -> None:
    x, y = list(map(Decimal, range(51))), list(map(Decimal, range(50)))
    assert len(x) + len(y) == MAX_ENUMERATED + 1
    for result in (rank_sum_exact(x, y), hodges_lehmann(x, y)):
        assert isinstance(result, Undefined)
        assert str(result.reason) == (
            "too many to enumerate (51 against 50; exact up to 100 together)"
        )


def test_an_empty_arm_is_no_comparison() -> None:
    for result in (rank_sum_exact(IL2, []), hodges_lehmann([], CONTROL)):
        assert isinstance(result, Undefined)
        assert "an arm has no values" in str(result.reason)


# --- shift ----------------------------------------------------------------------------------


def test_the_shift_between_the_arms() -> None:
    estimate, interval = shift(IL2, CONTROL)
    assert estimate == 8
    assert (interval.low, interval.high) == (Decimal("2.7"), Decimal("12.7"))
    assert f"{float(interval.coverage):.3%}" == "96.825%"


def test_the_shift_in_the_example_of_hollander_and_wolfe() -> None:
    estimate, interval = shift(HOLLANDER_WOLFE_X, HOLLANDER_WOLFE_Y)
    assert estimate == Decimal("0.305")
    assert (interval.low, interval.high) == (Decimal("-0.15"), Decimal("0.76"))


@pytest.mark.parametrize(
    ("m", "n", "order", "coverage"),
    [(4, 4, 1, "97.1"), (4, 5, 2, "96.8"), (4, 6, 3, "96.2"), (3, 7, 2, "96.7"), (5, 5, 3, "96.8")],
)
def test_the_order_of_the_interval_and_its_true_coverage(
    m: int, n: int, order: int, coverage: str
) -> None:
    x = [Decimal(100) * place for place in range(m)]
    y = [Decimal(place) for place in range(n)]
    differences = sorted(a - b for a in x for b in y)
    _, interval = shift(x, y)
    assert (interval.low, interval.high) == (differences[order - 1], differences[-order])
    assert f"{float(interval.coverage) * 100:.1f}" == coverage


@pytest.mark.parametrize(("m", "n"), [(3, 3), (3, 4), (4, 3), (1, 9)])
def test_no_interval_exists_for_the_smallest_arms(m: int, n: int) -> None:
    result = hodges_lehmann([Decimal(i) for i in range(m)], [Decimal(i) for i in range(n)])
    assert isinstance(result, ShiftEstimate)
    assert isinstance(result.interval, Undefined)
    assert str(result.interval.reason) == (
        f"no 95 % confidence interval exists for {m} against {n}"
    )


@given(distinct, tenths)
def test_moving_an_arm_moves_the_estimate_and_its_interval(
    values: list[Decimal], by: Decimal
) -> None:
    x, y = values[:4], values[4:]
    estimate, interval = shift(x, y)
    moved, moved_interval = shift([value + by for value in x], y)
    assert moved == estimate + by
    assert (moved_interval.low, moved_interval.high) == (interval.low + by, interval.high + by)


@given(distinct)
def test_the_interval_holds_the_shifts_that_the_test_does_not_reject(
    values: list[Decimal],
) -> None:
    x, y = values[:4], values[4:]
    _, interval = shift(x, y)
    a_little = Decimal("0.01")  # less than any difference between values in tenths
    for end, outward in ((interval.low, -a_little), (interval.high, a_little)):
        outside = rank_sum([value - end - outward for value in x], y)
        inside = rank_sum([value - end + outward for value in x], y)
        assert outside.p_two_sided <= Fraction(5, 100) < inside.p_two_sided
