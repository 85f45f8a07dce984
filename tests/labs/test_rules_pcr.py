"""CMV-DNA results: reading print, the 10^3 threshold, logarithms (DOMAIN 6)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.pcr import (
    Operator,
    PcrClass,
    PcrValue,
    UnreadableResult,
    canonical,
    classify,
    explain,
    log10_text,
    parse_result,
)
from trial_site.protocol import current

RULE = current().pcr


def pcr(
    operator: str,
    value: str | None,
    unit: str = "copies/mL",
    lod: str | None = None,
    factor: str | None = None,
):
    return PcrValue(
        operator,
        None if value is None else Decimal(value),
        unit,
        lod=None if lod is None else Decimal(lod),
        factor=None if factor is None else Decimal(factor),
    )


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("=", "999", PcrClass.NEGATIVE),
        ("=", "999.9999999999", PcrClass.NEGATIVE),
        ("=", "1000", PcrClass.AT_THRESHOLD),
        ("=", "1000.00", PcrClass.AT_THRESHOLD),
        ("=", "1000.0000000001", PcrClass.ABOVE),
        ("=", "1001", PcrClass.ABOVE),
        ("=", "52000", PcrClass.ABOVE),
        ("<", "500", PcrClass.NEGATIVE),
        ("<", "1000", PcrClass.NEGATIVE),
        ("<", "1000.1", PcrClass.UNKNOWN),
        ("<", "2000", PcrClass.UNKNOWN),
        (">", "9100000", PcrClass.ABOVE),
        (">", "1000", PcrClass.ABOVE),
        (">", "999", PcrClass.UNKNOWN),
    ],
)
def test_a_printed_number_is_held_against_a_thousand_copies(operator, value, expected):
    assert classify(pcr(operator, value), RULE) is expected


@pytest.mark.parametrize(
    ("lod", "expected"),
    [
        ("91", PcrClass.NEGATIVE),
        ("1000", PcrClass.NEGATIVE),
        ("1001", PcrClass.UNKNOWN),
        (None, PcrClass.UNKNOWN),
    ],
)
def test_not_detected_is_negative_only_by_an_assay_that_would_have_seen_it(lod, expected):
    assert classify(pcr("ND", None, lod=lod), RULE) is expected


@pytest.mark.parametrize(
    "value",
    [
        pcr("=", "52000", unit="IU/mL"),
        pcr("=", "10", unit="IU/mL"),
        pcr("<", "500", unit="IU/mL"),
        pcr("ND", None, unit="IU/mL", lod="91"),
        pcr("=", "52000", unit="copies"),
        pcr("=", None),
        pcr("<", None),
        pcr("=", "NaN"),
        pcr("=", "Infinity"),
        pcr("=", "0"),
        pcr("=", "-5"),
        pcr("<", "0"),
        pcr("ND", None, lod="NaN"),
        pcr("~", "500"),
    ],
)
def test_what_cannot_be_decided_is_unknown_and_never_negative(value):
    assert classify(value, RULE) is PcrClass.UNKNOWN


@pytest.mark.parametrize(
    ("operator", "value", "factor", "expected"),
    [
        ("=", "909", "1.1", PcrClass.NEGATIVE),  # 999.9 copies
        ("=", "910", "1.1", PcrClass.ABOVE),  # 1001 copies
        ("=", "1000", "1", PcrClass.AT_THRESHOLD),
        ("=", "909.1", "1.1", PcrClass.ABOVE),
        ("=", "137", "1.1", PcrClass.NEGATIVE),
        ("=", "640", "1.5625", PcrClass.AT_THRESHOLD),  # whole blood, 0.64 IU a copy
        ("=", "639.99", "1.5625", PcrClass.NEGATIVE),
        ("=", "640.01", "1.5625", PcrClass.ABOVE),
        ("<", "137", "1.1", PcrClass.NEGATIVE),
        ("<", "910", "1.1", PcrClass.UNKNOWN),
        (">", "9.1E6", "1.1", PcrClass.ABOVE),
        (">", "909", "1.1", PcrClass.UNKNOWN),
        ("=", "52000", None, PcrClass.UNKNOWN),
        ("=", "52000", "0", PcrClass.UNKNOWN),
    ],
)
def test_iu_count_only_by_the_factor_of_the_assay(operator, value, factor, expected):
    assert classify(pcr(operator, value, unit="IU/mL", factor=factor), RULE) is expected


@pytest.mark.parametrize(
    ("lod", "factor", "expected"),
    [
        ("91", "1.1", PcrClass.NEGATIVE),
        ("909", "1.1", PcrClass.NEGATIVE),
        ("910", "1.1", PcrClass.UNKNOWN),
        ("91", None, PcrClass.UNKNOWN),
    ],
)
def test_the_limit_of_detection_counts_by_the_factor_too(lod, factor, expected):
    assert classify(pcr("ND", None, unit="IU/mL", lod=lod, factor=factor), RULE) is expected


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("=", "2.9996", PcrClass.NEGATIVE),
        ("=", "2.999999999", PcrClass.NEGATIVE),
        ("=", "3", PcrClass.AT_THRESHOLD),
        ("=", "3.0000", PcrClass.AT_THRESHOLD),
        ("=", "3.000000001", PcrClass.ABOVE),
        ("=", "4.7160", PcrClass.ABOVE),
        ("=", "0", PcrClass.NEGATIVE),  # one copy: what 0 means is for the mapping to say
        ("<", "3", PcrClass.NEGATIVE),
        ("<", "3.1", PcrClass.UNKNOWN),
        (">", "3", PcrClass.ABOVE),
        ("=", "52000", PcrClass.UNKNOWN),
        ("=", "NaN", PcrClass.UNKNOWN),
    ],
)
def test_a_logarithm_is_judged_by_its_copies(operator, value, expected):
    assert classify(pcr(operator, value, unit="log10 copies/mL"), RULE) is expected


def test_a_converted_result_keeps_its_limits_and_its_print():
    value = PcrValue(
        "=",
        Decimal(1000),
        "IU/mL",
        lloq=Decimal(137),
        lod=Decimal(91),
        uloq=Decimal("9.1E6"),
        factor=Decimal("1.1"),
    )
    read = canonical(value, RULE)
    assert (read.value, read.unit) == (1100, "copies/mL")
    assert (read.lloq, read.lod, read.uloq) == (Decimal("150.7"), Decimal("100.1"), 10_010_000)
    assert canonical(read, RULE) is read
    assert value.text.render() == "1,000\N{NO-BREAK SPACE}IU/mL"


def test_what_nothing_converts_stays_as_it_is():
    value = pcr("=", "1000", unit="IU/mL")
    assert canonical(value, RULE) is value


def test_the_limits_of_the_assay_do_not_change_what_a_number_says():
    value = PcrValue("=", Decimal("1200"), "copies/mL", lloq=Decimal("2000"), uloq=Decimal("100"))
    assert classify(value, RULE) is PcrClass.ABOVE


@given(st.decimals("0.01", "1E10", places=2))
def test_a_number_is_on_exactly_one_side(number):
    expected = {
        number < 1000: PcrClass.NEGATIVE,
        number == 1000: PcrClass.AT_THRESHOLD,
        number > 1000: PcrClass.ABOVE,
    }[True]
    assert classify(PcrValue("=", number, "copies/mL"), RULE) is expected


@given(st.decimals("0.01", "1E10", places=2))
def test_a_bound_is_never_at_the_threshold_and_never_on_its_wrong_side(number):
    below = classify(PcrValue("<", number, "copies/mL"), RULE)
    above = classify(PcrValue(">", number, "copies/mL"), RULE)
    assert below is (PcrClass.NEGATIVE if number <= 1000 else PcrClass.UNKNOWN)
    assert above is (PcrClass.ABOVE if number >= 1000 else PcrClass.UNKNOWN)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (pcr("=", "52000"), "52,000 copies/mL is above 1,000 copies/mL"),
        (pcr("<", "500"), "<500 copies/mL is below 1,000 copies/mL"),
        (pcr("=", "1000"), "1,000 copies/mL is exactly the threshold: repeat it"),
        (
            pcr("<", "2000"),
            "<2,000 copies/mL does not say on which side of 1,000 copies/mL it lies",
        ),
        (pcr("=", "800", unit="IU/mL"), "800 IU/mL is not in copies/mL: never converted"),
        (
            pcr("=", "910", unit="IU/mL", factor="1.1"),
            "910 IU/mL = 1,001 copies/mL is above 1,000 copies/mL",
        ),
        (
            pcr("=", "4.716", unit="log10 copies/mL"),
            "4.716 log10 copies/mL = 51,999.60 copies/mL is above 1,000 copies/mL",
        ),
        (
            pcr("=", "2.9999999", unit="log10 copies/mL"),
            "2.9999999 log10 copies/mL = 999.9998 copies/mL is below 1,000 copies/mL",
        ),
        (
            pcr("<", "2", unit="log10 copies/mL"),
            "<2 log10 copies/mL = <100 copies/mL is below 1,000 copies/mL",
        ),
        (pcr("ND", None), "not detected, but the limit of detection is missing"),
        (
            pcr("ND", None, lod="1500"),
            "not detected, but the limit of detection, 1,500 copies/mL, lies above 1,000 copies/mL",
        ),
        (
            pcr("ND", None, lod="91"),
            "not detected, by an assay that detects from 91 copies/mL, at most 1,000 copies/mL",
        ),
        (pcr("=", None), "the result has no usable number"),
    ],
)
def test_every_class_says_why(value, sentence):
    pcr_class, why = explain(value, RULE)
    assert pcr_class is classify(value, RULE)
    assert why.render().replace("\N{NO-BREAK SPACE}", " ") == sentence


@pytest.mark.parametrize(
    ("copies", "shown"),
    [("52000", "4.7160"), ("1000", "3.0000"), ("999", "2.9996"), ("1", "0.0000")],
)
def test_log10_is_shown_to_four_places(copies, shown):
    assert log10_text(Decimal(copies)) == shown


def test_a_display_that_reads_like_the_threshold_does_not_decide():
    assert round(float(log10_text(Decimal("999"))), 2) == 3.00
    assert classify(pcr("=", "999"), RULE) is PcrClass.NEGATIVE


@pytest.mark.parametrize("copies", ["0", "-1", "NaN", "Infinity"])
def test_what_has_no_logarithm_is_refused(copies):
    with pytest.raises(ValueError, match="no logarithm"):
        log10_text(Decimal(copies))


@pytest.mark.parametrize(
    ("printed", "operator", "value"),
    [
        ("52,000", "=", "52000"),
        ("52000", "=", "52000"),
        ("9,100,000", "=", "9100000"),
        ("1,234.5", "=", "1234.5"),
        ("= 350", "=", "350"),
        ("<500", "<", "500"),
        ("> 9100000", ">", "9100000"),
        ("\uff1c\uff15\uff10\uff10", "<", "500"),  # full width, as a Chinese keyboard types it
        ("\u3000\uff1e\u30001\uff0c000", ">", "1000"),
        ("  >  1,000 ", ">", "1000"),
        ("5.2E+04", "=", "52000"),
        ("5.2e4", "=", "52000"),
        ("5.2×10^4", "=", "52000"),
        ("< 1.0 x 10^3", "<", "1000"),
        ("0.5", "=", "0.5"),
        ("0", "=", "0"),
        ("not detected", "ND", None),
        ("Not Detected", "ND", None),
        ("Target not detected", "ND", None),
        ("ND", "ND", None),
        (" nd ", "ND", None),
        ("未检出", "ND", None),
        ("未检测到", "ND", None),
    ],
)
def test_what_a_laboratory_prints_is_read(printed, operator, value):
    read_operator, read_value = parse_result(printed)
    assert read_operator == operator
    assert read_value == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    "printed",
    [
        "5,2",
        "52,00",
        "0,500",
        "5,20,000",
        "1.000,5",
        "52 000",
        "阴性",
        "阳性",
        "negative",
        "positive",
        "",
        "   ",
        "-5",
        "<",
        "< LOD",
        "<<500",
        "<=500",
        "≥1000",
        "~500",
        "500 copies/mL",
        "10⁴",
        "5.2×10⁴",
        "1E999",
        "NaN",
        "Infinity",
        "1_000",
        "٣٠٠",
        "not  tested",
    ],
)
def test_what_could_mean_two_things_is_refused_with_a_sentence(printed):
    with pytest.raises(UnreadableResult) as refused:
        parse_result(printed)
    assert "%(" not in refused.value.message.render()
    assert refused.value.message.render() == str(refused.value)


def test_a_decimal_comma_gets_its_own_sentence():
    with pytest.raises(UnreadableResult, match="a comma may only part thousands"):
        parse_result("5,2")


@given(
    st.sampled_from([Operator.EQUAL, Operator.BELOW, Operator.ABOVE]),
    st.decimals("0", "1E10", places=3),
)
def test_what_is_shown_is_read_back_unchanged(operator, number):
    shown = PcrValue(operator, number, "copies/mL").text.render()
    printed = shown.removesuffix("\N{NO-BREAK SPACE}copies/mL")
    assert parse_result(printed) == (operator, number)
