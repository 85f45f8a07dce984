"""From what was printed to a record: canonical value, limits in force, grade.  Nothing is saved."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.timezone import localdate

from enrollment.models import Participant
from labs.actions.entries import Entry, Origin
from labs.actions.known import Known
from labs.models import Assay, Laboratory, Result, Specimen
from labs.rules.grading import grade
from labs.rules.units import to_canonical
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte

NUMBERS = ("value", "lln", "uln")


def make_result(
    participant: Participant,
    specimen: Specimen,
    entry: Entry,
    *,
    known: Known,
    laboratory: Laboratory | None = None,
    origin: Origin | None = None,
    key: UUID | None = None,
) -> Result:
    """``entry`` as an unsaved result, with everything that follows from it.

    Limits of normal that were not printed are the laboratory's own in force on the day.  Raises
    ``InconvertibleUnit`` for a unit that the analyte does not take.  Sources: DOMAIN 6 to 8.
    """
    analyte = current().analyte(entry.analyte)
    laboratory = laboratory or specimen.laboratory
    assay = known.assay(laboratory, entry.analyte, entry.assay)
    values = {**vars(entry), "replicates": list(entry.replicates)}
    if entry.lln is None and entry.uln is None:
        day = localdate(specimen.collected_at)
        values |= _limits_in_force(participant, laboratory, entry, known, day)
    values |= _of_assay(entry, assay)
    factor = values.get("factor")
    canonical = _canonical(analyte, values, entry.unit, factor)
    result = Result(
        participant=participant,
        specimen=specimen,
        laboratory=laboratory,
        collected_at=specimen.collected_at,
        canonical_value=canonical.get("value"),
        canonical_unit=analyte.unit if canonical else "",
        source=Result.Source.FILE if origin else Result.Source.TYPED,
        import_file_id=origin.file if origin else None,
        import_row=origin.row if origin else None,
        form_key=key,
        **values,
    )
    set_grade(result, canonical, known.baselines.get((participant.pk, entry.analyte)))
    return result


def set_grade(
    result: Result, canonical: dict[str, Decimal | None], baseline: Decimal | None
) -> None:
    """The CTCAE grade of a measured number with the steps to it; none for any other result.

    ``canonical`` holds value, LLN and ULN in the analyte's own unit, as ``canonical_numbers``.
    """
    result.grade, result.remarks = None, []
    table, value = current().grade_table(result.analyte), canonical.get("value")
    if table is None or value is None or result.operator != Result.Operator.EQUAL:
        return
    graded = grade(
        table, value=value, lln=canonical["lln"], uln=canonical["uln"], baseline=baseline
    )
    result.grade = graded.value
    result.remarks = [message.to_json() for message in (graded.step, *graded.flags)]


def canonical_numbers(result: Result) -> dict[str, Decimal | None]:
    """Value and limits of normal of a saved result in the analyte's own unit; empty without one."""
    analyte = current().analyte(result.analyte)
    values = {name: getattr(result, name) for name in NUMBERS}
    return _canonical(analyte, values, result.unit, result.factor)


def _canonical(
    analyte: Analyte, values: dict[str, Any], unit: str, factor: Decimal | None
) -> dict[str, Decimal | None]:
    if unit in analyte.unconverted_units and factor is None:
        return {}
    numbers = {name: values[name] for name in NUMBERS}
    return {
        name: None if number is None else to_canonical(analyte, number, unit, factor=factor)
        for name, number in numbers.items()
    }


def _limits_in_force(
    participant: Participant,
    laboratory: Laboratory | None,
    entry: Entry,
    known: Known,
    day: dt.date,
) -> dict[str, Decimal | None]:
    if laboratory is None:
        return {}
    sex = str(participant.screening.facts.get("sex") or "")
    row = known.range(laboratory, entry.analyte, entry.unit, sex, day)
    return {"lln": row.low, "uln": row.high} if row else {}


def _of_assay(entry: Entry, assay: Assay | None) -> dict[str, Any]:
    """What a registered assay declares, frozen into the result."""
    if assay is None:
        return {}
    values: dict[str, Any] = {}
    if entry.unit == assay.unit:
        limits = ("lod", "lloq", "uloq")
        values = {name: getattr(assay, name) for name in limits if getattr(entry, name) is None}
        values |= {"positive_from": assay.positive_from, "grey_from": assay.grey_from}
    if entry.unit in current().analyte(entry.analyte).unconverted_units:
        values |= {"factor": assay.copies_per_iu, "factor_source": assay.factor_source}
    return values
