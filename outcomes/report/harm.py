"""Harm: adverse events by arm as treated, laboratory grades, exposure, deviations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.core.paginator import Paginator
from django.utils.translation import gettext, ngettext

from enrollment.models import Participant
from outcomes import safety_board
from outcomes.exposure import DrugCount, Exposed
from outcomes.figures.theme import Theme
from outcomes.report import words
from outcomes.report.document import (
    Block,
    Column,
    Figure,
    Heading,
    Notice,
    Paragraph,
    Table,
    numbers,
    table,
    texts,
)
from outcomes.rules.harm import SHIFT_GRADES, Line, Tally
from outcomes.safety_board import PEOPLE_A_PAGE, Board
from safety.models import Deviation
from trial_site.models import User
from trial_site.protocol import current
from trial_site.templatetags.trial import exact, say

LONG_NUMBER = re.compile(r"[0-9]{5}")  # of a hospital, a telephone, an identity card


def harm(user: User, people: list[Participant]) -> Iterator[Block]:
    found = safety_board.board(user)
    yield Heading(gettext("Safety"))
    if not found.treated:
        yield Paragraph(gettext("Nobody has been dosed yet"))
        return
    if found.crossed:
        yield Notice(gettext("Treated otherwise than allocated:") + " " + ", ".join(found.crossed))
    yield Heading(gettext("Adverse events"), 2)
    yield from _events(found)
    yield Heading(gettext("Exposure"), 2)
    yield from _exposure(user, found)
    yield Heading(gettext("Laboratory grades"), 2)
    yield _shift(found)
    yield from _figures(user, found, "blood", _blood_words())
    yield Heading(gettext("Deviations"), 2)
    yield from _deviations(people)


# --- adverse events ---------------------------------------------------------------------------


def _events(found: Board) -> Iterator[Block]:
    events = found.events
    yield _counted(found, gettext("Adverse events by arm"), events.summary, _events_note(found))
    yield _counted(
        found,
        gettext("Adverse events by grade"),
        events.grades,
        gettext("A participant stands once, at the worst grade of all events."),
    )
    titles = {
        "il2": gettext("Relation to interleukin-2"),
        "ganciclovir": gettext("Relation to ganciclovir"),
    }
    for drug, lines in events.relations:
        yield _counted(
            found,
            titles[drug],
            lines,
            gettext("As the investigator assessed it. A participant may stand in several rows."),
        )
    yield _by_term(found)


def _counted(found: Board, caption: str, lines: Iterable[Line], note: str) -> Table:
    return table(
        caption,
        [*texts(""), *_arm_columns(found)],
        [(say(line.label), *_tallies(line.tallies)) for line in lines],
        note=note,
    )


def _arm_columns(found: Board) -> Iterator[Column]:
    for code, count in found.arms:
        heads = {"arm": words.arm(code), "count": count}
        yield Column(gettext("%(arm)s (N = %(count)s): participants") % heads, number=True)
        yield Column(gettext("%(arm)s: events") % heads, number=True)


def _tallies(tallies: Iterable[Tally]) -> Iterator[str]:
    for tally in tallies:
        share = "" if tally.percent is None else f" ({exact(tally.percent, 1)} %)"
        yield f"{tally.participants}{share}"
        yield str(tally.events)


def _events_note(found: Board) -> str:
    note = gettext(
        "Events that began on the day of the first dose or later. Participants with at least one "
        "such event, and their share of everybody dosed; one participant may stand in several rows."
    )
    before = found.events.before
    if not before:
        return note
    left_out = ngettext(
        "%(n)s event began before the first dose and is in no table.",
        "%(n)s events began before the first dose and are in no table.",
        before,
    ) % {"n": before}
    return f"{note} {left_out}"


def _by_term(found: Board) -> Table:
    return table(
        gettext("Adverse events by term"),
        [
            Column(gettext("Event"), wide=True),
            *_arm_columns(found),
            *numbers(gettext("Worst grade"), gettext("Serious")),
            Column(gettext("Participants"), wide=True),
        ],
        [
            (
                term_of(line.term),
                *_tallies(line.tallies),
                *(line.worst, line.serious, ", ".join(line.subjects)),
            )
            for line in found.events.terms
        ],
    )


def term_of(term: str) -> str:
    """The event as it was reported.  One with a long number in it is left out: it could be that of
    a person (R27)."""
    if LONG_NUMBER.search(term):
        return gettext("left out: it holds a number")
    return say(term)


# --- exposure ---------------------------------------------------------------------------------


def _exposure(user: User, found: Board) -> Iterator[Block]:
    yield from _figures(
        user,
        found,
        "swimmer",
        (
            gettext("Exposure, each participant"),
            gettext(
                "Days on which doses were given, in full or in part; a gap is a day without a "
                "delivered dose. The number behind a lane counts days from the first to the last "
                "dose of the first course."
            ),
            gettext("One lane a participant: doses, holds, conversion, adverse events, the end."),
        ),
    )
    rows = sorted(found.exposed, key=lambda row: row.subject)
    yield table(
        gettext("Exposure by participant; doses are full / part / not given"),
        [
            *texts(gettext("Participant"), gettext("Arm")),
            *numbers(
                *(gettext("Days of treatment"), gettext("Ganciclovir doses"), "mg"),
                *(gettext("Rescue, mg"), gettext("IL-2 doses"), gettext("million IU")),
                gettext("Days held"),
            ),
        ],
        [
            (
                *(row.subject, words.arm(row.arm), row.treated_days),
                *(_doses(row.ganciclovir), exact(row.ganciclovir.amount), exact(row.rescue_mg)),
                *(_doses(row.il2), exact(row.il2.amount), row.days_held),
            )
            for row in rows
        ],
    )
    yield _standing(rows)


def _doses(count: DrugCount) -> str:
    return f"{count.given} / {count.partial} / {count.missed}"


def _standing(rows: Iterable[Exposed]) -> Table:
    return table(
        gettext("Course and follow-up by participant"),
        [
            *texts(gettext("Participant"), gettext("Arm")),
            *numbers(
                *(gettext("First negative, day"), gettext("Confirmed, day")),
                *(gettext("Events"), gettext("Worst grade"), gettext("Serious")),
            ),
            Column(gettext("State")),
            Column(gettext("Followed to day"), number=True),
        ],
        [
            (
                *(row.subject, words.arm(row.arm), row.first_negative, row.confirmed),
                *(len(row.events), row.worst, row.serious, row.state_label, row.last),
            )
            for row in rows
        ],
    )


def _blood_words() -> tuple[str, str, str]:
    return (
        gettext("Blood over time, each participant"),
        gettext(
            "Filled circles on a solid line: with interleukin-2. Open squares on a dashed line: "
            "ganciclovir alone. Dashed red: below it the label stops ganciclovir."
        ),
        gettext("Neutrophils, haemoglobin, platelets and creatinine by day since first dose."),
    )


def _figures(user: User, found: Board, name: str, said: tuple[str, str, str]) -> Iterator[Figure]:
    """A figure of everybody dosed, one for each page of participants; ``said`` are its title,
    caption and description."""
    title, caption, alt = said
    pages = Paginator(found.exposed, PEOPLE_A_PAGE).page_range
    for page in pages:
        part = f" ({page} / {len(pages)})" if len(pages) > 1 else ""
        spec = safety_board.FIGURES[name](user, str(page), Theme.LIGHT, False)
        yield Figure(caption=f"{title}{part}. {caption}", alt=alt, spec=spec)


# --- grades, deviations -----------------------------------------------------------------------


def _shift(found: Board) -> Table:
    return table(
        gettext("Laboratory: from baseline to the worst grade"),
        [
            *texts(gettext("Analyte"), gettext("Arm"), gettext("Baseline")),
            *numbers(*(_grade(grade) for grade in SHIFT_GRADES)),
        ],
        [
            (say(analyte.name), words.arm(arm), _grade(baseline), *counts)
            for analyte, arms in found.shift_tables
            for arm, rows in arms
            for baseline, counts in rows
        ],
        note=gettext("Participants by worst grade after the first dose")
        + ". "
        + gettext(
            "CTCAE v5.0. Baseline is the last result before the first dose. Grade 0 is claimed "
            "only where every later result could be graded; a participant without any later "
            "result is unknown."
        ),
    )


def _grade(grade: int | None) -> str:
    return gettext("Unknown") if grade is None else f"G{grade}"


def _deviations(people: list[Participant]) -> Iterator[Block]:
    rows = Deviation.objects.in_force().filter(participant__in=people)
    kinds = {kind.code: say(kind.name) for kind in current().safety.deviations}
    found = [
        (
            *(row.participant.subject, words.arm(row.participant.arm)),
            words.day(row.occurred_on),
            kinds.get(row.kind, row.kind),
            row.get_severity_display(),
            gettext("Assessed") if row.assessed_at else gettext("Not assessed yet"),
        )
        for row in rows.select_related("participant__allocation")
    ]
    if not found:
        yield Paragraph(gettext("No deviation is recorded."))
        return
    yield table(
        gettext("Deviations from the protocol"),
        [
            *texts(gettext("Participant"), gettext("Arm"), gettext("Occurred")),
            Column(gettext("Kind"), wide=True),
            *texts(gettext("Severity"), gettext("Assessment")),
        ],
        found,
    )
