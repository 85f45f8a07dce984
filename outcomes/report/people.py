"""Who took part: the flow, the analysis sets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext

from outcomes import flow
from outcomes.figures.flow import draw
from outcomes.figures.theme import Theme
from outcomes.report import words
from outcomes.report.document import Block, Column, Figure, Heading, numbers, table, texts
from outcomes.rules.endpoints import ArmComparison
from outcomes.rules.sets import Membership
from outcomes.sets import Analysed, SetSummary, set_summaries
from trial_site.models import User
from trial_site.templatetags.trial import say


def flow_of_participants(user: User) -> Iterator[Block]:
    diagram = flow.diagram(flow.flow(user), flow.mode())
    yield Heading(gettext("Participant flow"))
    yield Figure(
        caption=gettext("CONSORT flow"),
        alt="; ".join(str(line) for line in diagram.before),
        svg=draw(diagram, theme=Theme.LIGHT),
    )


def analysis_sets(rows: list[Analysed]) -> Iterator[Block]:
    yield Heading(gettext("Analysis sets"))
    yield table(
        gettext("Primary endpoint by set: change in NK cytotoxicity, percentage points"),
        [
            *texts(gettext("Set"), gettext("Arm")),
            *numbers(
                gettext("In the set"),
                gettext("Change, n"),
                gettext("Mean (SD)"),
                gettext("Median"),
            ),
        ],
        [cells for summary in set_summaries(rows) for cells in _summary(summary)],
        note=" · ".join(_comparisons(set_summaries(rows))),
    )
    yield table(
        gettext("Who belongs where, and why not"),
        [
            *texts(gettext("Participant"), gettext("As allocated")),
            Column(gettext("Per protocol"), wide=True),
            Column(gettext("Safety, as treated"), wide=True),
        ],
        [
            (
                row.participant.subject,
                words.arm(row.allocated.arm),
                _membership(row.per_protocol),
                _membership(row.safety),
            )
            for row in rows
        ],
    )


def _summary(summary: SetSummary) -> Iterator[tuple[object, ...]]:
    name = say(summary.name)
    if summary.lysis is None:
        for arm, count in summary.counts:
            yield name, words.arm(arm), count, "", "", ""
        return
    for row in summary.lysis.arms:
        found = row.description
        yield (
            *(name, words.arm(row.arm), row.allocated, found.n),
            words.mean_sd(found, 2, is_change=True),
            words.change(found.median, 2),
        )


def _comparisons(summaries: Iterable[SetSummary]) -> Iterator[str]:
    compared: list[tuple[str, ArmComparison]] = [
        (say(summary.name), summary.lysis) for summary in summaries if summary.lysis
    ]
    for name, lysis in compared:
        yield words.compared(name, lysis.test, lysis.shift)


def _membership(found: Membership) -> str:
    """In which arm, or every reason why not."""
    if found.included:
        return gettext("In: %(arm)s") % {"arm": words.arm(found.arm)}
    reasons = "; ".join(words.why(reason) for reason in found.reasons)
    if found.included is None:
        return gettext("Not decided: %(reasons)s") % {"reasons": reasons}
    return gettext("Not in: %(reasons)s") % {"reasons": reasons}
