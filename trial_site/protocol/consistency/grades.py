"""Checks of the grade tables: worst first, stricter with every grade, none left out."""

from collections.abc import Iterator
from itertools import pairwise

from trial_site.protocol.definition import Comparison, GradeBound, GradeTable, Protocol, Reference

_RISING = (Comparison.AT_LEAST, Comparison.ABOVE)


def grade_tables(protocol: Protocol) -> Iterator[str]:
    units = {analyte.code: analyte.unit for analyte in protocol.analytes}
    for table in protocol.grades:
        if table.analyte not in units:
            yield f"grades of {table.analyte}, which is no analyte"
        else:
            problems = _table(table, units[table.analyte])
            yield from (f"grades of {table.analyte}: {problem}" for problem in problems)


def _table(table: GradeTable, unit: str) -> Iterator[str]:
    if any(first.grade < second.grade for first, second in pairwise(table.rows)):
        yield "not worst first"
    if len({row.bound.comparison in _RISING for row in table.rows}) > 1:
        yield "rising and falling bounds in one table"
    yield from _units(table, unit)
    for abnormal in (False, True):
        rows = [row for row in table.rows if row.baseline_abnormal in (None, abnormal)]
        name = "abnormal baseline" if abnormal else "normal baseline"
        yield from (f"{name}: {problem}" for problem in _population(rows))


def _units(table: GradeTable, unit: str) -> Iterator[str]:
    for reference in Reference:
        found = {row.bound.unit for row in table.rows if row.reference is reference}
        if reference is Reference.ABSOLUTE and found - {unit}:
            yield f"limits in {', '.join(sorted(found - {unit}))}, the analyte in {unit}"
        elif len(found) > 1:
            yield f"several units for {reference}"


def _population(rows: list[GradeBound]) -> Iterator[str]:
    """The rows that apply to one kind of participant."""
    grades = {row.grade for row in rows}
    missing = set(range(1, max(grades, default=1) + 1)) - grades
    if missing:
        yield f"no row for grade {', '.join(map(str, sorted(missing)))}"
    for reference in Reference:
        same = [row for row in rows if row.reference is reference]
        for worse, milder in pairwise(same):
            if not _stricter(worse, milder):
                yield f"grade {worse.grade} by {reference} is not stricter than {milder.grade}"


def _stricter(worse: GradeBound, milder: GradeBound) -> bool:
    if worse.bound.comparison in _RISING:
        return worse.bound.value > milder.bound.value
    return worse.bound.value < milder.bound.value
