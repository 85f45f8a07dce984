"""The rows behind each outcome: every participant, every value, and why one is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext

from enrollment.models import Participant
from outcomes.analysis import ConversionRow, NkRow, TotalRow
from outcomes.exposure import Exposed
from outcomes.levels import Course, Point, visit_label
from outcomes.report import words
from outcomes.report.document import NOTHING, Block, Column, Heading, Table, numbers, table, texts
from outcomes.report.efficacy import Measured
from outcomes.report.harm import term_of
from trial_site.templatetags.trial import exact, say


def listings(
    nk: list[NkRow],
    totals: list[TotalRow],
    conversions: list[ConversionRow],
    measured: Measured,
    exposed: Iterable[Exposed],
) -> Iterator[Block]:
    yield Heading(gettext("Listings"))
    yield Heading(gettext("NK cytotoxicity"), 2)
    yield _lysis(nk)
    yield Heading(gettext("Ganciclovir"), 2)
    yield _totals(totals)
    yield Heading(gettext("CMV-DNA"), 2)
    yield _conversions(conversions)
    yield _viral_load(conversions)
    for outcome, courses in measured:
        yield Heading(say(outcome.short_title), 2)
        yield from (_course(course) for course in courses)
    yield Heading(gettext("Adverse events"), 2)
    yield _events(exposed)


def _who() -> Iterator[Column]:
    return texts(gettext("Participant"), gettext("Arm"))


def _participant(participant: Participant) -> tuple[str, str]:
    return participant.subject, words.arm(participant.arm)


def _lysis(rows: Iterable[NkRow]) -> Table:
    return table(
        gettext("NK lysis by participant, percent"),
        [
            *_who(),
            *numbers(gettext("Baseline"), gettext("Day 7"), gettext("Change")),
            Column(gettext("Why the baseline"), wide=True),
            Column(gettext("Why day 7"), wide=True),
        ],
        [
            (
                *_participant(row.participant),
                words.missing_or(row.baseline.value, 1),
                words.missing_or(row.day7.value if row.day7 else None, 1),
                gettext("missing") if row.change is None else words.change(row.change, 1),
                words.why(row.baseline.why),
                words.why(row.day7.why) if row.day7 else "",
            )
            for row in rows
        ],
    )


def _totals(rows: Iterable[TotalRow]) -> Table:
    return table(
        gettext("Ganciclovir by participant"),
        [
            *_who(),
            *numbers(
                *("mg", "mg/kg", gettext("Full doses"), gettext("Part doses")),
                *(gettext("Not given"), gettext("Rescue, mg")),
            ),
            Column(gettext("Standing")),
        ],
        [(*_participant(row.participant), *_total(row)) for row in rows],
    )


def _total(row: TotalRow) -> tuple[object, ...]:
    total = row.total
    if total is None:
        return "", "", "", "", "", "", gettext("No dose yet")
    return (
        *(exact(total.mg), words.number(total.mg_per_kg, 1)),
        *(total.full, total.partial, total.missed, exact(total.rescue_mg)),
        gettext("final") if row.is_final else gettext("so far"),
    )


def _conversions(rows: Iterable[ConversionRow]) -> Table:
    return table(
        gettext("Days to negative CMV-DNA by participant"),
        [
            *_who(),
            *numbers(
                *(gettext("First negative, day"), gettext("Confirmed, day")),
                *(gettext("Censored, day"), gettext("Relapse, day")),
            ),
            Column(gettext("Standing")),
        ],
        [(*_participant(row.participant), *_converted(row)) for row in rows],
    )


def _converted(row: ConversionRow) -> tuple[object, ...]:
    found = row.conversion
    if found is None:
        return "", "", "", "", gettext("No dose yet")
    first, confirmed, relapse = found.first_negative, found.confirmed, found.relapse
    return (
        first.days if first else None,
        confirmed.days if confirmed else None,
        found.censored_at,
        relapse.first.days if relapse and relapse.confirmed else None,
        gettext("Converted") if found.converted else gettext("Censored"),
    )


def _viral_load(rows: Iterable[ConversionRow]) -> Table:
    return table(
        gettext("Every CMV-DNA result since the first dose, baseline included"),
        [*_who(), Column(gettext("Day: result"), wide=True)],
        [(*_participant(row.participant), _in_time(row)) for row in rows],
    )


def _in_time(row: ConversionRow) -> str:
    return "; ".join(f"{dated.days}: {say(result.text)}" for dated, result in row.dated)


# --- measured in analytes ---------------------------------------------------------------------


def _course(course: Course) -> Table:
    """A row a participant, a column a visit; the change from baseline beside the value."""
    by_person: dict[str, list[Point]] = {}
    for at in course.visits:
        for point in at.points:
            by_person.setdefault(point.participant.subject, []).append(point)
    return table(
        gettext("%(name)s by participant, %(unit)s")
        % {"name": say(course.name), "unit": course.spelled_unit},
        [*_who(), *numbers(*(visit_label(at.visit.code) for at in course.visits))],
        [
            (*_participant(points[0].participant), *map(_value, points))
            for points in by_person.values()
        ],
        note=" · ".join(_absences(course)),
    )


def _value(point: Point) -> str:
    """``3.5 (+1.2)``, with a mark where the investigator chose the sample."""
    if point.result is None:
        return NOTHING
    mark = " †" if point.overruled else ""
    shown = say(point.result.text)
    if point.change is None or point.change.value is None:
        return f"{shown}{mark}"
    return f"{shown} ({words.change(point.change.value, 2)}){mark}"


def _absences(course: Course) -> Iterator[str]:
    """Why a value or its change is missing, each reason once with everybody whom it concerns."""
    yield gettext("In brackets: the change from baseline")
    reasons: dict[str, list[str]] = {}
    for at in course.visits:
        for point in at.points:
            if reason := _absent(point):
                told = f"{visit_label(at.visit.code)}: {reason}"
                reasons.setdefault(told, []).append(point.participant.subject)
    for told, subjects in reasons.items():
        yield f"{told} ({', '.join(subjects)})"
    if any(point.overruled for at in course.visits for point in at.points):
        yield "† " + gettext("decided by the investigator")


def _absent(point: Point) -> str:
    if point.result is None:
        return words.why(point.choice.why)
    return words.why(point.change.why) if point.change else ""


# --- adverse events ---------------------------------------------------------------------------


def _events(exposed: Iterable[Exposed]) -> Table:
    rows: list[tuple[Any, ...]] = [
        (row, event) for row in sorted(exposed, key=lambda row: row.subject) for event in row.events
    ]
    return table(
        gettext("Every adverse event, by participant"),
        [
            *_who(),
            *numbers(gettext("Day")),
            Column(gettext("Event"), wide=True),
            *numbers(gettext("CTCAE grade")),
            Column(gettext("Serious")),
        ],
        [
            (
                *(row.subject, words.arm(row.arm), event.day, term_of(event.term), event.grade),
                gettext("yes") if event.serious else gettext("no"),
            )
            for row, event in rows
        ],
        note=gettext("Days count from the first dose; an event before it has a negative day."),
    )
