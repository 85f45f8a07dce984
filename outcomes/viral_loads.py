"""CMV-DNA as it is drawn: which results have a place on the axis, and the doses below them."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext

from enrollment.models import Participant
from labs.models import Result
from labs.rules.pcr import canonical
from outcomes.analysis import ConversionRow, casebook_url
from outcomes.figures.viral_load import ViralLoadPoint
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
    return read.lod if read.value is None else read.value


def _point(participant: Participant, day: int, result: Result, copies: Decimal) -> ViralLoadPoint:
    return ViralLoadPoint(
        subject=participant.subject,
        arm=participant.allocation.arm,
        day=day,
        collected_on=timezone.localdate(result.collected_at),
        operator=result.operator,
        copies=copies,
        reported=result.text.render(gettext),
        href=casebook_url(participant),
    )
