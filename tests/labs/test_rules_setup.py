"""What a laboratory may declare about its ranges and its assays (DOMAIN 6, 7 and 8)."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from labs.rules.ranges import RangeRow
from labs.rules.setup import (
    AssayRow,
    assay_faults,
    limits_text,
    range_faults,
    range_text,
)
from trial_site.protocol import current

NEW_YEAR = dt.date(2026, 1, 1)
ANC = RangeRow("anc", "", "10^9/L", Decimal("1.8"), Decimal("6.3"), NEW_YEAR, None)
PCR = AssayRow("cmv_dna", "PCR-CMV-2", "copies/mL", lod=Decimal(200), lloq=Decimal(500))
IGM = AssayRow(
    "cmv_igm", "Kit A", "index", positive_from=Decimal("1.00"), grey_from=Decimal("0.85")
)


def at_fault(row: RangeRow | AssayRow) -> list[str]:
    find = range_faults if isinstance(row, RangeRow) else assay_faults
    return [name for name, _ in find(row, current())]  # type: ignore[operator]


@pytest.mark.parametrize("row", [ANC, PCR, IGM])
def test_what_agrees_with_itself_has_no_fault(row: RangeRow | AssayRow) -> None:
    assert at_fault(row) == []


@pytest.mark.parametrize(("low", "high"), [("1.8", None), (None, "6.3"), ("1.8", "1.9")])
def test_one_limit_is_enough(low: str | None, high: str | None) -> None:
    limits = {"low": low and Decimal(low), "high": high and Decimal(high)}
    assert at_fault(replace(ANC, **limits)) == []


def test_a_range_without_limits_says_nothing() -> None:
    assert at_fault(replace(ANC, low=None, high=None)) == ["low"]


@pytest.mark.parametrize("high", ["1.8", "1.7"])
def test_the_upper_limit_is_above_the_lower_one(high: str) -> None:
    assert at_fault(replace(ANC, high=Decimal(high))) == ["high"]


@pytest.mark.parametrize(
    ("last", "faults"),
    [(dt.date(2025, 12, 31), ["valid_to"]), (NEW_YEAR, []), (dt.date(2026, 1, 2), [])],
)
def test_a_range_ends_on_its_first_day_at_the_earliest(last: dt.date, faults: list[str]) -> None:
    assert at_fault(replace(ANC, valid_to=last)) == faults


@pytest.mark.parametrize("unit", ["g/L", "U/L", ""])
def test_a_range_is_in_a_unit_of_its_analyte(unit: str) -> None:
    assert at_fault(replace(ANC, unit=unit)) == ["unit"]


def test_the_units_that_fit_are_named() -> None:
    ((_, message),) = range_faults(replace(ANC, unit="g/L"), current())
    assert str(message) == "Neutrophils (ANC) is not measured in g/L: use ×10⁹/L, ×10³/µL, /µL"


@pytest.mark.parametrize(("lloq", "faults"), [("199", ["lloq"]), ("200", []), ("201", [])])
def test_what_is_quantified_is_detected(lloq: str, faults: list[str]) -> None:
    assert at_fault(replace(PCR, lloq=Decimal(lloq))) == faults


@pytest.mark.parametrize(("uloq", "faults"), [("500", ["uloq"]), ("501", [])])
def test_the_limits_of_quantification_rise(uloq: str, faults: list[str]) -> None:
    assert at_fault(replace(PCR, uloq=Decimal(uloq))) == faults


def test_a_factor_stands_nowhere_without_its_source() -> None:
    iu = replace(PCR, unit="IU/mL")
    assert at_fault(replace(iu, copies_per_iu=Decimal("1.1"))) == ["factor_source"]
    assert at_fault(replace(iu, factor_source="Instructions, 2024")) == ["factor_source"]
    both = replace(iu, copies_per_iu=Decimal("1.1"), factor_source="Instructions, 2024")
    assert at_fault(both) == []


@pytest.mark.parametrize(("factor", "faults"), [("0", ["copies_per_iu"]), ("0.01", [])])
def test_a_factor_is_above_zero(factor: str, faults: list[str]) -> None:
    row = replace(PCR, copies_per_iu=Decimal(factor), factor_source="Instructions")
    assert at_fault(row) == faults


def test_an_antibody_is_never_converted() -> None:
    row = replace(IGM, copies_per_iu=Decimal("1.1"), factor_source="Instructions")
    assert at_fault(row) == ["copies_per_iu"]


def test_only_antibodies_have_cut_offs() -> None:
    assert at_fault(replace(PCR, positive_from=Decimal(1000))) == ["positive_from"]


@pytest.mark.parametrize(
    ("grey", "faults"), [("0.99", []), ("1.00", ["grey_from"]), ("1.01", ["grey_from"])]
)
def test_the_grey_zone_lies_below_what_is_positive(grey: str, faults: list[str]) -> None:
    assert at_fault(replace(IGM, grey_from=Decimal(grey))) == faults


def test_a_grey_zone_needs_what_is_positive() -> None:
    assert at_fault(replace(IGM, positive_from=None)) == ["positive_from"]


@pytest.mark.parametrize("kit", current().serology_kits)
def test_every_kit_of_the_protocol_can_be_registered(kit) -> None:  # type: ignore[no-untyped-def]
    row = AssayRow(
        kit.analyte, "Kit", kit.unit, positive_from=kit.positive_from, grey_from=kit.grey_from
    )
    assert at_fault(row) == []


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        ("1.8", "6.3", "1.8–6.3 ×10⁹/L"),
        ("1.8", None, "≥ 1.8 ×10⁹/L"),
        (None, "6.3", "≤ 6.3 ×10⁹/L"),
        (None, None, ""),
    ],
)
def test_limits_in_words(low: str | None, high: str | None, text: str) -> None:
    numbers = [None if number is None else Decimal(number) for number in (low, high)]
    written = limits_text(*numbers, "10^9/L").replace("\N{NO-BREAK SPACE}", " ")
    assert written == text


@pytest.mark.parametrize(
    ("last", "text"),
    [
        (None, "1.8–6.3 ×10⁹/L from 2026-01-01 on"),
        (dt.date(2026, 3, 31), "1.8–6.3 ×10⁹/L from 2026-01-01 to 2026-03-31"),
    ],
)
def test_a_range_in_words(last: dt.date | None, text: str) -> None:
    words = str(range_text(replace(ANC, valid_to=last)))
    assert words.replace("\N{NO-BREAK SPACE}", " ") == text
