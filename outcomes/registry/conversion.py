"""Days to CMV-DNA conversion: the median by Kaplan and Meier, and how many converted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from labs.rules.conversion import Conversion
from outcomes.analysis import ConversionRow
from outcomes.registry import words
from outcomes.registry.comparing import time_analyses
from outcomes.registry.content import (
    Category,
    Count,
    Group,
    Measure,
    MeasureClass,
    Measurement,
    Texts,
)
from outcomes.registry.population import ByArm, Population, columns
from outcomes.rules.survival import ArmTimes, Followed, Median, Transform, compare_times
from trial_site.messages import Message
from trial_site.protocol.definition import Outcome, gettext_noop

SCALE = Transform.LOG_LOG

_DAYS = gettext_noop("days")
_ABOUT = gettext_noop("days to the first negative CMV-DNA")
_CURVE = gettext_noop(
    "Kaplan–Meier: the first day with half or less not converted; interval symmetric on the "
    "log-log scale. Whoever had no dose is not followed and counts as missing."
)
_NOT_REACHED = gettext_noop("the median is not reached")
_NOBODY = gettext_noop("nobody of this group was followed")
_OPEN = gettext_noop("a limit without a number is not estimable")
_COUNTED = gettext_noop("CMV-DNA conversion, participants")
_KINDS = (
    gettext_noop("Converted: a first negative"),
    gettext_noop("Conversion confirmed"),
    gettext_noop("Censored without conversion"),
    gettext_noop("Relapse confirmed"),
)


def conversion_measures(
    rule: Outcome, groups: Sequence[Group], chosen: Population, rows: Iterable[ConversionRow]
) -> Iterator[Measure]:
    """The days, then the counts."""
    found = {row.participant.pk: row.conversion for row in rows}
    conversions = chosen.by_arm(lambda person: found[person.pk])
    texts: Texts = (Message(rule.reading), Message(_CURVE))
    yield Measure(
        Message(rule.title),
        texts,
        _DAYS,
        words.MEDIAN,
        words.CONFIDENCE_INTERVAL,
        (_days(groups, conversions),),
    )
    yield Measure(
        Message(_COUNTED),
        texts[:1],
        words.UNIT_PARTICIPANTS,
        words.PARTICIPANTS,
        "",
        tuple(_counts(groups, conversions)),
    )


def _days(groups: Sequence[Group], conversions: ByArm[Conversion | None]) -> MeasureClass:
    times = compare_times(
        {
            arm: [Followed(one.days, one.converted) for one in column if one]
            for arm, column in conversions.items()
        }
    )
    by_arm = {row.arm: row for row in times.arms}
    return MeasureClass(
        None,
        *_who(groups, conversions),
        (Category(None, tuple(_median(group, by_arm[group.arm]) for group in groups)),),
        time_analyses(groups, times, Message(_ABOUT)),
    )


def _who(
    groups: Sequence[Group], conversions: ByArm[Conversion | None]
) -> tuple[tuple[Count, ...], tuple[Count, ...]]:
    """How many of each group were followed, and how many were not."""
    filled = list(columns(groups, conversions))
    missing = [column.count(None) for _, column in filled]
    return (
        tuple(Count(g.id, len(col) - n) for (g, col), n in zip(filled, missing, strict=True)),
        tuple(Count(g.id, n) for (g, _), n in zip(filled, missing, strict=True)),
    )


def _median(group: Group, times: ArmTimes) -> Measurement:
    if not times.followed:
        return Measurement(group.id, None, comment=Message(_NOBODY))
    found: Median = dict(times.medians)[SCALE]
    comment = None
    if found.day is None:
        comment = Message(_NOT_REACHED)
    elif found.low is None or found.high is None:
        comment = Message(_OPEN)
    return Measurement(
        group=group.id,
        value=_whole(found.day),
        lower=_whole(found.low),
        upper=_whole(found.high),
        comment=comment,
    )


def _whole(day: int | None) -> Decimal | None:
    return None if day is None else Decimal(day)


def _counts(
    groups: Sequence[Group], conversions: ByArm[Conversion | None]
) -> Iterator[MeasureClass]:
    for number, title in enumerate(_KINDS):
        counted = tuple(
            Measurement(group.id, Decimal(sum(_holds(one)[number] for one in column if one)))
            for group, column in columns(groups, conversions)
        )
        yield MeasureClass(Message(title), *_who(groups, conversions), (Category(None, counted),))


def _holds(found: Conversion) -> tuple[bool, bool, bool, bool]:
    """Which of ``_KINDS`` is true of one participant."""
    return (
        found.converted,
        found.confirmed is not None,
        not found.converted,
        bool(found.relapse and found.relapse.confirmed),
    )
