"""The grade tables say what CTCAE v5.0 says, and give the worked grades of DOMAIN 8."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.shared import shared_path
from trial_site.protocol import current
from trial_site.protocol.definition import Comparison, GradeTable, Reference

PROTOCOL = current()
# Of the units that a term is written in, the one that the analyte is kept in.
WRITTEN_UNITS = {"10^9/L": "10e9 /L", "g/L": "g/L"}
SIGNS = {">": Comparison.ABOVE, "<": Comparison.BELOW, "": Comparison.AT_LEAST}
SEGMENT = re.compile(r"(?P<sign>[<>]?)\s*(?P<limit>LLN|ULN|[\d.]+)\s*(?P<rest>.*)")

Row = tuple[int, Reference, Comparison, Decimal, bool | None]


@pytest.fixture(scope="module")
def ctcae() -> dict[str, dict[str, str]]:
    path = shared_path("standards/ctcae-5.0/ncictcaev5.json")
    return {row["TERM"]: row for row in json.loads(path.read_text(encoding="utf-8"))}


def _published(term: dict[str, str], unit: str) -> Iterator[Row]:
    for grade in range(1, 5):
        for segment in term[f"GRADE_{grade}"].split(";"):
            text = segment.strip().removeprefix("Hemoglobin (Hgb) ").removeprefix("Hgb ")
            match = SEGMENT.fullmatch(text)
            if match and _in_unit(text, unit):
                yield _row(grade, match)


def _in_unit(text: str, unit: str) -> bool:
    written = WRITTEN_UNITS.get(unit)
    return written is None or text.endswith(written)


def _row(grade: int, match: re.Match[str]) -> Row:
    measure, _, population = match["rest"].partition(" if baseline was ")
    if match["limit"] in {"LLN", "ULN"}:
        reference, limit = Reference(match["limit"].lower()), Decimal(1)
    else:
        found = re.search(r"baseline|ULN", measure)
        reference = Reference(found[0].lower()) if found else Reference.ABSOLUTE
        limit = Decimal(match["limit"])
    abnormal = {"": None, "normal": False, "abnormal": True}[population]
    return grade, reference, SIGNS[match["sign"]], limit, abnormal


def _rows(table: GradeTable) -> Iterator[Row]:
    for row in table.rows:
        bound = row.bound
        yield row.grade, row.reference, bound.comparison, bound.value, row.baseline_abnormal


@pytest.mark.parametrize("table", PROTOCOL.grades, ids=lambda table: table.analyte)
def test_each_bound_is_the_published_one(
    ctcae: dict[str, dict[str, str]], table: GradeTable
) -> None:
    unit = PROTOCOL.analyte(table.analyte).unit
    published = set(_published(ctcae[table.term], unit))
    assert set(_rows(table)) == published
    assert len(table.rows) == len(published)


def test_the_eight_terms_are_graded_by_version_5() -> None:
    assert {table.analyte for table in PROTOCOL.grades} == {
        *("anc", "wbc", "platelets", "hemoglobin"),
        *("creatinine", "alt", "ast", "bilirubin"),
    }
    assert {table.version for table in PROTOCOL.grades} == {"5.0"}


def _grade(analyte: str, value: str, abnormal: bool = False, **references: str) -> int:
    """The first row that holds, as the definition of ``GradeTable`` says; 0 when none does."""
    table = PROTOCOL.grade_table(analyte)
    assert table is not None
    for row in table.rows:
        if row.baseline_abnormal not in (None, abnormal):
            continue
        reference = "1" if row.reference is Reference.ABSOLUTE else references.get(row.reference)
        if reference and row.bound.holds(Decimal(value) / Decimal(reference)):
            return row.grade
    return 0


@pytest.mark.parametrize(
    ("analyte", "lln", "grades"),
    [
        ("anc", "1.8", {"1.8": 0, "1.5": 1, "1.49": 2, "1.0": 2, "0.5": 3, "0.49": 4}),
        ("wbc", "4.0", {"4.0": 0, "3.0": 1, "2.99": 2, "2.0": 2, "1.0": 3, "0.99": 4}),
        ("platelets", "125", {"125": 0, "75": 1, "74": 2, "50": 2, "25": 3, "24": 4}),
        ("hemoglobin", "130", {"130": 0, "100": 1, "99": 2, "80": 2, "79": 3, "40": 3}),
    ],
)
def test_a_lower_bound_belongs_to_the_milder_grade(
    analyte: str, lln: str, grades: dict[str, int]
) -> None:
    assert {value: _grade(analyte, value, lln=lln) for value in grades} == grades


def test_transaminases_against_the_limit_or_an_abnormal_baseline() -> None:
    normal = {"40": 0, "41": 1, "120": 1, "121": 2, "200": 2, "201": 3, "800": 3, "801": 4}
    abnormal = {"110": 0, "120": 1, "130": 1, "240": 1, "250": 2, "1601": 4}
    for analyte in ("alt", "ast"):
        assert {value: _grade(analyte, value, uln="40") for value in normal} == normal
        found = {value: _grade(analyte, value, True, uln="40", baseline="80") for value in abnormal}
        assert found == abnormal


def test_bilirubin_against_the_limit_or_an_abnormal_baseline() -> None:
    normal = {"21": 0, "31.5": 1, "32": 2, "63": 2, "63.1": 3, "210": 3, "210.1": 4}
    assert {value: _grade("bilirubin", value, uln="21") for value in normal} == normal
    abnormal = {"30": 0, "30.1": 1, "45": 1, "45.1": 2, "90.1": 3, "300.1": 4}
    found = {value: _grade("bilirubin", value, True, uln="21", baseline="30") for value in abnormal}
    assert found == abnormal


def test_creatinine_against_the_baseline_or_the_limit() -> None:
    assert _grade("creatinine", "95", uln="97", baseline="60") == 2  # 1.58 x baseline, normal
    assert _grade("creatinine", "97", uln="97") == 0
    assert _grade("creatinine", "98", uln="97") == 1
    assert _grade("creatinine", "181", uln="97", baseline="60") == 3
    assert _grade("creatinine", "582", uln="97") == 3
    assert _grade("creatinine", "583", uln="97") == 4
