"""Rows of a laboratory's file as results: exact, with their units, or with what is wrong."""

import datetime as dt
from collections import Counter
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.readers import read
from labs.rules.completeness import check
from labs.rules.dates import DateOrder
from labs.rules.drafts import Draft, RowReader, RowReading
from labs.rules.guessing import guess
from labs.rules.mapping import Mapping
from labs.rules.pcr import Operator, UnreadableResult
from labs.rules.printed import NumberStyle
from labs.rules.tables import Cell, CellKind, Row, text_cell
from tests.shared import shared_path

SHANGHAI = ZoneInfo("Asia/Shanghai")
LONG = {
    "id": "participant",
    "at": "collected",
    "got": "received",
    "no": "accession",
    "test": "analyte",
    "value": "value",
    "unit": "unit",
    "tube": "specimen",
    "range": "range",
    "status": "status",
    "kind": "filter",
}
USUAL = {
    "id": "01-004",
    "at": "2026-03-05 08:30",
    "got": "2026-03-05 09:15",
    "no": "ACC-7",
    "test": "anc",
    "value": "3.5",
    "unit": "10*9/L",
    "tube": "PLAS",
    "range": "1.8-6.3",
    "status": "F",
    "kind": "blood",
}


def mapping(**changes: Any) -> Mapping:
    usual: dict[str, Any] = {"columns": LONG, "filters": {"kind": "blood"}}
    return Mapping(**usual | changes)


def reading(how: Mapping | None = None, **cells: str | Cell) -> RowReading:
    values = USUAL | cells
    row = tuple(v if isinstance(v, Cell) else text_cell(v) for v in values.values())
    return RowReader(how or mapping(), tuple(values), SHANGHAI).read(Row(2, row))


def draft(how: Mapping | None = None, **cells: str | Cell) -> Draft:
    found = reading(how, **cells)
    assert found.problems == ()
    (one,) = found.drafts
    return one


def problems(how: Mapping | None = None, **cells: str | Cell) -> list[str]:
    found = reading(how, **cells)
    assert found.drafts == ()
    assert not found.left_out
    return [str(problem) for problem in found.problems]


ASSAY = {"assay": "PCR-CMV-2", "lod": "91", "lloq": "137", "uloq": "9.1E6"}


def test_a_row_is_a_result_with_all_that_it_says() -> None:
    assert draft() == Draft(
        subject="01-004",
        collected_at=dt.datetime(2026, 3, 5, 8, 30, tzinfo=SHANGHAI),
        received_at=dt.datetime(2026, 3, 5, 9, 15, tzinfo=SHANGHAI),
        accession="ACC-7",
        specimen="plasma",
        analyte="anc",
        operator=Operator.EQUAL,
        value=Decimal("3.5"),
        unit="10^9/L",
        assay="",
        kit_lot="",
        lod=None,
        lloq=None,
        uloq=None,
        lln=Decimal("1.8"),
        uln=Decimal("6.3"),
        status="final",
    )


def test_an_assay_and_its_limits_for_all_rows_are_those_of_the_analyte_that_has_them() -> None:
    one = pcr("<137", constants=ASSAY)
    assert (one.assay, one.lod, one.lloq, one.uloq) == ("PCR-CMV-2", 91, 137, 9_100_000)
    other = draft(mapping(constants=ASSAY))
    assert (other.assay, other.lod, other.lloq, other.uloq) == ("", None, None, None)
    columns = {name: held for name, held in LONG.items() if name not in ("test", "range")}
    alone = mapping(columns=columns, constants=ASSAY | {"analyte": "anc"})
    assert draft(alone).assay == "PCR-CMV-2"


def test_only_what_may_be_the_same_in_all_rows_is_taken_from_the_mapping() -> None:
    how = mapping(constants={"value": "3.5", "participant": "01-004", "collected": "2026-03-05"})
    assert len(problems(how, id="", value="", at="")) == 3


def test_a_number_of_a_workbook_is_read_with_its_point_whatever_the_text_uses() -> None:
    how = mapping(decimal_comma=True)
    assert draft(how, value=Cell("3.5", CellKind.NUMBER), range="").value == Decimal("3.5")
    assert "has a point" in problems(how, value="3.5", range="")[0]


def test_a_sign_of_percent_alone_is_no_result() -> None:
    assert "Enter the result" in problems(test="nk_percent", value="%", unit="%", range="")[0]


def test_words_of_the_laboratory_are_translated() -> None:
    how = mapping(
        participants={"7": "01-009"},
        analytes={"中性粒": "anc"},
        specimens={"紫管": "whole_blood"},
        units={"千": "10^9/L"},
    )
    one = draft(how, id="7", test="中性粒", tube="紫管", unit="千", status="已更正")
    assert (one.subject, one.analyte, one.specimen) == ("01-009", "anc", "whole_blood")
    assert (one.unit, one.status) == ("10^9/L", "corrected")


def test_rows_that_the_mapping_does_not_want_are_left_out() -> None:
    assert reading(kind="urine") == RowReading(left_out=True)
    assert reading(mapping(analytes={"RBC": ""}), test="rbc") == RowReading(left_out=True)


def test_a_row_that_its_file_found_wrong_stays_wrong() -> None:
    table = read("a.csv", ",".join(USUAL).encode() + b"\n" + b"A,b,c,d,e,f,g,h,i,j,blood,x\n")
    found = RowReader(mapping(), table.header, SHANGHAI).read(table.rows[0])
    assert found.problems == table.rows[0].problems


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("style", "text", "operator", "value"),
    [
        (NumberStyle(), "3.5", "=", "3.5"),
        (NumberStyle(), "<500", "<", "500"),
        (NumberStyle(), "＞１０", ">", "10"),  # noqa: RUF001
        (NumberStyle(), "-0.957", "=", "-0.957"),
        (NumberStyle(), "−0.957", "=", "-0.957"),
        (NumberStyle(), "5.2E4", "=", "52000"),
        (NumberStyle(), "5.2×10^4", "=", "52000"),
        (NumberStyle(decimal_comma=True), "3,5", "=", "3.5"),
        (NumberStyle(decimal_comma=True), "<0,50", "<", "0.50"),
        (NumberStyle(decimal_comma=True), "52,000", "=", "52.000"),
        (NumberStyle(thousands=True), "52,000", "=", "52000"),
        (NumberStyle(thousands=True), "1,234,567.8", "=", "1234567.8"),
        (NumberStyle(thousands=True), "52 000", "=", "52000"),
        (NumberStyle(thousands=True), "52\N{NARROW NO-BREAK SPACE}000", "=", "52000"),
        (NumberStyle(thousands=True), "52’000", "=", "52000"),
        (NumberStyle(decimal_comma=True, thousands=True), "52.000,5", "=", "52000.5"),
        (NumberStyle(decimal_comma=True, thousands=True), "<1 234,5", "<", "1234.5"),
    ],
)
def test_numbers_are_read_in_the_style_of_the_mapping(
    style: NumberStyle, text: str, operator: str, value: str
) -> None:
    assert style.read(text) == (operator, Decimal(value))


@pytest.mark.parametrize(
    ("style", "text"),
    [
        (NumberStyle(), "3,5"),
        (NumberStyle(), "52,000"),
        (NumberStyle(), "52 000"),
        (NumberStyle(thousands=True), "3,5"),
        (NumberStyle(thousands=True), "52,00,000"),
        (NumberStyle(thousands=True), "1,234 567"),
        (NumberStyle(thousands=True), "1.2.3"),
        (NumberStyle(decimal_comma=True), "3.5"),
        (NumberStyle(decimal_comma=True), "1.234,5"),
        (NumberStyle(decimal_comma=True, thousands=True), "3.5"),
        (NumberStyle(decimal_comma=True), "1,2,3"),
        (NumberStyle(), "<-5"),
        (NumberStyle(), "10³"),
        (NumberStyle(), "≤5"),
        (NumberStyle(), "5 mg"),
        (NumberStyle(), "阴性"),
        (NumberStyle(), "1E99"),
        (NumberStyle(), "--5"),
    ],
)
def test_a_number_that_could_be_two_is_refused(style: NumberStyle, text: str) -> None:
    with pytest.raises(UnreadableResult):
        style.read(text)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("3.5-9.5", ("3.5", "9.5")),
        ("3.5 – 9.5", ("3.5", "9.5")),
        ("3.5--9.5", ("3.5", "9.5")),
        ("3.5～9.5", ("3.5", "9.5")),  # noqa: RUF001
        ("<40", (None, "40")),
        ("≤40", (None, "40")),
        ("<=40", (None, "40")),
        (">60", ("60", None)),
        ("≥60", ("60", None)),
        ("阴性", (None, None)),
        ("", (None, None)),
    ],
)
def test_ranges_of_normal(text: str, limits: tuple[str | None, str | None]) -> None:
    low, high = (Decimal(limit) if limit else None for limit in limits)
    assert NumberStyle().read_range(text) == (low, high)


def test_a_range_with_figures_that_is_none_is_a_problem() -> None:
    assert "not a range" in problems(range="1:128")[0]
    assert "is not below" in problems(range="9.5-3.5")[0]
    assert "has a comma" in problems(range="3,5-9,5")[0]


# --- not detected, and powers of ten ------------------------------------------------------------


def pcr(value: str, unit: str = "copies/mL", **changes: Any) -> Draft:
    return draft(mapping(**changes), test="cmv_dna", value=value, unit=unit, range="")


@pytest.mark.parametrize("text", ["0", "0.0", "0.000", "neg", "Not detected", "ND"])
def test_what_the_file_writes_for_not_detected_is_not_detected(text: str) -> None:
    one = pcr(text, not_detected=("0", "NEG"))
    assert (one.operator, one.value) == (Operator.NOT_DETECTED, None)


def test_a_number_near_it_or_below_it_is_a_number() -> None:
    assert pcr("0.1", not_detected=("0",)).value == Decimal("0.1")
    assert pcr("<0", not_detected=("0",)).operator == Operator.BELOW


def test_a_count_of_zero_cells_is_never_not_detected() -> None:
    one = draft(mapping(not_detected=("0",)), value="0")
    assert (one.operator, one.value) == (Operator.EQUAL, 0)


@pytest.mark.parametrize(
    ("lod", "is_fault"), [("2.176", False), ("20", False), ("20.001", True), ("150", True)]
)
def test_limits_of_logarithms_are_logarithms(lod: str, is_fault: bool) -> None:
    """150 beside log10 values would be ten to the power of 150, and decide nothing."""
    header = tuple(USUAL)
    constants = {"lod": lod}
    found = [str(fault) for fault in check(mapping(constants=constants, log10=True), header)]
    assert [f for f in found if "give it as log10, too" in f] == found
    assert bool(found) is is_fault
    assert not check(mapping(constants=constants), header)
    of_row = reading(
        mapping(constants=constants, log10=True),
        test="cmv_dna", value="4.118", unit="copies/mL", range="",
    ).problems  # fmt: skip
    assert any("power of ten" in str(problem) for problem in of_row) is is_fault


def test_powers_of_ten_are_kept_as_printed_in_a_unit_that_says_so() -> None:
    one = pcr("4.118", log10=True)
    assert (one.value, one.unit) == (Decimal("4.118"), "log10 copies/mL")
    assert pcr("4.118", unit="log10 copies/mL", log10=True).unit == "log10 copies/mL"
    assert pcr("4.118", unit="log10 copies/mL").unit == "log10 copies/mL"
    assert draft(mapping(log10=True)).unit == "10^9/L"


def test_powers_of_ten_of_another_unit_are_a_problem() -> None:
    found = problems(mapping(log10=True), test="cmv_dna", unit="IU/mL", range="")
    assert "no power of ten of “IU/mL”" in found[0]


def test_a_percentage_may_carry_its_sign_beside_its_unit_only() -> None:
    assert draft(test="nk_percent", value="11.5%", unit="%", range="").value == Decimal("11.5")
    assert "cannot be read" in problems(value="11.5%")[0]


# --- what is wrong, and where -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"id": ""}, "id: nothing stands here"),
        ({"at": ""}, "at: nothing stands here"),
        ({"value": ""}, "value: nothing stands here"),
        ({"unit": ""}, "unit: nothing stands here"),
        ({"test": ""}, "test: nothing stands here"),
        ({"tube": ""}, "tube: nothing stands here"),
        ({"status": ""}, "status: nothing stands here"),
        ({"at": "03/04/2026 8:30"}, "at: “03/04/2026 8:30” can mean two days"),
        ({"at": "46086.354"}, "at: “46086.354” is a number"),
        ({"got": "later"}, "got: “later” is not a date"),
        ({"at": "01-004", "id": "2026-03-05 08:30"}, "is a date, not a participant"),
        ({"value": "10*9/L", "unit": "3.5"}, "value: “10*9/L” cannot be read"),
        ({"value": "10*9/L", "unit": "3.5"}, "unit: “3.5” is not a unit"),
        ({"test": "magic"}, "test: “magic” is not known"),
        ({"tube": "tea"}, "tube: “tea” is not known"),
        ({"status": "X"}, "status: “X” is not known"),
        ({"unit": "g/L"}, "unit: “g/L” is not a unit that Neutrophils (ANC) is taken in"),
        ({"value": "3,5"}, "value: “3,5” has a comma"),
        ({"value": Cell("=A1*2", CellKind.FORMULA)}, "value: a formula (=A1*2)"),
        ({"value": Cell("#N/A", CellKind.ERROR)}, "value: an error of the spreadsheet (#N/A)"),
        ({"id": Cell("2026-04-01", CellKind.DATE)}, "id: “2026-04-01” is a date"),
        ({"id": "A" * 41}, "id: more than 40 characters"),
        ({"no": "A" * 41}, "no: more than 40 characters"),
    ],
)
def test_problems_name_the_column(cells: dict[str, Any], words: str) -> None:
    assert any(words in problem for problem in problems(**cells))


def test_all_that_is_wrong_is_told_at_once() -> None:
    assert len(problems(id="", at="later", value="x", unit="y")) == 4


def test_a_constant_that_is_wrong_is_named_by_what_it_means() -> None:
    how = mapping(constants={"lloq": "500", "uloq": "100"})
    assert problems(how, test="cmv_dna", unit="copies/mL", range="") == [
        "lower limit of quantification: the lower limit, 500, is not below the upper one, 100"
    ]


def test_a_date_of_a_formatted_cell_and_serials_when_the_mapping_says_so() -> None:
    cell = Cell("2026-03-05T08:30:00", CellKind.DATE)
    assert draft(at=cell).collected_at == dt.datetime(2026, 3, 5, 8, 30, tzinfo=SHANGHAI)
    how = mapping(excel_serials=True, date_order=DateOrder.DAY_FIRST)
    number = Cell("46086.3541666667", CellKind.NUMBER)
    assert draft(how, at=number, got="05/03/2026 9:15") == draft()


def test_a_day_and_a_time_in_two_columns() -> None:
    columns = LONG | {"at": "collected_date", "got": "collected_time"}
    assert draft(mapping(columns=columns), at="2026/3/5", got="8:30").collected_at == (
        dt.datetime(2026, 3, 5, 8, 30, tzinfo=SHANGHAI)
    )
    assert "got: nothing stands here" in problems(mapping(columns=columns), at="2026/3/5", got="")


def test_a_time_for_all_rows_is_for_those_without() -> None:
    how = mapping(constants={"collected_time": "07:00"})
    assert draft(how, at="2026-03-05").collected_at.hour == 7
    assert draft(how).collected_at.hour == 8


# --- one column an analyte ----------------------------------------------------------------------

WIDE = Mapping(
    columns={
        "id": "participant",
        "at": "collected",
        "tube": "specimen",
        "test": "value:wbc",
        "value": "value:anc",
    },
    column_units={"test": "10^9/L", "value": "10*9/L"},
)


def test_each_filled_column_is_a_result_and_an_empty_one_is_none() -> None:
    found = reading(WIDE, test="5.1")
    assert [(one.analyte, one.value) for one in found.drafts] == [
        ("wbc", Decimal("5.1")),
        ("anc", Decimal("3.5")),
    ]
    assert [one.analyte for one in reading(WIDE, test="").drafts] == ["anc"]


def test_a_wide_row_is_taken_whole_or_not_at_all() -> None:
    assert problems(WIDE, test="=") == [
        "test: “=” cannot be read: enter a number, <number, >number or “not detected”, "
        "without the unit."
    ]
    assert problems(WIDE, test="", value="") == ["The row has no result."]


# --- anything at all ----------------------------------------------------------------------------

CELLS = st.builds(Cell, st.text(max_size=20), st.sampled_from(CellKind)) | st.builds(
    text_cell, st.text("0123456789.,-<>/: ND年月日%E+", max_size=12)
)


@given(
    st.lists(CELLS, min_size=len(USUAL), max_size=len(USUAL)),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_no_cell_makes_the_reader_raise(
    cells: list[Cell], decimal_comma: bool, thousands: bool, serials: bool
) -> None:
    how = mapping(
        filters={},
        decimal_comma=decimal_comma,
        thousands=thousands,
        excel_serials=serials,
        not_detected=("0",),
        log10=True,
    )
    for one in (how, WIDE):
        found = RowReader(one, tuple(USUAL), SHANGHAI).read(Row(2, tuple(cells)))
        assert bool(found.drafts) != bool(found.problems)
        assert all(str(problem) for problem in found.problems)
        for result in found.drafts:
            assert (result.value is None) == (result.operator in ("ND", "NE"))
            assert result.unit
            assert result.collected_at.utcoffset() is not None


@given(st.text("0123456789.,' -<>=E", max_size=10))
def test_any_cell_of_a_usual_row_is_exact_or_a_problem(text: str) -> None:
    found = reading(value=text)
    for one in found.drafts:
        assert one.value is not None
        assert NumberStyle().read(text) == (one.operator, one.value)


# --- a real file --------------------------------------------------------------------------------


def test_the_real_series_goes_in_through_a_mapping_without_a_change_to_the_file() -> None:
    content = shared_path("data/cmv_oral_shedding.csv").read_bytes()
    table = read("cmv_oral_shedding.csv", content)
    how = Mapping(
        columns={
            "PatientID2": "participant",
            "times": "collected",
            "Virus": "filter",
            "count": "value",
        },
        constants={"analyte": "cmv_dna", "unit": "copies/mL", "specimen": "plasma", "lod": "2.176"},
        participants={"AA-P": "01-001"},
        filters={"Virus": "ORL_CMV"},
        log10=True,
        not_detected=("0.0",),
    )
    assert check(how, table.header) == ()
    reader = RowReader(how, table.header, SHANGHAI)
    found = [reader.read(row) for row in table.rows]
    drafts = [one for row in found for one in row.drafts]
    assert len(drafts) == len(table.rows) == 464
    assert not any(row.problems or row.left_out for row in found)
    first = drafts[0]
    assert first.subject == "01-001"
    assert first.collected_at == dt.datetime(2008, 7, 22, tzinfo=dt.UTC)
    assert (first.value, first.unit) == (Decimal("4.118"), "log10 copies/mL")
    assert Counter(one.operator for one in drafts) == {
        Operator.EQUAL: 461,
        Operator.NOT_DETECTED: 3,
    }


def test_hl7_goes_in_through_the_mapping_that_is_proposed_for_it() -> None:
    segments = (
        "MSH|^~\\&|L|L|T|S|2026||ORU^R01|1|P|2.5.1",
        "PID|1||01-004",
        "OBR|1||ACC-7||||20260305083000+0800",
        "OBX|1|SN|cmv_dna^x||<^500|{copies}/mL|||||F",
        "SPM|1|||PLAS",
    )
    table = read("a.hl7", "\r".join(segments).encode())
    how = guess(table.header, table.rows)
    (one,) = RowReader(how, table.header, SHANGHAI).read(table.rows[0]).drafts
    assert (one.operator, one.value, one.unit) == ("<", 500, "copies/mL")
    assert one.accession == "ACC-7"
