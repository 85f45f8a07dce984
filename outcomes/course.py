"""One analyte's course in one participant, read from results, plates, doses and visits.

Whoever must not see the arm sees no doses: IL-2 among them would tell it.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from dosing.models import Administration
from dosing.wording import drug_name, what_happened
from enrollment.models import Participant, Visit
from labs.models import CytotoxicityAssay, Result
from labs.readings import Reading, lysis_text, read
from labs.rules.pcr import Operator, canonical
from labs.selectors import LYSIS
from outcomes.figures.course import Course, CoursePoint, LaneMark
from trial_site.access import may_open
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte, gettext_noop
from trial_site.roles import SEES_ARM

COLUMNS = (
    *("collected_at", "day", "operator", "value", "unit", "canonical_value", "canonical_unit"),
    *("lln", "uln", "lod", "lloq", "uloq", "grade", "status", "assay", "kit_lot", "source"),
)
VISITS = gettext_noop("Visits")
_THRESHOLD = gettext_noop("threshold %(limit)s")


@dataclass(frozen=True)
class Measured:
    """An analyte that the participant has results of, and how many."""

    analyte: Analyte
    count: int

    @property
    def panel(self) -> str:
        """The name of the analyte's panel, as the schedule of visits calls it."""
        return current().panel(self.analyte.group).content[0]


@dataclass(frozen=True)
class CourseRow:
    """One result or one plate, as the table below the figure shows it."""

    collected_at: dt.datetime
    day: int
    text: Message
    url: str
    reading: Reading | None
    plate: CytotoxicityAssay | None
    assay: str


def measured(participant: Participant) -> list[Measured]:
    """Every analyte with a result in force, in the protocol's order."""
    rows = participant.results.in_force().order_by().values_list("analyte").annotate(Count("pk"))
    counts = Counter(dict(rows))
    counts[LYSIS] += participant.cytotoxicity_assays.counted().count()
    return [Measured(a, counts[a.code]) for a in current().analytes if counts[a.code]]


def origin(participant: Participant, moments: Sequence[dt.datetime]) -> dt.date:
    """Day 0: that of the first dose, or else of the first of ``moments``."""
    first = participant.day0_at or min(moments)
    return timezone.localdate(first)


def rows(participant: Participant, analyte: Analyte) -> list[CourseRow]:
    """Every result of ``analyte`` in force, the earliest first."""
    if analyte.code == LYSIS:
        plates = list(participant.cytotoxicity_assays.counted().defer("wells"))
        start = origin(participant, [plate.collected_at for plate in plates] or [timezone.now()])
        return [_plate_row(plate, start) for plate in plates]
    results = list(results_of(participant, analyte))
    start = origin(participant, [result.collected_at for result in results] or [timezone.now()])
    return [_result_row(result, start) for result in results]


def results_of(participant: Participant, analyte: Analyte) -> Sequence[Result]:
    found = participant.results.in_force().filter(analyte=analyte.code)
    return list(found.order_by("collected_at", "pk"))


def cells(row: CourseRow) -> tuple[Any, ...]:
    """``row`` as a line of a file, by ``COLUMNS``."""
    at = timezone.localtime(row.collected_at).isoformat()
    if row.plate:
        lysis, none = row.plate.lysis, ("",) * 6
        return at, row.day, "=", lysis, "%", lysis, "%", *none, "", row.plate.status, row.assay
    result: Any = row.reading.result if row.reading else None
    return at, row.day, *(getattr(result, name) for name in COLUMNS[2:])


def assays(rows: Sequence[CourseRow]) -> list[str]:
    """The assays and kits, with unit and specimen, that ``rows`` were measured by; each once."""
    told = {
        " · ".join(part for part in (row.assay, row.reading.result.unit) if part)
        for row in rows
        if row.reading and not row.reading.result.is_computed
    }
    return sorted(told)


def _plate_row(plate: CytotoxicityAssay, start: dt.date) -> CourseRow:
    return CourseRow(
        collected_at=plate.collected_at,
        day=_day(plate.collected_at, start),
        text=lysis_text(plate),
        url=reverse("labs:cytotoxicity", args=[plate.pk]),
        reading=None,
        plate=plate,
        assay=plate.run,
    )


def _result_row(result: Result, start: dt.date) -> CourseRow:
    return CourseRow(
        collected_at=result.collected_at,
        day=_day(result.collected_at, start),
        text=result.text,
        url=reverse("labs:result", args=[result.pk]),
        reading=read(result),
        plate=None,
        assay=" · ".join(part for part in (result.assay, result.kit_lot) if part),
    )


def _day(moment: dt.datetime, start: dt.date) -> int:
    return (timezone.localdate(moment) - start).days


def course(participant: Participant, analyte: Analyte, user: User) -> Course:
    """What the figure draws, in the reader's language.  Results without a place stay out."""
    if analyte.code == LYSIS:
        plates = list(participant.cytotoxicity_assays.counted().defer("wells"))
        moments = [plate.collected_at for plate in plates]
        start = origin(participant, moments or [timezone.now()])
        points = [_plate_point(plate, start) for plate in plates if plate.lysis is not None]
    else:
        results = results_of(participant, analyte)
        start = origin(participant, [r.collected_at for r in results] or [timezone.now()])
        points = [point for result in results if (point := _point(result, start)) is not None]
    marks = list(_marks(participant, user, start))
    return Course(
        subject=participant.subject,
        analyte=analyte,
        points=points,
        marks=marks,
        lanes=list(dict.fromkeys(mark.lane for mark in marks)),
        limits=_limits(analyte),
        since_dose=participant.day0_at is not None,
    )


def _limits(analyte: Analyte) -> list[tuple[Decimal, str]]:
    rule = current().pcr
    if analyte.code != rule.analyte:
        return []
    name = Message(_THRESHOLD, {"limit": f"{rule.threshold:,}"})
    return [(rule.threshold, name.render(gettext))]


def _plate_point(plate: CytotoxicityAssay, start: dt.date) -> CoursePoint:
    return CoursePoint(
        day=_day(plate.collected_at, start),
        value=plate.lysis or Decimal(0),
        operator=Operator.EQUAL,
        reported=lysis_text(plate).render(gettext),
        verdict="",
        href=reverse("labs:cytotoxicity", args=[plate.pk]),
    )


def _point(result: Result, start: dt.date) -> CoursePoint | None:
    """None for a result that has no place on the axis: another unit, or no limit to stand at."""
    value, low, high = _in_own_unit(result)
    if value is None:
        return None
    reading = read(result)
    return CoursePoint(
        day=_day(result.collected_at, start),
        value=value,
        operator=result.operator,
        reported=result.text.render(gettext),
        verdict=reading.badge[1].render(gettext) if reading.badge else "",
        href=reverse("labs:result", args=[result.pk]),
        grade=result.grade,
        low=low,
        high=high,
    )


def _in_own_unit(result: Result) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Value (or the limit of detection of what was not detected) and limits of normal, all in the
    analyte's own unit."""
    if result.operator == Operator.NOT_DETECTED:
        lod = canonical(result.pcr, current().pcr)
        return (lod.lod if lod.unit == current().pcr.unit else None), None, None
    same_unit = result.unit == result.canonical_unit
    low, high = (result.lln, result.uln) if same_unit else (None, None)
    return result.canonical_value, low, high


def _marks(participant: Participant, user: User, start: dt.date) -> Iterator[LaneMark]:
    book = reverse("outcomes:casebook", args=[participant.subject])
    if SEES_ARM.allows(user):
        for dose in participant.administrations.in_force().order_by("drug", "slot_at"):
            yield LaneMark(
                lane=drug_name(dose.drug).render(gettext),
                day=_day(dose.given_at or dose.slot_at, start),
                what=what_happened(dose).render(gettext),
                done=dose.status != Administration.Status.NOT_GIVEN,
                href=f"{book}#dose-{dose.pk}",
            )
    opens = may_open(user, "enrollment:visits")
    for visit in participant.visits.exclude(status=Visit.Status.PLANNED):
        yield LaneMark(
            lane=gettext(VISITS),
            day=((visit.done_on or visit.target) - start).days,
            what=f"{visit.code} · {visit.get_status_display()}",
            done=visit.status == Visit.Status.DONE,
            href=reverse("enrollment:visits", args=[participant.subject]) if opens else "",
        )
