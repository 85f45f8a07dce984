"""From results to the outcomes that are measured in analytes: which result counts at which visit.

Every value keeps its row.  Analysed are all allocated participants, as allocated.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext

from enrollment.models import Participant
from enrollment.rules.calendar import PlannedWindow, plan
from labs.comparisons import kit_of
from labs.models import Result
from labs.rules.kits import KIT_GROUPS
from labs.rules.pcr import Operator
from outcomes.analysis import by_arm, il2_times
from outcomes.overrules import Overrules, overrules_of
from outcomes.rules.endpoints import (
    ArmComparison,
    DatedSample,
    SampleChoice,
    baseline_sample,
    compare,
    sample_in_window,
)
from outcomes.rules.levels import (
    ABOVE,
    BELOW,
    EQUAL,
    Change,
    Level,
    LevelComparison,
    LevelSummary,
    change,
    compare_levels,
    kits_of,
)
from outcomes.rules.statistics import Description
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import Anchor, Outcome, VisitRule, gettext_noop
from trial_site.units import spelled

BASELINE = "D0"
_NOT_YET = gettext_noop("what the visit is counted from has not happened yet")

_SHORT_VISITS = {
    "D0": gettext_noop("Baseline"),
    "D7": gettext_noop("Day 7"),
    "WITHDRAWAL": gettext_noop("Withdrawal"),
    "M3": gettext_noop("3 months"),
}


@dataclass(frozen=True)
class Point:
    """One participant's analyte at one visit: the result that counts, or why none does."""

    participant: Participant
    visit: str
    choice: SampleChoice
    result: Result | None
    level: Level | None
    change: Change | None  # None at baseline itself
    overruled: bool


@dataclass(frozen=True)
class AtVisit:
    """Everybody's points at one visit, and the arms compared: by level, and by change."""

    visit: VisitRule
    points: tuple[Point, ...]
    levels: LevelComparison
    changes: ArmComparison | None
    kits: int

    @property
    def rows(self) -> list[tuple[str, LevelSummary, Description | None]]:
        """Arm, its levels, and its changes from baseline."""
        changes = {row.arm: row.description for row in self.changes.arms} if self.changes else {}
        return [(arm, summary, changes.get(arm)) for arm, summary in self.levels.arms]


@dataclass(frozen=True)
class Course:
    """One analyte of an outcome over its visits, the baseline first."""

    analyte: str
    unit: str
    visits: tuple[AtVisit, ...]

    @property
    def name(self) -> str:
        return current().analyte(self.analyte).name

    @property
    def spelled_unit(self) -> str:
        return spelled(self.unit)

    @property
    def kits(self) -> int:
        return max((at.kits for at in self.visits), default=0)


def courses(outcome: Outcome, participants: Iterable[Participant]) -> list[Course]:
    """The analytes of ``outcome`` in the protocol's order.  Three queries, however many people."""
    [(_, found)] = courses_of([outcome], participants)
    return found


def courses_of(
    outcomes: Sequence[Outcome], participants: Iterable[Participant]
) -> list[tuple[Outcome, list[Course]]]:
    """Each of ``outcomes`` with its analytes.  Three queries, however many of either."""
    people = list(participants)
    results: dict[tuple[int, str], list[Result]] = defaultdict(list)
    analytes = {analyte for outcome in outcomes for analyte in outcome.analytes}
    rows = Result.objects.in_force().filter(participant__in=people, analyte__in=analytes)
    for row in rows:
        results[row.participant_id, row.analyte].append(row)
    il2, overrules = il2_times(people), overrules_of(people)
    return [
        (
            outcome,
            [
                _course(analyte, outcome.time_points, people, results, il2, overrules)
                for analyte in outcome.analytes
            ],
        )
        for outcome in outcomes
    ]


def level_of(result: Result) -> Level | None:
    """The result as the statistics read it; None where it says nothing.

    A number of a kit stays in the unit that the kit printed; others in the analyte's own.
    """
    is_of_kit = current().analyte(result.analyte).group in KIT_GROUPS
    value, unit = result.canonical_value, result.canonical_unit
    if is_of_kit or value is None:
        value, unit = result.value, result.unit
    kit = kit_of(result) if is_of_kit else None
    match result.operator:
        case Operator.EQUAL if value is not None:
            return Level(EQUAL, value, unit, kit)
        case Operator.BELOW if value is not None:
            return Level(BELOW, value, unit, kit)
        case Operator.ABOVE if value is not None:
            return Level(ABOVE, value, unit, kit)
        case Operator.NOT_DETECTED if limit := result.lod or result.lloq:
            return Level(BELOW, limit, result.unit, kit)
    return None


def window_of(participant: Participant, visit: VisitRule) -> PlannedWindow | None:
    """When the sample of ``visit`` may be drawn; None before the event that it is counted from."""
    anchor = {
        Anchor.DAY0: timezone.localdate(participant.day0_at) if participant.day0_at else None,
        Anchor.WITHDRAWAL: participant.withdrawn_on,
    }.get(visit.anchor)
    return plan(visit, anchor) if anchor else None


def _course(
    analyte: str,
    time_points: Sequence[str],
    people: list[Participant],
    results: Mapping[tuple[int, str], list[Result]],
    il2: Mapping[int, list[dt.datetime]],
    overrules: Overrules,
) -> Course:
    visits = [current().visit(code) for code in (BASELINE, *time_points)]
    points: dict[str, list[Point]] = {visit.code: [] for visit in visits}
    for person in people:
        own, baseline = results.get((person.pk, analyte), []), None
        for visit in visits:
            point = _point(person, analyte, visit, own, il2[person.pk], overrules, baseline)
            baseline = point if baseline is None else baseline
            points[visit.code].append(point)
    at = tuple(_at_visit(visit, points[visit.code]) for visit in visits)
    units = {point.level.unit for one in at for point in one.points if point.level}
    return Course(analyte, units.pop() if len(units) == 1 else current().analyte(analyte).unit, at)


def _point(
    person: Participant,
    analyte: str,
    visit: VisitRule,
    results: list[Result],
    il2: list[dt.datetime],
    overrules: Overrules,
    baseline: Point | None,
) -> Point:
    zone = timezone.get_default_timezone()
    samples = [_sample(result, visit, il2) for result in results]
    if baseline is None:
        choice = baseline_sample(samples, first_dose_at=person.day0_at, tz=zone)
    else:
        choice = _in_window(samples, window_of(person, visit))
    choice, overruled = overrules.applied(person, analyte, visit.code, choice, samples)
    record = choice.sample.record if choice.sample else ""
    result = next((row for row in results if _record(row) == record), None)
    level = level_of(result) if result else None
    return Point(
        participant=person,
        visit=visit.code,
        choice=choice,
        result=result,
        level=level,
        change=None if baseline is None else change(baseline.level, level),
        overruled=overruled,
    )


def _in_window(samples: list[DatedSample], window: PlannedWindow | None) -> SampleChoice:
    if window is None:
        return SampleChoice(None, Message(_NOT_YET))
    return sample_in_window(samples, window=window, tz=timezone.get_default_timezone())


def _at_visit(visit: VisitRule, points: Sequence[Point]) -> AtVisit:
    levels: dict[str, list[Level | None]] = {arm.code.value: [] for arm in current().arms}
    for point in points:
        levels[point.participant.allocation.arm].append(point.level)
    changes: list[tuple[Participant, Decimal | None]] = [
        (point.participant, point.change.value) for point in points if point.change
    ]
    return AtVisit(
        visit=visit,
        points=tuple(points),
        levels=compare_levels(levels),
        changes=compare(by_arm(changes)) if visit.code != BASELINE else None,
        kits=kits_of([point.level for point in points]),
    )


def _record(result: Result) -> str:
    return f"labs.result:{result.pk}"


def _sample(result: Result, visit: VisitRule, il2: list[dt.datetime]) -> DatedSample:
    level = level_of(result)
    collected = timezone.localtime(result.collected_at)
    # Only a visit during treatment has doses that its sample must come before.
    treated = visit.anchor is Anchor.DAY0 and visit.code != BASELINE
    before = [at for at in il2 if at < result.collected_at] if treated else []
    return DatedSample(
        record=_record(result),
        collected_at=collected,
        value=level.value if level and level.is_number else None,
        beyond=bool(level and not level.is_number),
        after_dose=any(timezone.localdate(at) == collected.date() for at in before),
    )


def visit_label(code: str) -> str:
    """Short enough to stand below an axis."""
    return gettext(_SHORT_VISITS.get(code) or current().visit(code).title)
