"""Days to negative CMV-DNA: the curves, their medians and steps, and the course of everybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext

from enrollment.models import Participant
from outcomes.analysis import ConversionRow, conversion_times
from outcomes.pages import figure_cards
from outcomes.report import words
from outcomes.report.document import Block, Heading, numbers, table, texts
from outcomes.report.efficacy import figure, title
from outcomes.rules.statistics import Undefined
from outcomes.rules.survival import Median, Step, TimeComparison, Transform, kaplan_meier
from trial_site.protocol import current
from trial_site.templatetags.trial import exact, say


def conversion(
    overview: dict[str, Any], rows: list[ConversionRow], people: list[Participant]
) -> Iterator[Block]:
    times: TimeComparison = overview["times"]
    cards = figure_cards(overview)
    yield Heading(title("conversion"), 2)
    yield figure(cards["conversion"], "conversion", people)
    yield table(
        gettext("Conversion by arm"),
        [
            *texts(gettext("Arm")),
            *numbers(
                *(gettext("Allocated"), gettext("Converted"), gettext("Confirmed")),
                *(gettext("Censored"), gettext("Relapsed")),
            ),
        ],
        [
            (
                *(words.arm(row["arm"]), row["allocated"], row["converted"], row["confirmed"]),
                *(row["censored"], row["relapsed"]),
            )
            for row in overview["conversions_by_arm"]
        ],
    )
    yield _medians(times)
    yield figure(cards["viral_load"], "viral-load", people)
    yield _curve(rows)


def _medians(times: TimeComparison) -> Block:
    return table(
        gettext("Days to the first negative by arm"),
        [
            *texts(gettext("Arm")),
            *numbers(gettext("Followed"), gettext("Converted"), gettext("Censored")),
            *numbers(gettext("Median, days")),
            *numbers(gettext("95 %% CI, log") % (), gettext("95 %% CI, log-log") % ()),
        ],
        [
            (
                *(words.arm(row.arm), row.followed, row.events, row.censored),
                _median_day(row.medians[0][1]),
                *(_bounds(median) for _, median in row.medians),
            )
            for row in times.arms
        ],
        note=" ".join(_log_rank(times)),
    )


def _median_day(found: Median) -> str:
    return gettext("not reached") if found.day is None else str(found.day)


def _bounds(found: Median) -> str:
    low, high = ("NE" if bound is None else str(bound) for bound in (found.low, found.high))
    return f"{low}–{high}"


def _log_rank(times: TimeComparison) -> Iterator[str]:
    test, exactly = times.test, times.permutation
    if isinstance(test, Undefined):
        yield gettext("Log-rank: not defined, %(reason)s.") % {"reason": say(test.reason)}
    else:
        yield gettext("Log-rank χ² = %(chi)s, one degree of freedom, asymptotic p = %(p)s.") % {
            "chi": exact(test.chi_square, 3),
            "p": exact(test.p, 4),
        }
        if isinstance(exactly, Undefined):
            yield gettext("Exact permutation p: not defined, %(reason)s.") % {
                "reason": say(exactly.reason)
            }
        else:
            yield gettext(
                "Exact by permutation of that statistic: p = %(p)s, %(favourable)s of "
                "%(arrangements)s arrangements."
            ) % {
                "p": exact(exactly.p, 4),
                "favourable": exactly.favourable,
                "arrangements": exactly.arrangements,
            }
    yield gettext("NE: not estimable. The interval names the scale on which it is symmetric.")


def _curve(rows: list[ConversionRow]) -> Block:
    """The steps of both curves: what the figure draws, in numbers."""
    times = conversion_times(rows)
    curves = [
        (words.arm(arm.code), kaplan_meier(time.followed for time in times if time.arm == arm.code))
        for arm in current().arms
    ]
    return table(
        gettext("Share converted, Kaplan–Meier, by arm"),
        [
            *texts(gettext("Arm")),
            *numbers(gettext("Day"), gettext("At risk"), gettext("Converted"), gettext("Censored")),
            *numbers(
                gettext("Share converted"),
                gettext("95 %% CI, log") % (),
                gettext("95 %% CI, log-log") % (),
            ),
        ],
        [(arm, *_step(step)) for arm, steps in curves for step in steps],
    )


def _step(step: Step) -> tuple[object, ...]:
    return (
        *(step.day, step.at_risk, step.events, step.censored, exact(1 - step.survival, 3)),
        *(_share(step, transform) for transform in Transform),
    )


def _share(step: Step, transform: Transform) -> str:
    """The interval of the share converted: that of S, seen from the other side."""
    bounds = step.interval(transform)
    if bounds is None:
        return ""
    low, high = bounds
    return words.spread(exact(1 - high, 3), exact(1 - low, 3))
