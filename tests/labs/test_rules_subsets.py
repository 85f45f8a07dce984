"""Absolute counts and stimulated cells over their control (DOMAIN 7)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.pcr import parse_result
from labs.rules.subsets import Measured, absolute_counts, over_control
from trial_site.protocol import current

PROTOCOL = current()


def measured(printed):
    return Measured(*parse_result(printed))


def counts(**printed):
    given = {code: measured(text) for code, text in printed.items()}
    return {row.analyte: row for row in absolute_counts(given, PROTOCOL)}


def text(message):
    return message.render().replace("\N{NO-BREAK SPACE}", " ")


def test_the_worked_examples():
    found = counts(lymphocytes="1.20", nk_percent="11.5", nk_bright_percent="6")
    assert list(found) == ["nk_count", "nk_bright_count"]
    assert (found["nk_count"].operator, found["nk_count"].value) == ("=", 138)
    assert text(found["nk_count"].step) == "1.20 × 1,000 × 11.5 ÷ 100 = 138 cells/µL"
    assert found["nk_bright_count"].value == Decimal("8.28")
    assert text(found["nk_bright_count"].step).endswith(" × 6 ÷ 100 = 8.28 cells/µL")


def test_dim_cells_are_counted_from_nk_cells():
    assert counts(nk_count="138", nk_dim_percent="90")["nk_dim_count"].value == Decimal("124.2")


def test_a_measured_count_stands_and_subsets_start_from_it():
    found = counts(lymphocytes="1.20", nk_percent="11.5", nk_count="150", nk_bright_percent="6")
    assert list(found) == ["nk_bright_count"]
    assert found["nk_bright_count"].value == 9


def test_a_measured_count_without_a_number_is_computed():
    found = counts(lymphocytes="1.20", nk_percent="11.5", nk_count="not evaluable")
    assert found["nk_count"].value == 138


def test_only_percentages_that_were_measured_are_counted():
    assert counts(lymphocytes="1.20") == {}


@pytest.mark.parametrize(
    ("lymphocytes", "percent", "operator", "value"),
    [
        ("1.20", "<0.1", "<", "1.2"),
        ("<0.2", "11.5", "<", "23"),
        ("<0.2", "<0.1", "<", "0.2"),
        ("1.20", ">99", ">", "1188"),
        (">4", ">50", ">", "2000"),
        ("<0.2", "0", "=", "0"),
        (">4", "0", "=", "0"),
        ("0", "<0.1", "=", "0"),
    ],
)
def test_a_bound_gives_a_bound(lymphocytes, percent, operator, value):
    row = counts(lymphocytes=lymphocytes, nk_percent=percent)["nk_count"]
    assert (row.operator, row.value) == (operator, Decimal(value))


def test_a_bound_is_shown_in_its_step():
    row = counts(lymphocytes="1.20", nk_percent="<0.1")["nk_count"]
    assert text(row.step) == "1.20 × 1,000 × <0.1 ÷ 100 = <1.2 cells/µL"


def test_a_subset_of_a_bound_is_a_bound():
    found = counts(lymphocytes="1.20", nk_percent="<0.1", nk_dim_percent="50")
    assert (found["nk_dim_count"].operator, found["nk_dim_count"].value) == ("<", Decimal("0.6"))


@pytest.mark.parametrize(
    ("printed", "why"),
    [
        ({"nk_percent": "11.5"}, "unknown: no result for Lymphocytes"),
        (
            {"lymphocytes": "not detected", "nk_percent": "11.5"},
            "unknown: Lymphocytes is not detected",
        ),
        (
            {"lymphocytes": "1.20", "nk_percent": "not evaluable"},
            "unknown: NK cells (CD3- CD16/56+), percent of lymphocytes is not evaluable",
        ),
        (
            {"lymphocytes": "<0.2", "nk_percent": ">50"},
            "unknown: <0.2 and >50 bound it on different sides",
        ),
    ],
)
def test_an_unknown_count_says_why(printed, why):
    row = counts(**printed)["nk_count"]
    assert (row.operator, row.value, text(row.step)) == ("NE", None, why)


def test_a_subset_of_an_unknown_count_is_unknown():
    found = counts(nk_percent="11.5", nk_dim_percent="90")
    assert found["nk_dim_count"].value is None
    assert text(found["nk_dim_count"].step).startswith("unknown: NK cells")


numbers = st.decimals("0", "100", places=6)


@given(numbers, numbers, numbers)
def test_a_count_is_exact(lymphocytes, nk, bright):
    found = counts(
        lymphocytes=f"{lymphocytes:f}", nk_percent=f"{nk:f}", nk_bright_percent=f"{bright:f}"
    )
    count = Fraction(lymphocytes) * 1000 * Fraction(nk) / 100
    assert Fraction(found["nk_count"].value) == count
    assert Fraction(found["nk_bright_count"].value) == count * Fraction(bright) / 100


# --- stimulated cells over the control ---------------------------------------------------------


def test_a_negative_difference_is_kept():
    row = over_control("cmv_cd8_percent", measured("0.3"), measured("0.45"))
    assert (row.operator, row.value) == ("=", Decimal("-0.15"))
    assert text(row.step) == "0.3 − 0.45 = -0.15 %"


def test_a_positive_difference():
    assert over_control("nk_ifng_percent", measured("25.0"), measured("1.2")).value == Decimal(
        "23.8"
    )


@pytest.mark.parametrize("pair", [("<0.1", "0.2"), ("3", "<0.1"), ("not evaluable", "0.1")])
def test_only_measured_numbers_are_subtracted(pair):
    row = over_control("nk_ifng_percent", *map(measured, pair))
    assert (row.operator, row.value) == ("NE", None)
    assert text(row.step).endswith("cannot be subtracted")
