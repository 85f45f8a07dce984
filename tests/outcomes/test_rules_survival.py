"""Time to an event against DOMAIN 10, against lifelines and against enumeration."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from lifelines.statistics import logrank_test
from lifelines.utils import median_survival_times

from outcomes.rules.statistics import Undefined
from outcomes.rules.survival import (
    MAX_ARRANGEMENTS,
    Followed,
    LogRank,
    Median,
    Permutation,
    Transform,
    compare_times,
    kaplan_meier,
    log_rank,
    log_rank_permutation,
    median,
)


def followed(text: str) -> list[Followed]:
    """``6 6+`` is an event on day 6 and somebody censored that day."""
    return [Followed(int(day.rstrip("+")), not day.endswith("+")) for day in text.split()]


# Freireich 1963, weeks to relapse; DOMAIN 10.
SIX_MP = followed("6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+")
PLACEBO = followed("1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23")
# The small set of DOMAIN 10, days to a negative PCR.
IL2 = followed("7 10 14 14 21+")
CONTROL = followed("14 17 21 28 28+")

people = st.lists(
    st.builds(Followed, days=st.integers(0, 30), event=st.booleans()), min_size=1, max_size=12
)


def compared(x: list[Followed], y: list[Followed]) -> LogRank:
    found = log_rank(x, y)
    assert isinstance(found, LogRank)
    return found


# --- curves ---------------------------------------------------------------------------------


def test_the_curve_of_6_mp() -> None:
    curve = {step.day: step for step in kaplan_meier(SIX_MP)}
    expected = {
        6: "0.857143",
        7: "0.806723",
        10: "0.752941",
        13: "0.690196",
        16: "0.627451",
        22: "0.537815",
        23: "0.448179",
    }
    assert {day: f"{float(curve[day].survival):.6f}" for day in expected} == expected
    assert (curve[6].at_risk, curve[6].events, curve[6].censored) == (21, 3, 1)
    assert (curve[35].at_risk, curve[35].events, curve[35].censored) == (1, 0, 1)


@pytest.mark.parametrize(
    ("arm", "transform", "expected"),
    [
        (SIX_MP, Transform.LOG, Median(23, 16, None)),
        (PLACEBO, Transform.LOG, Median(8, 4, 12)),
        (SIX_MP, Transform.LOG_LOG, Median(23, 13, None)),
        (PLACEBO, Transform.LOG_LOG, Median(8, 4, 11)),
        (IL2, Transform.LOG_LOG, Median(14, 7, None)),
        (CONTROL, Transform.LOG_LOG, Median(21, 14, None)),
    ],
)
def test_medians_and_their_intervals(
    arm: list[Followed], transform: Transform, expected: Median
) -> None:
    assert median(kaplan_meier(arm), transform) == expected


def test_nobody_has_no_curve_and_no_median() -> None:
    assert kaplan_meier([]) == ()
    assert median((), Transform.LOG) == Median(None, None, None)


def test_without_an_event_the_curve_stays_up() -> None:
    curve = kaplan_meier(followed("3+ 9+"))
    assert [step.survival for step in curve] == [1, 1]
    assert median(curve, Transform.LOG_LOG) == Median(None, None, None)


def test_exactly_a_half_is_the_median() -> None:
    curve = kaplan_meier(followed("5 8"))
    assert curve[0].survival == Fraction(1, 2)
    assert median(curve, Transform.LOG).day == 5


def test_where_nobody_is_left_there_is_no_interval() -> None:
    last = kaplan_meier(followed("5 8"))[-1]
    assert last.survival == 0
    assert last.interval(Transform.LOG) is None
    assert last.interval(Transform.LOG_LOG) is None


@given(people)
def test_curves_and_medians_are_those_of_lifelines(arm: list[Followed]) -> None:
    fitter = KaplanMeierFitter().fit([p.days for p in arm], [p.event for p in arm])
    for step in kaplan_meier(arm):
        assert float(step.survival) == pytest.approx(fitter.predict(step.day), abs=1e-12)
    ours = median(kaplan_meier(arm), Transform.LOG_LOG).day
    if all(step.survival != Fraction(1, 2) for step in kaplan_meier(arm)):  # a float may miss it
        theirs = median_survival_times(fitter.survival_function_)
        assert (float("inf") if ours is None else ours) == theirs


@given(people)
def test_intervals_are_those_of_lifelines(arm: list[Followed]) -> None:
    fitter = KaplanMeierFitter().fit([p.days for p in arm], [p.event for p in arm])
    theirs = fitter.confidence_interval_survival_function_
    for step in kaplan_meier(arm):
        found = step.interval(Transform.LOG_LOG)
        if found is not None:
            low, high = theirs.loc[step.day]
            assert found == pytest.approx((low, high), abs=1e-9)


# --- log-rank -------------------------------------------------------------------------------


def test_the_log_rank_test_of_6_mp() -> None:
    found = compared(SIX_MP, PLACEBO)
    assert found.observed == 9
    assert f"{float(found.expected):.4f}" == "19.2505"
    assert f"{float(found.variance):.4f}" == "6.2570"
    assert f"{float(found.chi_square):.6f}" == "16.792941"
    assert f"{found.p:.4e}" == "4.1688e-05"


def test_the_small_set_and_its_permutation() -> None:
    found = compared(IL2, CONTROL)
    assert f"{float(found.chi_square):.6f}" == "1.627781"
    assert f"{found.p:.6f}" == "0.202010"
    assert log_rank_permutation(IL2, CONTROL) == Permutation(58, 252)
    assert f"{float(Fraction(58, 252)):.6f}" == "0.230159"


@given(people, people)
def test_the_statistic_is_that_of_lifelines(x: list[Followed], y: list[Followed]) -> None:
    found = log_rank(x, y)
    if isinstance(found, Undefined):
        return
    theirs = logrank_test(
        [p.days for p in x], [p.days for p in y], [p.event for p in x], [p.event for p in y]
    )
    assert float(found.chi_square) == pytest.approx(theirs.test_statistic, abs=1e-9)
    assert found.p == pytest.approx(theirs.p_value, abs=1e-9)


@given(people, people)
def test_it_does_not_matter_which_arm_comes_first(x: list[Followed], y: list[Followed]) -> None:
    one, other = log_rank(x, y), log_rank(y, x)
    if isinstance(one, LogRank) and isinstance(other, LogRank):
        assert one.chi_square == other.chi_square
    else:
        assert isinstance(one, Undefined)
        assert isinstance(other, Undefined)


@pytest.mark.parametrize(
    ("x", "y"), [("", "7"), ("7", ""), ("7+ 9+", "8+"), ("7", "3+")], ids=lambda text: text or "-"
)
def test_what_cannot_be_tested_says_so(x: str, y: str) -> None:
    assert isinstance(log_rank(followed(x), followed(y)), Undefined)
    assert isinstance(log_rank_permutation(followed(x), followed(y)), Undefined)


def test_too_many_to_enumerate_is_no_p() -> None:
    draw = random.Random(1)  # noqa: S311
    x, y = ([Followed(draw.randint(1, 30), True) for _ in range(9)] for _ in range(2))
    found = log_rank_permutation(x, y)
    assert isinstance(found, Undefined)
    assert MAX_ARRANGEMENTS < 48_620  # the ways to choose 9 of 18


# --- both arms ------------------------------------------------------------------------------


def test_the_arms_are_compared_in_their_order() -> None:
    found = compare_times({"first": IL2, "second": CONTROL})
    first, second = found.arms
    assert (first.arm, first.followed, first.events, first.censored) == ("first", 5, 4, 1)
    assert [median.day for _, median in first.medians] == [14, 14]
    assert [median.day for _, median in second.medians] == [21, 21]
    assert found.permutation == Permutation(58, 252)


def test_an_empty_trial_compares_nothing() -> None:
    found = compare_times({"first": [], "second": []})
    assert isinstance(found.test, Undefined)
    assert isinstance(found.permutation, Undefined)
    assert found.arms[0].medians[0][1] == Median(None, None, None)
