"""Units, entry limits and numbers as text (DOMAIN 3, 6, 8)."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.limits import EntryLevel, check_limits
from labs.rules.numbers import half_up, plain, quantity, rounded
from labs.rules.units import ImpossiblePower, InconvertibleUnit, check_entry, to_canonical
from trial_site.protocol import current

PROTOCOL = current()


def entered(code: str, value: str | None, unit: str, operator: str = "="):
    return check_entry(
        PROTOCOL.analyte(code),
        None if value is None else Decimal(value),
        unit,
        clearance=PROTOCOL.clearance,
        operator=operator,
    )


@pytest.mark.parametrize(
    ("code", "value", "unit", "canonical"),
    [
        ("bilirubin", "1.2", "mg/dL", "20.52"),
        ("hemoglobin", "7.9", "g/dL", "79"),
        ("creatinine", "1.0", "mg/dL", "88.4"),
        ("creatinine", "150", "µmol/L", "150"),
        ("anc", "0.49", "10^3/µL", "0.49"),
        ("platelets", "24.9", "10^9/L", "24.9"),
        ("cmv_dna", "52000", "copies/mL", "52000"),
    ],
)
def test_values_are_converted_exactly(code, value, unit, canonical):
    assert to_canonical(PROTOCOL.analyte(code), Decimal(value), unit) == Decimal(canonical)


def test_the_worked_example_of_creatinine():
    mg_dl = Fraction(150) / Fraction(Decimal("88.4"))
    assert rounded(mg_dl, 3) == "1.697"


def test_a_long_value_is_not_rounded_to_28_digits():
    long = Decimal("1.2345678901234567890123456789")
    canonical = to_canonical(PROTOCOL.analyte("creatinine"), long, "mg/dL")
    assert Fraction(canonical) == Fraction(long) * Fraction(Decimal("88.4"))


@given(st.decimals(allow_nan=False, allow_infinity=False, places=12))
def test_conversion_is_the_exact_product(value):
    for analyte in PROTOCOL.analytes:
        for conversion in analyte.conversions:
            if conversion.logarithmic:
                continue
            canonical = to_canonical(analyte, value, conversion.unit)
            assert Fraction(canonical) == Fraction(value) * Fraction(conversion.factor)


@pytest.mark.parametrize(
    ("code", "unit"),
    [("cmv_dna", "IU/mL"), ("cmv_dna", "copies"), ("alt", "µkat/L"), ("creatinine", "")],
)
def test_a_unit_without_a_factor_is_never_guessed(code, unit):
    with pytest.raises(InconvertibleUnit) as refused:
        to_canonical(PROTOCOL.analyte(code), Decimal(1), unit)
    assert refused.value.message.params["unit"] == unit


# --- powers of ten, and the assay's own factor -------------------------------------------------

LOG = "log10 copies/mL"


@pytest.mark.parametrize(
    ("power", "copies"),
    [
        ("3", "1000"),
        ("3.0000", "1000"),
        ("0", "1"),
        ("-2", "0.01"),
        ("10", "10000000000"),
        ("20", "100000000000000000000"),
        ("-20", "0.00000000000000000001"),
    ],
)
def test_a_whole_power_of_ten_is_exact(power, copies):
    assert to_canonical(PROTOCOL.analyte("cmv_dna"), Decimal(power), LOG) == Decimal(copies)


@pytest.mark.parametrize(
    ("power", "copies"),
    [
        ("4.7160", "51999.59965335159915229716464"),
        ("2.9996", "999.0793899844617687008298743"),
        ("0.5", "3.162277660168379331998893544"),
    ],
)
def test_any_other_power_has_28_digits(power, copies):
    assert to_canonical(PROTOCOL.analyte("cmv_dna"), Decimal(power), LOG) == Decimal(copies)


@given(st.decimals(-20, 20, places=6), st.decimals(-20, 20, places=6))
def test_powers_keep_the_order_of_their_logarithms(one, other):
    low, high = sorted((one, other))
    analyte = PROTOCOL.analyte("cmv_dna")
    assert to_canonical(analyte, low, LOG) <= to_canonical(analyte, high, LOG)


@pytest.mark.parametrize("power", ["20.0001", "-20.0001", "52000", "1E99"])
@pytest.mark.parametrize("operator", ["=", "<", ">"])
def test_copies_typed_as_a_logarithm_are_impossible(power, operator):
    with pytest.raises(ImpossiblePower):
        to_canonical(PROTOCOL.analyte("cmv_dna"), Decimal(power), LOG)
    check = entered("cmv_dna", power, LOG, operator)
    assert check.level is EntryLevel.IMPOSSIBLE
    assert "the power of ten of copies/mL" in check.message.render()


@pytest.mark.parametrize(
    ("power", "level"),
    [
        ("1.9999", EntryLevel.DOUBTFUL),
        ("2", EntryLevel.OK),
        ("7", EntryLevel.OK),
        ("7.0001", EntryLevel.DOUBTFUL),
        ("10", EntryLevel.DOUBTFUL),
        ("10.0001", EntryLevel.IMPOSSIBLE),
    ],
)
def test_a_logarithm_is_held_against_the_limits_of_copies(power, level):
    assert entered("cmv_dna", power, LOG).level is level


def test_the_factor_of_the_assay_converts_iu_and_nothing_else():
    cmv, factor = PROTOCOL.analyte("cmv_dna"), Decimal("1.1")
    assert to_canonical(cmv, Decimal("137"), "IU/mL", factor=factor) == Decimal("150.7")
    assert to_canonical(cmv, Decimal("1000"), "copies/mL", factor=factor) == 1000
    assert to_canonical(cmv, Decimal(3), LOG, factor=factor) == 1000


@pytest.mark.parametrize("factor", [None, Decimal(0), Decimal(-1)])
def test_iu_without_a_factor_says_what_is_missing(factor):
    with pytest.raises(InconvertibleUnit) as refused:
        to_canonical(PROTOCOL.analyte("cmv_dna"), Decimal(1), "IU/mL", factor=factor)
    assert refused.value.message.render() == (
        "CMV-DNA in IU/mL needs the assay's own factor to copies/mL."
    )


@pytest.mark.parametrize(("code", "unit"), [("cmv_igm", "index"), ("cmv_igg", "U/mL")])
def test_serology_is_not_converted_by_any_factor(code, unit):
    with pytest.raises(InconvertibleUnit):
        to_canonical(PROTOCOL.analyte(code), Decimal(1), unit, factor=Decimal(2))
    limits = {"clearance": PROTOCOL.clearance, "factor": Decimal(2)}
    check = check_entry(PROTOCOL.analyte(code), Decimal("-1"), unit, **limits)
    assert check.level is EntryLevel.OK


@pytest.mark.parametrize(
    ("value", "level"),
    [("91", EntryLevel.OK), ("90", EntryLevel.DOUBTFUL), ("9.1E9", EntryLevel.IMPOSSIBLE)],
)
def test_iu_with_a_factor_is_held_against_the_limits(value, level):
    """100 copies/mL is 90.9 IU/mL at 1.1 copies each."""
    analyte, factor = PROTOCOL.analyte("cmv_dna"), Decimal("1.1")
    check = check_entry(
        analyte, Decimal(value), "IU/mL", clearance=PROTOCOL.clearance, factor=factor
    )
    assert check.level is level


# --- entry limits ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("0", EntryLevel.IMPOSSIBLE),
        ("0.01", EntryLevel.DOUBTFUL),
        ("99", EntryLevel.DOUBTFUL),
        ("100", EntryLevel.OK),
        ("52000", EntryLevel.OK),
        ("10000000", EntryLevel.OK),
        ("10000001", EntryLevel.DOUBTFUL),
        ("1E10", EntryLevel.DOUBTFUL),
        ("10000000001", EntryLevel.IMPOSSIBLE),
        (None, EntryLevel.OK),
    ],
)
def test_a_measured_cmv_dna_is_held_against_its_limits(value, level):
    assert entered("cmv_dna", value, "copies/mL").level is level


@pytest.mark.parametrize(
    ("operator", "value"), [("<", "50"), ("<", "1"), (">", "9E12"), ("ND", None)]
)
def test_bounds_and_not_detected_ask_nothing(operator, value):
    check = entered("cmv_dna", value, "copies/mL", operator)
    assert (check.level, check.message) == (EntryLevel.OK, None)


def test_a_unit_that_is_kept_as_printed_asks_nothing_and_an_unknown_one_is_refused():
    assert entered("cmv_dna", "5", "IU/mL").level is EntryLevel.OK
    with pytest.raises(InconvertibleUnit):
        entered("cmv_dna", "5", "copies")


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("4.99", EntryLevel.IMPOSSIBLE),
        ("5", EntryLevel.DOUBTFUL),
        ("29.9", EntryLevel.DOUBTFUL),
        ("30", EntryLevel.OK),
        ("300", EntryLevel.OK),
        ("300.1", EntryLevel.DOUBTFUL),
        ("3000", EntryLevel.DOUBTFUL),
        ("3000.1", EntryLevel.IMPOSSIBLE),
    ],
)
def test_creatinine_in_micromoles(value, level):
    assert entered("creatinine", value, "µmol/L").level is level


def test_creatinine_in_mg_dl_is_held_against_the_same_limits():
    assert entered("creatinine", "1.0", "mg/dL").level is EntryLevel.OK
    assert entered("creatinine", "0.339", "mg/dL").level is EntryLevel.DOUBTFUL  # 29.97 µmol/L
    assert entered("creatinine", "0.34", "mg/dL").level is EntryLevel.OK  # 30.06 µmol/L


@pytest.mark.parametrize(
    ("value", "level", "asks_for_the_unit"),
    [
        ("15", EntryLevel.DOUBTFUL, False),
        ("15.01", EntryLevel.DOUBTFUL, True),
        ("33.9", EntryLevel.DOUBTFUL, True),
        ("150", EntryLevel.IMPOSSIBLE, True),
    ],
)
def test_a_high_creatinine_in_mg_dl_asks_whether_the_unit_slipped(value, level, asks_for_the_unit):
    check = entered("creatinine", value, "mg/dL")
    assert check.level is level
    assert check.message.render().endswith("is this µmol/L?") is asks_for_the_unit


def test_only_creatinine_in_mg_dl_can_slip():
    in_micromoles = entered("creatinine", "400", "µmol/L").message.render()
    assert "is this" not in in_micromoles
    assert entered("bilirubin", "20", "mg/dL").level is EntryLevel.OK


@pytest.mark.parametrize(
    ("value", "level"),
    [
        ("-25.01", EntryLevel.IMPOSSIBLE),
        ("-25", EntryLevel.OK),
        ("-0.957", EntryLevel.OK),
        ("100", EntryLevel.OK),
        ("100.01", EntryLevel.IMPOSSIBLE),
    ],
)
def test_specific_lysis_may_be_negative_but_not_without_limit(value, level):
    assert entered("nk_lysis", value, "%").level is level


def test_a_doubtful_and_an_impossible_value_say_what_was_expected():
    doubt = entered("creatinine", "29.9", "µmol/L").message
    refusal = entered("creatinine", "3000.1", "µmol/L").message
    assert doubt.render() == (
        "29.9\N{NO-BREAK SPACE}µmol/L is unusual: expected at least 30. Is this right?"
    )
    assert refusal.render() == (
        "3,000.1\N{NO-BREAK SPACE}µmol/L is impossible: it must be at most 3,000."
    )


@given(st.decimals("-1E6", "1E12", places=4))
def test_the_check_agrees_with_the_protocols_bounds(value):
    for analyte in PROTOCOL.analytes:
        limits = analyte.entry_limits
        level = check_limits(limits, value).level
        assert (level is EntryLevel.IMPOSSIBLE) == limits.is_impossible(value)
        if not limits.is_impossible(value):
            assert (level is EntryLevel.DOUBTFUL) == limits.is_doubtful(value)


# --- numbers as text -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (Decimal("0.5"), 0, "1"),
        (Decimal("-0.5"), 0, "-1"),
        (Decimal("2.675"), 2, "2.68"),
        (Fraction(1, 3), 4, "0.3333"),
        (Fraction(-2, 3), 2, "-0.67"),
        (Fraction(-1, 1000), 2, "0.00"),
        (Decimal("1234.5"), 1, "1,234.5"),
        (7, 2, "7.00"),
    ],
)
def test_numbers_are_rounded_half_up_from_their_exact_value(value, places, text):
    assert rounded(value, places) == text


@given(st.fractions(-1_000_000, 1_000_000), st.integers(0, 6))
def test_rounding_moves_a_number_by_at_most_half_a_place(value, places):
    assert abs(Fraction(half_up(value, places)) - value) <= Fraction(1, 2 * 10**places)


@pytest.mark.parametrize(
    ("value", "text"),
    [("52000", "52,000"), ("1E+7", "10,000,000"), ("0.4900", "0.49"), ("80.0", "80"), ("0", "0")],
)
def test_a_plain_number_has_no_exponent_and_no_trailing_zeros(value, text):
    assert plain(Decimal(value)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("28840315.03126605942391969247", "28,840,315.03"),  # 10 to the power of 7.46
        ("28840315.0312660594239196", "28,840,315.0312660594239196"),  # what can be printed
        ("1E+20", "100,000,000,000,000,000,000"),
    ],
)
def test_digits_that_no_instrument_prints_are_not_shown(value, text):
    assert plain(Decimal(value)) == text


def test_a_logarithm_beyond_a_limit_is_asked_about_in_numbers_that_can_be_read():
    assert entered("cmv_dna", "7.46", LOG).message.render() == (
        "28,840,315.03\N{NO-BREAK SPACE}copies/mL is unusual: expected at most 10,000,000. "
        "Is this right?"
    )


def test_a_quantity_is_never_broken_over_two_lines():
    assert quantity(Fraction(7, 2), "mg") == "3.50\N{NO-BREAK SPACE}mg"
