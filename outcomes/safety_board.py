"""What the safety dashboard and its figures show, computed once for each state of the record.

Like the outcomes it is cached under the state of the record, which every recorded write changes,
those of the safety room included; and under the day, because follow-up goes on without a write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.utils.translation import get_language, gettext

from dosing.rules.totals import Course
from enrollment.models import Participant
from labs.rules.pcr import result_text
from outcomes import completeness
from outcomes.analysis import allocated
from outcomes.completeness import DayRecord
from outcomes.exposure import Exposed, events_of, exposures
from outcomes.figures.safety_course import BloodPoint, HeldDays, safety_course
from outcomes.figures.specification import Spec
from outcomes.figures.swimmer import Bar, Lane, Mark, swimmer
from outcomes.figures.theme import Theme
from outcomes.harm import (
    EventTables,
    Graded,
    Shift,
    ShiftTable,
    day_of,
    event_tables,
    graded_results,
    groups_of,
    shift_tables,
    shifts,
)
from outcomes.rules.exposure import DayState
from oversight.kept import kept
from trial_site import clock
from trial_site.access import may_open
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte

COURSES = ("anc", "hemoglobin", "platelets", "creatinine")
# The trial as planned has ten.  With very many, figures and rows of participants come in pages.
PEOPLE_A_PAGE = 40


@dataclass(frozen=True)
class Board:
    """Everything that is counted.  ``arms`` are ``(arm as treated, number of participants)``;
    ``crossed`` are subjects who were treated otherwise than allocated."""

    allocated: int
    arms: tuple[tuple[str, int], ...]
    crossed: tuple[str, ...]
    events: EventTables
    shift_tables: tuple[ShiftTable, ...]
    exposed: tuple[Exposed, ...]
    days: tuple[DayRecord, ...]

    @property
    def treated(self) -> int:
        return len(self.exposed)


def board(user: User) -> Board:
    return kept(user, f"safety:{clock.today()}", lambda: _board(user, allocated(user)))


def _board(user: User, people: list[Participant]) -> Board:
    events = events_of(people)
    exposed = exposures(people, events)
    return Board(
        allocated=len(people),
        arms=tuple((arm, len(members)) for arm, members in groups_of(exposed).items()),
        crossed=tuple(row.subject for row in exposed if row.arm != row.allocated),
        events=event_tables(people, exposed, events),
        shift_tables=tuple(shift_tables(shifts_of(exposed))),
        exposed=tuple(exposed),
        days=tuple(completeness.course(user, clock.today())),
    )


def shifts_of(exposed: Collection[Exposed]) -> list[Shift]:
    """Each of the dosed and each analyte, from baseline to the worst grade.  One query."""
    return shifts(exposed, graded_results(row.key for row in exposed))


def exposure_page(found: Board, number: str | None) -> Page[Exposed]:
    """The participants of one page, the arms one after the other."""
    places = {arm: place for place, (arm, _) in enumerate(found.arms)}
    rows = sorted(found.exposed, key=lambda row: (places[row.arm], row.subject))
    return Paginator(rows, PEOPLE_A_PAGE).get_page(number)


# --- figures ----------------------------------------------------------------------------------


def figure_json(user: User, name: str, *, theme: Theme, narrow: bool, page: str) -> str:
    """A figure's specification in the active language.  Raises ``KeyError``."""
    build = FIGURES[name]
    key = f"safety-figure:{name}:{_look(user, theme, narrow, page)}"
    return kept(user, key, lambda: json.dumps(build(user, page, theme, narrow)))


def drawing(
    user: User,
    name: str,
    draw: Callable[[Any], bytes],
    *,
    theme: Theme,
    narrow: bool,
    page: str,
) -> bytes:
    """The same as ``draw`` makes it (SVG, PDF).  Raises ``KeyError``, ``FigureNotDrawn``."""

    def drawn() -> bytes:
        return draw(json.loads(figure_json(user, name, theme=theme, narrow=narrow, page=page)))

    look = _look(user, theme, narrow, page)
    return kept(user, f"{draw.__name__}:safety:{name}:{look}", drawn)


def _look(user: User, theme: Theme, narrow: bool, page: str) -> str:
    """All that a drawing depends on beside the record."""
    opens = may_open(user, "dosing:sheet")
    return f"{theme}:{narrow}:{get_language()}:{clock.today()}:{page}:{opens}"


def _swimmer(user: User, page: str, theme: Theme, narrow: bool) -> Spec:
    lanes = [_lane(row) for row in exposure_page(board(user), page)]
    return swimmer(lanes, protocol=current(), theme=theme, narrow=narrow, translate=gettext)


def _lane(row: Exposed) -> Lane:
    return Lane(
        subject=row.subject,
        arm=row.arm,
        href=row.href,
        length=row.treated_days,
        last=row.last,
        bars=[*_dose_bars(row), *(Bar("held", first, last) for _, first, last in row.held)],
        marks=list(_lane_marks(row)),
    )


def _dose_bars(row: Exposed) -> Iterator[Bar]:
    for span in row.spans:
        if span.state is not DayState.MISSED:
            kind = "rescue" if span.course == Course.RESCUE else span.drug
            yield Bar(kind, span.first, span.last)


def _lane_marks(row: Exposed) -> Iterator[Mark]:
    for day in row.short:
        if not day.held:
            yield Mark("partial" if day.delivery == "partial" else "missed", day.day)
    if row.first_negative is not None and row.first_negative != row.confirmed:
        yield Mark("negative", row.first_negative)
    if row.confirmed is not None:
        yield Mark("confirmed", row.confirmed)
    if row.withdrawn is not None:
        yield Mark("withdrawn", row.withdrawn)
    for event in row.events:
        yield Mark("serious" if event.serious else "event", event.day, event.term, event.grade)
    yield Mark("ended" if row.ended else "ongoing", row.last)


def analytes() -> list[Analyte]:
    """Those whose course is drawn."""
    return [current().analyte(code) for code in COURSES]


def _course(user: User, page: str, theme: Theme, narrow: bool) -> Spec:
    shown = {row.subject: row for row in exposure_page(board(user), page)}
    held = [
        HeldDays(row.subject, first, last, row.href)
        for row in shown.values()
        for _, first, last in row.held
    ]
    return safety_course(
        blood_points(user, list(shown.values())),
        held,
        analytes(),
        protocol=current(),
        theme=theme,
        narrow=narrow,
        translate=gettext,
    )


def blood_points(user: User, shown: Collection[Exposed]) -> list[BloodPoint]:
    """Every result with a number of those ``shown``, in the reader's language."""
    first = next((row.subject for row in shown), "")
    key = f"blood:{get_language()}:{clock.today()}:{first}:{len(shown)}"
    return kept(user, key, lambda: list(_blood_points(shown)))


def _blood_points(exposed: Collection[Exposed]) -> Iterator[BloodPoint]:
    results = graded_results(row.key for row in exposed)
    for row in exposed:
        for result in results[row.key]:
            if result.analyte in COURSES and result.value is not None:
                yield _blood_point(row, result, result.value)


def _blood_point(row: Exposed, result: Graded, value: Decimal) -> BloodPoint:
    day = day_of(result.collected_at, row)
    unit = current().analyte(result.analyte).unit
    return BloodPoint(
        subject=row.subject,
        arm=row.arm,
        analyte=result.analyte,
        day=day,
        value=value,
        operator=result.operator,
        reported=result_text(result.operator, result.value, unit).render(gettext),
        grade=gettext("unknown") if result.grade is None else str(result.grade),
        held=any(first <= day <= last for _, first, last in row.held),
        href=row.href,
    )


@dataclass(frozen=True)
class BloodRow:
    """One participant's day: the results in the order of ``COURSES``, None where there is none."""

    subject: str
    href: str
    day: int
    points: tuple[BloodPoint | None, ...]


def blood_rows(points: Iterable[BloodPoint]) -> list[BloodRow]:
    """The same as a table, in the order of the figure's participants."""
    by_day: dict[tuple[str, int], dict[str, BloodPoint]] = {}
    for point in points:
        by_day.setdefault((point.subject, point.day), {})[point.analyte] = point
    return [
        BloodRow(
            subject, next(iter(found.values())).href, day, tuple(found.get(c) for c in COURSES)
        )
        for (subject, day), found in by_day.items()
    ]


FIGURES: dict[str, Callable[[User, str, Theme, bool], Spec]] = {
    "swimmer": _swimmer,
    "blood": _course,
    "completeness": lambda user, _page, theme, narrow: completeness.figure(
        user, board(user).days, theme, narrow=narrow
    ),
}
