"""Mappings of columns: kept, found wanting, and proposed."""

import pytest

from labs.rules.completeness import check
from labs.rules.dates import DateOrder
from labs.rules.guessing import guess
from labs.rules.mapping import Mapping
from labs.rules.meanings import NAMES, Meaning, meaning_text
from labs.rules.tables import Row, text_cell
from labs.rules.vocabulary import find_analyte, find_specimen, find_unit
from trial_site.protocol import current

LONG = {
    "id": "participant",
    "at": "collected",
    "test": "analyte",
    "value": "value",
    "unit": "unit",
    "tube": "specimen",
}
WIDE = {"id": "participant", "at": "collected", "tube": "specimen", "ANC": "value:anc"}


def faults(mapping: Mapping, header: tuple[str, ...] | None = None) -> list[str]:
    return [str(fault) for fault in check(mapping, header or tuple(mapping.columns))]


def changed(**columns: str | None) -> Mapping:
    """The long mapping with some columns given another meaning, or none."""
    merged = {**LONG, **columns}
    return Mapping({name: meaning for name, meaning in merged.items() if meaning})


# --- kept ---------------------------------------------------------------------------------------


def test_a_mapping_is_the_same_after_it_was_kept() -> None:
    mapping = Mapping(
        columns=LONG,
        column_units={"ANC": "10^9/L"},
        constants={"assay": "PCR-CMV-2", "lod": "150"},
        analytes={"巨细胞病毒": "cmv_dna"},
        participants={"7": "01-004"},
        specimens={"EDTA": "plasma"},
        units={"cp": "copies/mL"},
        filters={"Virus": "ORL_CMV"},
        log10=True,
        not_detected=("0.0",),
        decimal_comma=True,
        thousands=True,
        excel_serials=True,
        date_order=DateOrder.DAY_FIRST,
    )
    assert Mapping.from_json(mapping.to_json()) == mapping
    assert Mapping.from_json({}) == Mapping()


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"unknown": {}},
        {"columns": []},
        {"columns": {"a": 1}},
        {"log10": "yes"},
        {"not_detected": "0"},
        {"not_detected": [0]},
        {"date_order": "backwards"},
    ],
)
def test_anything_else_is_no_mapping(data: object) -> None:
    with pytest.raises(ValueError, match=r"mapping|DateOrder"):
        Mapping.from_json(data)


# --- found wanting ------------------------------------------------------------------------------


def test_a_full_mapping_lacks_nothing() -> None:
    assert faults(Mapping(LONG)) == []
    assert faults(Mapping(WIDE, column_units={"ANC": "10*9/L"})) == []


def test_constants_stand_for_columns() -> None:
    columns = {"id": "participant", "day": "collected_date", "value": "value"}
    constants = {
        "analyte": "cmv_dna",
        "unit": "copies/mL",
        "specimen": "plasma",
        "collected_time": "08:00",
        "lod": "150",
    }
    assert faults(Mapping(columns, constants=constants)) == []


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (changed(id=None), "names the participant"),
        (changed(at=None), "when the specimen was collected"),
        (changed(day="collected_date", time="collected_time"), "not all"),
        (changed(at="collected_date"), "goes with the date"),
        (changed(time="collected_time"), "needs one of dates"),
        (changed(value=None), "holds the results"),
        (changed(test=None), "what was measured"),
        (changed(unit=None), "in which unit"),
        (changed(tube=None), "what the specimen is"),
        (changed(other="value"), "second column for “result”"),
        (changed(anc="value:anc"), "not both"),
        (changed(x="value:unheard"), "meaning that is not known"),
        (changed(x="anc"), "meaning that is not known"),
        (changed(x="filter"), "which value of “x”"),
        (changed(x="range", y="lln"), "limits of normal are one column"),
        (Mapping(WIDE), "in which unit “ANC” is"),
        (Mapping(WIDE, column_units={"ANC": "g/L"}), "in which unit “ANC” is"),
        (Mapping(LONG, constants={"analyte": "magic"}), "“magic” cannot be the analyte"),
        (Mapping(LONG, constants={"specimen": "tea"}), "“tea” cannot be the specimen"),
        (Mapping(LONG, constants={"lod": "<20"}), "“<20” cannot be the limit of detection"),
        (Mapping(LONG, constants={"uloq": "many"}), "“many” cannot be the upper limit"),
        (Mapping(LONG, constants={"collected_time": "noon"}), "“noon” cannot be the collected"),
        (
            Mapping(LONG, constants={"analyte": "cmv_dna", "unit": "g/L"}),
            "“g/L” cannot be the unit",
        ),
    ],
)
def test_what_is_missing_or_said_twice_is_told(mapping: Mapping, words: str) -> None:
    assert any(words in fault for fault in faults(mapping))


def test_a_header_that_the_file_lacks_is_named_unless_it_is_not_used() -> None:
    mapping = changed(remark="ignored")
    assert faults(mapping, ("id", "at", "test", "value", "unit")) == [
        "The file has no column “tube”."
    ]


def test_two_wide_columns_of_one_analyte_are_told() -> None:
    columns = WIDE | {"ANC2": "value:anc"}
    units = {"ANC": "10^9/L", "ANC2": "10^9/L"}
    assert any("second column" in fault for fault in faults(Mapping(columns, column_units=units)))


def test_every_meaning_has_a_name() -> None:
    assert set(NAMES) == set(Meaning)
    assert str(meaning_text("value:anc")) == "Neutrophils (ANC)"
    assert str(meaning_text("value:100%")) == "value:100%"


# --- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize("analyte", current().analytes, ids=lambda analyte: analyte.code)
def test_an_analyte_is_known_by_code_name_and_loinc_and_its_units_by_ucum(analyte) -> None:
    words = [analyte.code, analyte.name.upper(), f" {analyte.code} "]
    words += [analyte.loinc] if analyte.loinc else []
    assert {find_analyte(word) for word in words} == {analyte.code}
    for unit in analyte.taken_units:
        assert find_unit(analyte, unit) == unit
        assert find_unit(analyte, current().ucum[unit]) == unit


@pytest.mark.parametrize(
    ("code", "printed", "unit"),
    [
        ("anc", "10⁹/L", "10^9/L"),
        ("anc", "×10^9/L", "10^9/L"),
        ("anc", "x 10E9/l", "10^9/L"),
        ("anc", "10e09/L", "10^9/L"),
        ("creatinine", "\N{GREEK SMALL LETTER MU}mol/L", "µmol/L"),
        ("creatinine", "umol/l", "µmol/L"),
        ("cmv_dna", "Copies/ml", "copies/mL"),
        ("cmv_dna", "拷贝/mL", "copies/mL"),
        ("anc", "g/L", ""),
        ("anc", "109/L", ""),
        ("anc", "10^12/L", ""),
        ("cmv_dna", "52000", ""),
        ("cmv_dna", "", ""),
    ],
)
def test_a_unit_is_known_however_it_is_written_and_by_nothing_else(
    code: str, printed: str, unit: str
) -> None:
    assert find_unit(current().analyte(code), printed) == unit


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("PLAS", "plasma"),
        ("血浆", "plasma"),
        ("Whole Blood", "whole_blood"),
        ("SER", "serum"),
        ("PBMC", "pbmc"),
        ("尿液", ""),
    ],
)
def test_specimens_are_known_by_code_and_word(word: str, kind: str) -> None:
    assert find_specimen(word) == kind


# --- proposed -----------------------------------------------------------------------------------


def rows(*texts: tuple[str, ...]) -> list[Row]:
    return [Row(n, tuple(text_cell(text) for text in row)) for n, row in enumerate(texts, 2)]


def test_chinese_columns_are_proposed_with_the_words_in_them() -> None:
    header = ("患者编号", "采样时间", "项目", "结果", "单位", "标本", "备注")
    sample = rows(("01-004", "2026-03-05 08:30", "巨细胞病毒核酸", "<500", "拷贝/mL", "血浆", ""))
    proposal = guess(header, sample)
    assert list(proposal.columns.values()) == [
        "participant", "collected", "analyte", "value", "unit", "specimen", "ignored",
    ]  # fmt: skip
    assert proposal.analytes == {"巨细胞病毒核酸": "cmv_dna"}
    assert check(proposal, header) == ()


def test_english_columns_are_proposed() -> None:
    header = ("Patient_ID", "Collection Time", "Test", "Result", "Units", "Reference Range")
    assert list(guess(header).columns.values()) == [
        "participant", "collected", "analyte", "value", "unit", "range",
    ]  # fmt: skip


def test_columns_of_analytes_are_proposed_with_the_unit_in_brackets() -> None:
    header = ("受试者编号", "采集时间", "白细胞（10^9/L）", "HGB (g/L)", "ALT", "标本类型")  # noqa: RUF001
    proposal = guess(header)
    assert proposal.wide == {
        "白细胞（10^9/L）": "wbc",  # noqa: RUF001
        "HGB (g/L)": "hemoglobin",
        "ALT": "alt",
    }
    assert proposal.column_units == {"白细胞（10^9/L）": "10^9/L", "HGB (g/L)": "g/L"}  # noqa: RUF001
    assert any("in which unit “ALT”" in fault for fault in faults(proposal, header))


def test_a_second_column_of_a_meaning_is_proposed_as_not_used() -> None:
    assert guess(("结果", "检验结果")).columns == {"结果": "value", "检验结果": "ignored"}


def test_one_column_of_results_leaves_no_columns_of_analytes() -> None:
    assert guess(("result", "WBC")).columns == {"result": "value", "WBC": "ignored"}


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (("25/03/2026", "03/04/2026"), DateOrder.DAY_FIRST),
        (("03/25/2026", "03/04/2026"), DateOrder.MONTH_FIRST),
        (("03/04/2026", "05/04/2026"), DateOrder.ISO),
        (("25/03/2026", "03/25/2026"), DateOrder.ISO),
        (("2026-03-25",), DateOrder.ISO),
    ],
)
def test_the_order_of_dates_is_proposed_only_where_a_day_shows_it(
    dates: tuple[str, ...], order: DateOrder
) -> None:
    assert guess(("at",), rows(*((date,) for date in dates))).date_order is order


def test_what_hl7_gives_is_proposed_whole() -> None:
    from labs.readers.hl7 import HEADER

    assert faults(guess(HEADER), HEADER) == []
