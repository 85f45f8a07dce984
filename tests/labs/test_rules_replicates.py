"""Replicate readings: an exact mean, or none (DOMAIN 7)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.numbers import rounded
from labs.rules.pcr import parse_result
from labs.rules.replicates import summarise


def of(*printed):
    return summarise([parse_result(text) for text in printed])


@pytest.mark.parametrize(
    ("printed", "mean"),
    [
        (("5.8", "6.1", "6.1"), Fraction(6)),
        (("24.9", "26.1", "25.5"), Fraction(51, 2)),
        (("95.2", "96.4", "96.4"), Fraction(96)),
        (("1", "1", "2"), Fraction(4, 3)),
    ],
)
def test_the_mean_is_exact(printed, mean):
    assert of(*printed).mean == mean


def test_the_step_shows_the_readings_as_typed():
    assert of("2.10", "2.3", "2.2").step.render() == "(2.10 + 2.3 + 2.2) ÷ 3 = 2.20"


def test_the_spread_is_the_sample_sd_over_the_mean():
    assert rounded(of("5.8", "6.1", "6.1").cv_percent, 4) == "2.8868"  # 0.173205 / 6


@pytest.mark.parametrize("printed", [("7",), ("0", "0"), ("-1", "1")])
def test_no_spread_of_one_reading_or_around_zero(printed):
    readings = [("=", Decimal(text)) for text in printed]
    assert summarise(readings).cv_percent is None


@pytest.mark.parametrize(
    ("printed", "named"),
    [
        ((">250", "240", "230"), ">250"),
        (("1.2", "<0.5"), "<0.5"),
        ((">250", ">250"), ">250"),
        (("3", "not detected"), "not detected"),
        (("3", "not evaluable"), "not evaluable"),
    ],
)
def test_a_reading_beyond_the_range_leaves_no_mean(printed, named):
    found = of(*printed)
    assert (found.mean, found.cv_percent) == (None, None)
    assert found.step.render() == f"no mean: {named} is beyond what was measured"


def test_no_readings_are_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="no readings"):
        summarise([])


@given(st.lists(st.decimals("0", "1000", places=4), min_size=1, max_size=8))
def test_the_mean_lies_among_the_readings(values):
    found = summarise([("=", value) for value in values])
    assert min(values) <= found.mean <= max(values)
    assert found.mean * len(values) == sum(map(Fraction, values))
