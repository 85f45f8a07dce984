"""Numbers are shown rounded without misleading (DOMAIN, rule of three states)."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.wording import as_typed, compact, dose, rounded, rounded_apart


@pytest.mark.parametrize(
    ("value", "typed", "as_dose"),
    [
        ("60.0", "60.0", "60"),
        ("48", "48", "48"),
        ("0.50", "0.50", "0.5"),
        ("0.75", "0.75", "0.75"),
        ("100", "100", "100"),
        ("1E+2", "100", "100"),
        ("52000", "52,000", "52,000"),
        ("0.0", "0.0", "0"),
    ],
)
def test_digits_as_typed_and_as_a_dose(value: str, typed: str, as_dose: str) -> None:
    assert as_typed(Decimal(value)) == typed
    assert dose(Decimal(value)) == as_dose


@pytest.mark.parametrize(
    ("value", "places", "shown"),
    [
        (Fraction(1), 2, "1.00"),
        (Fraction(1, 8), 2, "0.13"),
        (Fraction(-1, 8), 2, "-0.13"),
        (Fraction(-1, 1000), 2, "0.00"),
        (Fraction(12345678, 10), 0, "1,234,568"),
        (Decimal("0.005"), 2, "0.01"),
    ],
)
def test_rounded_half_up(value: Fraction | Decimal, places: int, shown: str) -> None:
    assert rounded(value, places) == shown


@pytest.mark.parametrize(
    ("value", "limit", "shown"),
    [
        (Fraction(30), 30, "30.00"),
        (Fraction("30.0008"), 30, "30.001"),
        (Fraction("29.9992"), 30, "29.999"),
        (Fraction("29.958"), 30, "29.96"),
        (Fraction("0.99999"), Decimal("1.0"), "0.99999"),
        (Fraction(1, 10**20), 0, "0.000000000000"),
    ],
)
def test_rounding_stays_apart_from_the_limit(
    value: Fraction, limit: Decimal | int, shown: str
) -> None:
    assert rounded_apart(value, limit) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(Fraction(60), "60"), (Fraction(200, 3), "66.67"), (Fraction(1, 300), "0.003")],
)
def test_a_computed_dose_has_no_trailing_zeros_and_is_never_zero(
    value: Fraction, shown: str
) -> None:
    assert compact(value) == shown


@given(st.decimals(0, 10**9, places=6), st.integers(0, 5))
def test_rounding_agrees_with_decimal(value: Decimal, places: int) -> None:
    quantum = Decimal(1).scaleb(-places)

    assert rounded(value, places) == f"{value.quantize(quantum, ROUND_HALF_UP):,f}"


@given(st.decimals(0, 1000, places=4), st.decimals(0, 1000, places=4))
def test_what_is_shown_is_on_the_side_of_the_limit(value: Decimal, limit: Decimal) -> None:
    shown = Decimal(rounded_apart(value, limit).replace(",", ""))
    shown_limit = Decimal(rounded(limit, 2).replace(",", ""))

    if value == limit:
        assert shown == shown_limit
    elif shown.as_tuple().exponent == -2:
        assert shown != shown_limit
    else:
        assert (shown > limit) is (value > limit)
