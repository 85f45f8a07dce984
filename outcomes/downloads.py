"""The rows behind an endpoint as CSV: subjects, values, units, and why a value is missing."""

import csv
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

from outcomes.analysis import ConversionRow, NkRow, TotalRow

Cells = tuple[Any, ...]


def endpoint_csv(name: str, data: dict[str, Any]) -> str:
    """The rows of the endpoint page ``name``; no cell begins with free text a spreadsheet runs."""
    header, rows = TABLES[name]
    output = StringIO()
    writer = csv.writer(output)
    writer.writerow(header)
    writer.writerows(rows(data))
    return output.getvalue()


def _nk(data: dict[str, Any]) -> Iterator[Cells]:
    rows: list[NkRow] = data["nk"]
    for row in rows:
        why = str(row.day7.why) if row.day7 else str(row.baseline.why)
        day7 = row.day7.value if row.day7 else None
        person = row.participant
        yield (person.subject, person.arm, row.baseline.value, day7, row.change, why)


def _ganciclovir(data: dict[str, Any]) -> Iterator[Cells]:
    rows: list[TotalRow] = data["totals"]
    for row in rows:
        person, total = row.participant, row.total
        if total is None:
            yield (person.subject, person.arm)
        else:
            per_kg = "" if total.mg_per_kg is None else f"{float(total.mg_per_kg):.3f}"
            yield (
                person.subject, person.arm, total.mg, per_kg, total.full, total.partial,
                total.missed,
            )  # fmt: skip


def _conversion(data: dict[str, Any]) -> Iterator[Cells]:
    rows: list[ConversionRow] = data["conversions"]
    for row in rows:
        person, found = row.participant, row.conversion
        if found is None:
            yield (person.subject, person.arm)
        else:
            confirmed = found.confirmed.days if found.confirmed else ""
            first = found.first_negative.days if found.first_negative else ""
            yield (person.subject, person.arm, first, confirmed, found.censored_at)


TABLES: dict[str, tuple[Cells, Callable[[dict[str, Any]], Iterator[Cells]]]] = {
    "nk": (("subject", "arm", "baseline_percent", "day7_percent", "change_points", "why"), _nk),
    "ganciclovir": (
        ("subject", "arm", "mg", "mg_per_kg", "full_doses", "partial_doses", "missed_doses"),
        _ganciclovir,
    ),
    "conversion": (
        ("subject", "arm", "first_negative_day", "confirmed_day", "censored_day"),
        _conversion,
    ),
}
