"""The rows behind an endpoint as CSV: subjects, values, units, and why a value is missing.

No cell begins with a text that somebody typed, so that none is run by a spreadsheet.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import StringIO
from typing import Any

from django.utils import timezone

from enrollment.models import Participant
from labs.rules.numbers import half_up
from outcomes.analysis import conversion_rows, nk_rows, total_rows
from outcomes.levels import courses
from outcomes.rules.sets import AnalysisSet
from trial_site.protocol import current

Cells = tuple[Any, ...]
PER_KG_PLACES = 3


@dataclass(frozen=True)
class Table:
    header: tuple[str, ...]
    rows: Callable[[list[Participant]], Iterator[Cells]]


def endpoint_csv(
    name: str, people: list[Participant], chosen: AnalysisSet = AnalysisSet.ALLOCATED
) -> str:
    """The table ``name`` with one line a participant or result; ``people`` are the members of
    ``chosen``.  Raises ``KeyError``."""
    table = TABLES[name]
    output = StringIO()
    writer = csv.writer(output)
    writer.writerow(("analysis_set", *table.header))
    writer.writerows((chosen.value, *cells) for cells in table.rows(people))
    return output.getvalue()


def _nk(people: list[Participant]) -> Iterator[Cells]:
    for row in nk_rows(people):
        day7 = row.day7.value if row.day7 else None
        why = (str(row.baseline.why), str(row.day7.why) if row.day7 else "")
        missing = row.missing.text if row.missing else ""
        yield (*_who(row.participant), row.baseline.value, day7, row.change, *why, missing)


def _ganciclovir(people: list[Participant]) -> Iterator[Cells]:
    for row in total_rows(people):
        total = row.total
        if total is None:
            yield _who(row.participant)
            continue
        per_kg = None if total.mg_per_kg is None else half_up(total.mg_per_kg, PER_KG_PLACES)
        final = "yes" if row.is_final else "no"
        doses = (total.full, total.partial, total.missed)
        yield (*_who(row.participant), total.mg, per_kg, final, *doses, total.rescue_mg)


def _conversion(people: list[Participant]) -> Iterator[Cells]:
    for row in conversion_rows(people):
        found = row.conversion
        if found is None:
            yield _who(row.participant)
            continue
        first, confirmed = found.first_negative, found.confirmed
        days = (first and first.days, confirmed and confirmed.days)
        relapse = found.relapse
        how = ("confirmed" if relapse.confirmed else "suspected") if relapse else ""
        on = row.relapsed_on.isoformat() if row.relapsed_on else None
        yield (
            *(*_who(row.participant), *days, found.censored_at),
            *(found.interval or (None, None)),
            *(how, relapse and relapse.first.days, on),
            "yes" if row.died_unconverted else "",
        )


def _viral_load(people: list[Participant]) -> Iterator[Cells]:
    for row in conversion_rows(people):
        for dated, result in row.dated:
            at = timezone.localtime(result.collected_at).isoformat()
            reported = (result.printed, result.unit, result.lod)
            yield (*_who(row.participant), dated.days, at, *reported)


def _levels(outcome: str, people: list[Participant]) -> Iterator[Cells]:
    for course in courses(current().outcome(outcome), people):
        for at in course.visits:
            for point in at.points:
                found, change = point.result, point.change
                yield (
                    *_who(point.participant),
                    course.analyte,
                    point.visit,
                    timezone.localtime(found.collected_at).isoformat() if found else None,
                    found.printed if found else None,
                    found.unit if found else None,
                    change.value if change else None,
                    str(point.choice.why),
                    str(change.why) if change and change.why else "",
                )


def _who(participant: Participant) -> Cells:
    return participant.subject, participant.allocation.arm


_WHO = ("subject", "arm")
TABLES = {
    "nk": Table(
        (
            *_WHO, "baseline_percent", "day7_percent", "change_points", "baseline_why", "day7_why",
            "change_missing",
        ),
        _nk,
    ),
    "ganciclovir": Table(
        (
            *_WHO, "mg", "mg_per_kg", "final", "full_doses", "partial_doses", "doses_not_given",
            "rescue_mg",
        ),
        _ganciclovir,
    ),
    "conversion": Table(
        (
            *_WHO, "first_negative_day", "confirmed_day", "censored_day", "last_positive_day",
            "interval_end_day", "relapse", "relapse_day", "relapse_on", "died_before_conversion",
        ),
        _conversion,
    ),
    **{
        name: Table(
            (
                *_WHO, "analyte", "visit", "collected_at", "reported", "unit", "change", "why",
                "change_why",
            ),
            partial(_levels, outcome),
        )
        for name, outcome in (
            ("cytokines", "cytokines"), ("subsets", "nk_subsets"), ("igm", "igm"), ("igg", "igg")
        )
    },
    "viral-load": Table(
        (*_WHO, "day", "collected_at", "reported", "unit", "limit_of_detection"),
        _viral_load,
    ),
}  # fmt: skip
