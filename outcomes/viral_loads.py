"""CMV-DNA as it is drawn: which results have a place on the axis, and the doses below them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext

from dosing.models import Administration
from enrollment.models import Participant
from labs.models import Result
from labs.rules.pcr import Operator, PcrValue, canonical
from outcomes.analysis import ConversionRow, casebook_url
from outcomes.figures.dose_strip import DoseSpan
from outcomes.figures.viral_load import ViralLoadPoint
from outcomes.rules.exposure import DayState, DoseDay, spans
from trial_site.protocol import current


def viral_load_points(rows: Iterable[ConversionRow]) -> list[ViralLoadPoint]:
    """Every PCR of everyone dosed that has a place on the axis, in the reader's language.

    Another unit is never converted silently, and "not detected" by an assay whose limit is not
    known lies nowhere: such results stand in the table alone.
    """
    return [
        _point(row.participant, dated.days, result, copies)
        for row in rows
        for dated, result in row.dated
        if (copies := _on_the_axis(result)) is not None
    ]


def results_not_drawn(rows: Iterable[ConversionRow]) -> int:
    """How many results of those dosed have no place on the axis of the viral load."""
    return sum(_on_the_axis(result) is None for row in rows for _, result in row.dated)


def _on_the_axis(result: Result) -> Decimal | None:
    """Copies/mL, or the limit that the result lies beyond."""
    rule = current().pcr
    read = canonical(result.pcr, rule)
    if read.unit != rule.unit:
        return None
    if read.value is None:
        return read.lod
    return read.lloq if _is_below_lloq(read) else read.value


def _is_below_lloq(read: PcrValue) -> bool:
    """Whether a number was reported that the assay cannot quantify."""
    if read.value is None or read.lloq is None:
        return False
    return read.operator == Operator.EQUAL and read.value < read.lloq


def dose_spans(participants: Iterable[Participant]) -> list[DoseSpan]:
    """The days with delivered doses of everybody dosed, drug by drug.  One query."""
    people = {person.pk: person for person in participants if person.day0_at is not None}
    rows = Administration.objects.in_force().filter(participant__in=people).order_by("slot_at")
    columns = ("participant_id", "drug", "course", "status", "given_at", "slot_at")
    days: dict[int, list[DoseDay]] = defaultdict(list)
    for key, drug, course, status, given_at, slot_at in rows.values_list(*columns):
        day = timezone.localdate(given_at or slot_at) - timezone.localdate(people[key].day0_at)
        days[key].append(DoseDay(drug, course, day.days, status))
    return [
        DoseSpan(person.subject, person.allocation.arm, span.drug, span.first, span.last)
        for key, person in people.items()
        for span in spans(days[key])
        if span.state is not DayState.MISSED
    ]


def _point(participant: Participant, day: int, result: Result, copies: Decimal) -> ViralLoadPoint:
    return ViralLoadPoint(
        subject=participant.subject,
        arm=participant.allocation.arm,
        day=day,
        collected_on=timezone.localdate(result.collected_at),
        operator=_mark_of(result),
        copies=copies,
        reported=result.text.render(gettext),
        href=casebook_url(participant),
    )


def _mark_of(result: Result) -> str:
    """The operator that the mark stands for: a number below the limit reads as below it."""
    is_below = _is_below_lloq(canonical(result.pcr, current().pcr))
    return Operator.BELOW.value if is_below else result.operator
