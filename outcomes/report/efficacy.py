"""The primary outcome, and those that are measured: by arm, each with its figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext

from enrollment.models import Participant
from outcomes.dashboard import FIGURES, ArmTotals
from outcomes.figures.theme import Theme
from outcomes.levels import AtVisit, Course, visit_label
from outcomes.pages import ENDPOINTS, figure_cards, levels_card, name_of
from outcomes.report import words
from outcomes.report.document import Block, Figure, Heading, Paragraph, numbers, table, texts
from outcomes.rules.endpoints import ArmComparison
from outcomes.rules.levels import LevelSummary
from outcomes.rules.statistics import Description
from trial_site.protocol import current
from trial_site.protocol.definition import Outcome
from trial_site.templatetags.trial import say

Measured = Sequence[tuple[Outcome, list[Course]]]


def primary_outcome(overview: dict[str, Any], people: list[Participant]) -> Iterator[Block]:
    comparison: ArmComparison = overview["comparison"]
    yield Heading(gettext("Primary outcome: %(title)s") % {"title": title("nk")})
    yield figure(figure_cards(overview)["primary"], "primary", people)
    yield table(
        gettext("Change in specific lysis from baseline to day 7 by arm, percentage points"),
        [
            *texts(gettext("Arm")),
            *numbers(
                gettext("Allocated"),
                "n",
                gettext("Missing"),
                gettext("Mean (SD)"),
                gettext("95 %% CI of the mean") % (),
                gettext("Median (quartiles)"),
                gettext("Range"),
            ),
        ],
        [
            (
                *(words.arm(row.arm), row.allocated, row.description.n, row.missing),
                words.mean_sd(row.description, 1, is_change=True),
                words.interval(row.description, 1, is_change=True),
                words.median_quartiles(row.description, 1, is_change=True),
                _range(row.description),
            )
            for row in comparison.arms
        ],
        note=words.compared(gettext("change from baseline"), comparison.test, comparison.shift),
    )


def secondary_outcomes(
    overview: dict[str, Any], measured: Measured, people: list[Participant]
) -> Iterator[Block]:
    """Those that are measured in analytes, and the total of ganciclovir."""
    yield Heading(gettext("Secondary outcomes"))
    yield from _ganciclovir(overview, people)
    for outcome, courses in measured:
        name = name_of(outcome)
        yield Heading(say(outcome.short_title), 2)
        yield figure(levels_card(name), name, people)
        yield from (_by_visit(course) for course in courses)


def figure(card: dict[str, Any], name: str, people: list[Participant]) -> Figure:
    """A figure of the dashboard with the caption that it has there."""
    return Figure(
        caption=f"{card['title']}. {card['caption']}",
        alt=str(card["alt"]),
        spec=FIGURES[name](people, Theme.LIGHT, False),
    )


def title(name: str) -> str:
    return say(current().outcome(ENDPOINTS[name].outcome).short_title)


def _range(found: Description) -> str:
    return words.spread(words.change(found.minimum, 1), words.change(found.maximum, 1))


def _ganciclovir(overview: dict[str, Any], people: list[Participant]) -> Iterator[Block]:
    totals: list[ArmTotals] = overview["totals_by_arm"]
    comparison: ArmComparison = overview["total_comparison"]
    yield Heading(title("ganciclovir"), 2)
    yield figure(figure_cards(overview)["ganciclovir"], "ganciclovir", people)
    yield table(
        gettext("Total ganciclovir by arm"),
        [
            *texts(gettext("Arm")),
            *numbers(
                *("n", gettext("Not final"), gettext("Mean, mg"), gettext("SD")),
                *(gettext("Median, mg"), gettext("Range, mg")),
                *(gettext("Mean, mg/kg"), gettext("Median, mg/kg")),
            ),
        ],
        [
            (
                *(words.arm(row.arm), row.mg.n, row.not_final),
                *(words.number(row.mg.mean, 0), words.number(row.mg.sd, 0)),
                words.number(row.mg.median, 0),
                words.spread(words.number(row.mg.minimum, 0), words.number(row.mg.maximum, 0)),
                *(words.number(row.mg_per_kg.mean, 1), words.number(row.mg_per_kg.median, 1)),
            )
            for row in totals
        ],
        note=words.compared(gettext("Total in mg"), comparison.test, comparison.shift),
    )
    yield Paragraph(
        gettext(
            "Delivered milligrams from the first dose to withdrawal. Who is not withdrawn yet has "
            "no final total, and is left out of mean and range."
        )
    )


# --- measured in analytes ---------------------------------------------------------------------


def _by_visit(course: Course) -> Block:
    return table(
        gettext("%(name)s by visit and arm, %(unit)s")
        % {"name": say(course.name), "unit": course.spelled_unit},
        [
            *texts(gettext("Visit"), gettext("Arm")),
            *numbers("n", gettext("Missing"), gettext("Below limit")),
            *numbers(gettext("Median (quartiles)"), gettext("Mean")),
            *numbers(gettext("Change, n"), gettext("Median"), gettext("Mean (95 %% CI)") % ()),
        ],
        [
            (visit_label(at.visit.code), *_at_visit(arm, summary, change))
            for at in course.visits
            for arm, summary, change in at.rows
        ],
        note=" · ".join(_notes(course)),
    )


def _at_visit(arm: str, summary: LevelSummary, change: Description | None) -> tuple[object, ...]:
    mean = words.number(summary.mean_with_half_limit, 2)
    return (
        *(words.arm(arm), summary.n, summary.missing, summary.below),
        _median(summary),
        f"{mean} *" if mean and summary.below else mean,
        "" if change is None else change.n,
        "" if change is None else words.change(change.median, 2),
        "" if change is None else _mean_change(change),
    )


def _median(summary: LevelSummary) -> str:
    middle = words.level(summary.median, 2)
    quartiles = words.spread(words.level(summary.q1, 2), words.level(summary.q3, 2))
    return f"{middle} ({quartiles})" if summary.n > 1 and quartiles else middle


def _mean_change(found: Description) -> str:
    mean, bounds = words.change(found.mean, 2), words.interval(found, 2, is_change=True)
    return f"{mean} ({bounds})" if bounds else mean


def _notes(course: Course) -> Iterator[str]:
    for at in course.visits:
        yield f"{visit_label(at.visit.code)}: {_compared(at)}"
    if any(summary.below for at in course.visits for _, summary, _ in at.rows):
        yield gettext("* Half the limit stands in for each value below it, in this mean alone.")
    if course.kits > 1:
        yield gettext(
            "Measured with %(kits)s kits or lots: numbers of different kits do not compare. "
            "Changes are computed within one kit only; the levels below mix them."
        ) % {"kits": course.kits}


def _compared(at: AtVisit) -> str:
    if at.changes:
        return words.compared(gettext("change from baseline"), at.changes.test, at.changes.shift)
    return words.compared(gettext("level"), at.levels.test, at.levels.shift)
