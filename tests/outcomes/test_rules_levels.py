"""Levels at time points: below the LLOQ (DOMAIN 10), across kits (DOMAIN 7)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.kits import Kit
from outcomes.rules.levels import (
    Change,
    Level,
    change,
    compare_levels,
    kits_of,
    summarise,
)
from outcomes.rules.statistics import RankSum, ShiftEstimate, Undefined

KIT = Kit("ELISA-1", "L1", "pg/mL")


def level(text: str, unit: str = "pg/mL", kit: Kit | None = None) -> Level:
    operator = text[0] if text[0] in "<>" else "="
    return Level(operator, Decimal(text.lstrip("<>")), unit, kit)


def levels(text: str) -> list[Level | None]:
    """``<2 3.5 -``: below two, a number, missing."""
    return [None if word == "-" else level(word) for word in text.split()]


# --- change -----------------------------------------------------------------------------------


def test_the_change_is_the_later_value_minus_the_baseline() -> None:
    assert change(level("4.2"), level("11.9")) == Change(Decimal("7.7"))
    assert change(level("4.2"), level("4.1")).value == Decimal("-0.1")


@pytest.mark.parametrize(
    ("baseline", "later", "why"),
    [
        (None, level("3"), "no baseline"),
        (level("3"), None, "no value"),
        (None, None, "no value"),
        (level("<2"), level("3"), "a value beyond the limit of its assay has no exact change"),
        (level("3"), level(">250"), "a value beyond the limit of its assay has no exact change"),
        (
            level("3", kit=KIT),
            level("4", kit=Kit("ELISA-2", "L1", "pg/mL")),
            "not comparable: kit ELISA-2, the earlier one by kit ELISA-1",
        ),
        (
            level("3", kit=KIT),
            level("4", kit=Kit("ELISA-1", "L2", "pg/mL")),
            "not comparable as it is: lot L2, the earlier one of lot L1",
        ),
        (
            level("3", "index", Kit("K", "L", "index")),
            level("4", "AU/mL", Kit("K", "L", "AU/mL")),
            "not comparable: measured in AU/mL, the earlier one in index",
        ),
    ],
)
def test_without_a_change_it_is_said_why(
    baseline: Level | None, later: Level | None, why: str
) -> None:
    found = change(baseline, later)
    assert found.value is None
    assert str(found.why) == why


def test_one_kit_throughout_compares() -> None:
    assert change(level("3", kit=KIT), level("4", kit=KIT)).value == 1


# --- one arm ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "median"),
    [
        ("1 2 3", "2"),
        ("1 2 3 4", "2.5"),
        ("<2 3 4", "3"),
        ("<2 <2 4", "<2"),
        ("<2 3", "<2.5"),  # the mean of 3 and something below 2
        ("3 >250", ">126.5"),
        ("<1 <2 <2 5", "<2"),
        ("3 >250 >250", ">250"),
        ("3 >100 >250 >250", ">100"),
        ("7", "7"),
    ],
)
def test_the_median_is_a_number_or_a_limit(values: str, median: str) -> None:
    found = summarise(levels(values)).median
    assert found is not None
    assert ("" if found.is_number else found.operator) + f"{found.value.normalize():f}" == median


@pytest.mark.parametrize(
    ("text", "q1", "q3"),
    [
        ("9.5 13.5 4.8 11.1 7.7", "7.7", "11.1"),  # DOMAIN 10, type 7
        ("1 2 3 4", "1.75", "3.25"),
        ("<2 3 4 5", "<2.75", "4.25"),  # between below 2 and 3: somewhere below 2.75
        ("<2 <2 3 >9 >9", "<2", ">9"),
        ("4", "4", "4"),
    ],
)
def test_quartiles_are_of_type_7_and_know_the_limits(text: str, q1: str, q3: str) -> None:
    found = summarise(levels(text))
    assert (found.q1, found.q3) == (level(q1), level(q3))


def test_between_below_and_above_there_is_no_median() -> None:
    assert summarise(levels("<2 >250")).median is None


def test_the_mean_with_half_the_limit_is_labelled_and_counts_who_is_below() -> None:
    found = summarise(levels("<2 3 5 -"))
    assert (found.n, found.missing, found.below, found.above) == (3, 1, 1, 0)
    assert found.mean_with_half_limit == 3
    assert found.numbers.n == 2
    assert found.numbers.mean == 4


def test_above_a_limit_there_is_no_mean() -> None:
    found = summarise(levels("3 >250"))
    assert found.above == 1
    assert found.mean_with_half_limit is None


def test_nobody_has_nothing_but_missing() -> None:
    found = summarise(levels("- -"))
    assert (found.n, found.missing, found.median, found.mean_with_half_limit) == (0, 2, None, None)


# --- both arms --------------------------------------------------------------------------------


def test_below_the_limit_all_are_tied_lowest() -> None:
    found = compare_levels({"a": levels("<2 <2 3 9"), "b": levels("<1 2.5 4 5")})
    as_numbers = scipy.stats.mannwhitneyu([0, 0, 3, 9], [0, 2.5, 4, 5]).statistic
    assert isinstance(found.test, RankSum)
    assert float(found.test.u) == as_numbers
    assert isinstance(found.shift, Undefined)
    assert str(found.shift.reason) == "values beyond a limit have no difference"


def test_numbers_alone_are_compared_as_ever() -> None:
    """DOMAIN 10: enumeration with ties, 84 of 252."""
    found = compare_levels({"a": levels("1 2 2 4 5"), "b": levels("0 1 2 2 3")})
    assert isinstance(found.test, RankSum)
    assert found.test.p_two_sided == Fraction(84, 252)
    assert isinstance(found.shift, ShiftEstimate)


def test_an_empty_arm_is_not_compared() -> None:
    found = compare_levels({"a": levels("- -"), "b": levels("1 2")})
    assert isinstance(found.test, Undefined)
    assert isinstance(found.shift, Undefined)


def test_kits_are_counted() -> None:
    assert kits_of([level("3"), None]) == 0
    assert kits_of([level("3", kit=KIT), level("4", kit=KIT), None]) == 1
    assert kits_of([level("3", kit=KIT), level("4", kit=Kit("ELISA-2", "", "pg/mL"))]) == 2


numbers = st.decimals(min_value=0, max_value=50, places=1)
mixed = st.builds(Level, operator=st.sampled_from("<=>"), value=numbers, unit=st.just("pg/mL"))


@given(st.lists(mixed, min_size=1, max_size=9))
def test_the_median_of_numbers_never_hides_what_is_beyond(values: list[Level]) -> None:
    found = summarise(values)
    assert found.n == found.numbers.n + found.below + found.above
    if found.below > found.n / 2:
        assert found.median is not None
        assert found.median.operator == "<"
    if found.above > found.n / 2:
        assert found.median is not None
        assert found.median.operator == ">"
