"""Concomitant corticosteroids as the doses that the rule of DOMAIN 2 and 12 reads.

The computation is eligibility's own: here a course becomes the doses of its days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from enrollment.facts import ScreeningFacts, SteroidDose
from enrollment.rules.criteria.case import Case
from enrollment.rules.criteria.treatment import corticosteroid
from enrollment.rules.steroid_diary import CRITERION, Diary, diary
from enrollment.rules.steroids import window_days
from enrollment.rules.verdicts import CriterionVerdict, State
from trial_site.messages import Message
from trial_site.protocol.definition import Protocol, SteroidRule, gettext_noop

# DOMAIN 2: oral and intravenous doses count; topical, inhaled and intra-articular ones do not.
# It does not say what to do with any other route: unknown, never passed over.
COUNTED = frozenset({"oral", "iv"})
LOCAL = frozenset({"topical", "inhaled", "intra_articular"})


@dataclass(frozen=True)
class Course:
    """``dose_mg`` of ``agent`` every ``every_days`` days, from ``since`` to ``until``, both in.

    Without ``since`` it began before anything else that is known; without ``until`` it goes on.
    """

    agent: str
    dose_mg: Decimal
    every_days: int
    route: str
    route_name: str
    since: dt.date | None
    until: dt.date | None


@dataclass(frozen=True)
class Rate:
    """The days before ``judged_on`` in prednisone equivalent, and the verdict on them.

    ``diary`` is ``None`` where no dose is listed for these days, or one cannot be read.
    """

    judged_on: dt.date
    diary: Diary | None
    verdict: CriterionVerdict


def rate_of(
    courses: Iterable[Course],
    *,
    judged_on: dt.date,
    weight_kg: Decimal | None,
    weight_on: dt.date | None,
    protocol: Protocol,
) -> Rate:
    """The corticosteroid of the days before ``judged_on``, mg/d and mg/kg/d, by criterion I3.

    What is below the limit stays unknown while a course by an undecided route runs in these days.
    """
    running = [one for one in courses if _runs(one, judged_on, protocol.steroids)]
    facts = ScreeningFacts(
        steroids=tuple(_doses(running, judged_on, protocol.steroids)),
        weight_kg=weight_kg,
        weight_on=weight_on,
    )
    case = Case(facts, None, judged_on, protocol, answered_on=judged_on)
    verdict = corticosteroid(protocol.criterion(CRITERION), case)
    return Rate(
        judged_on, diary(facts, judged_on, protocol), _with_undecided(verdict, running, protocol)
    )


def _doses(
    courses: Iterable[Course], judged_on: dt.date, rule: SteroidRule
) -> Iterator[SteroidDose]:
    window = window_days(judged_on, rule)
    for course in courses:
        if course.route in COUNTED:
            yield from _doses_of(course, window)


def _doses_of(course: Course, window: tuple[dt.date, ...]) -> Iterator[SteroidDose]:
    """The doses whose cycle touches the window, counted from the first day of the course."""
    first, last = window[0], min(course.until or window[-1], window[-1])
    day = course.since or first
    if day < first:
        day += dt.timedelta(days=(first - day).days // course.every_days * course.every_days)
    while day <= last:
        yield SteroidDose(day, course.agent, course.dose_mg, course.every_days)
        day += dt.timedelta(days=course.every_days)


def _runs(course: Course, judged_on: dt.date, rule: SteroidRule) -> bool:
    """Whether the course has a day in the window."""
    window = window_days(judged_on, rule)
    began = course.since is None or course.since <= window[-1]
    # The last dose of a course on alternate days is spread over the day after it as well.
    spread = dt.timedelta(days=course.every_days - 1)
    return began and (course.until is None or course.until + spread >= window[0])


def _with_undecided(
    verdict: CriterionVerdict, running: Iterable[Course], protocol: Protocol
) -> CriterionVerdict:
    text = gettext_noop("whether %(agent)s counts by this route: %(route)s")
    needed = [
        Message(
            text,
            {
                "agent": Message(protocol.steroids.agent(course.agent).name),
                "route": Message(course.route_name),
            },
        )
        for course in running
        if course.route not in COUNTED | LOCAL
    ]
    if not needed or verdict.state is State.NOT_MET:
        return verdict
    return CriterionVerdict.of(
        protocol.criterion(CRITERION),
        None,
        steps=verdict.steps,
        needed=(*verdict.needed, *needed),
        flags=verdict.flags,
    )
