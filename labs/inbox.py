"""The laboratory's inbox: each sample that a planned visit needs, and what became of it.

A handful of queries, however many participants.  Nothing here reads an arm.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.utils.timezone import localdate

from enrollment.models import Participant, Visit
from enrollment.models.visits import UNSCHEDULED
from enrollment.states import ENDED, State
from enrollment.visits import end_days
from labs.models import CytotoxicityAssay, Result, Specimen
from labs.rules.inbox import (
    PLATE,
    SampleState,
    Tube,
    VisitWindow,
    needs_of,
    outstanding,
    sample_state,
)
from trial_site import clock
from trial_site.models import User
from trial_site.protocol import by_version
from trial_site.protocol.definition import Anchor, Panel, Protocol, VisitRule

MOST_NAMED = 10_000  # keys that one query may name
_FAR = dt.date.max.toordinal()


@dataclass(frozen=True)
class Sample:
    """One panel of one visit of one participant; ``tubes`` are those that it may be measured in."""

    subject: str
    window: VisitWindow
    rule: VisitRule
    panel: Panel
    state: SampleState
    tubes: tuple[Tube, ...]
    needs: tuple[frozenset[str], ...]
    today: dt.date

    @property
    def outstanding(self) -> tuple[frozenset[str], ...]:
        """The needs that no result meets yet."""
        return outstanding(self.needs, frozenset().union(*(tube.measured for tube in self.tubes)))

    @property
    def is_open(self) -> bool:
        """Whether it can still be drawn in its window."""
        return not self.window.is_over(self.today)

    @property
    def tube(self) -> Tube | None:
        """The one to measure, or else the latest that cannot be."""
        usable = [tube for tube in self.tubes if not tube.is_unusable]
        return max(usable or self.tubes, key=lambda tube: tube.collected_on, default=None)

    @property
    def urgency(self) -> tuple[int, int, str, str, int]:
        """What can still be drawn before what waits for a result, before what is lost."""
        closes = self.window.closes or self.today
        match self.state:
            case SampleState.EXPECTED | SampleState.UNUSABLE if self.is_open:
                place = (0, closes.toordinal())
            case SampleState.RECEIVED:
                place = (1, self.tube.collected_on.toordinal() if self.tube else 0)
            case SampleState.UNUSABLE:
                place = (2, _FAR - closes.toordinal())
            case SampleState.MISSING:
                place = (3, _FAR - closes.toordinal())
            case SampleState.TO_COME:
                place = (4, self.window.opens.toordinal())
            case _:
                place = (5, _FAR - closes.toordinal())
        return (*place, self.subject, self.rule.code, self.rule.panels.index(self.panel.group))


def samples(user: User, *, subject: str = "", closed_by: dt.date | None = None) -> list[Sample]:
    """The samples of the user's sites, the most urgent first.

    ``subject`` narrows to one participant, ``closed_by`` to visits whose window ends by that day.
    """
    people = Participant.objects.visible_to(user)
    if subject:
        people = people.filter(subject=subject)
    visits = list(_visits(people, closed_by))
    tubes = _tubes(people)
    own = [
        [tube for tube in tubes[visit.participant] if tube.is_of(visit.window)] for visit in visits
    ]
    measured = _measured({tube.key for of_visit in own for tube in of_visit}, people)
    found = (
        sample
        for visit, of_visit in zip(visits, own, strict=True)
        for sample in _of_visit(
            visit, [replace(tube, measured=frozenset(measured[tube.key])) for tube in of_visit]
        )
    )
    return sorted(found, key=lambda sample: sample.urgency)


@dataclass(frozen=True)
class _PlannedVisit:
    participant: int
    subject: str
    protocol: Protocol
    window: VisitWindow


def _visits(people: Any, closed_by: dt.date | None) -> Iterator[_PlannedVisit]:
    ended = end_days(people.filter(state__in=ENDED).only("pk", "state"))
    planned = Visit.objects.in_plan().filter(participant__in=people)
    if closed_by:
        planned = planned.filter(closes__lte=closed_by)
    whose = ("participant_id", "participant__subject", "participant__screening__protocol_version")
    columns = ("code", "opens", "closes", "done_on", "status")
    for pk, subject, version, code, opens, closes, done_on, status in planned.values_list(
        *whose, *columns
    ):
        if not code.startswith(UNSCHEDULED):
            missed, ended_on = status == Visit.Status.MISSED, ended.get(pk)
            window = VisitWindow(code, opens, closes, done_on, missed, ended_on)
            yield _PlannedVisit(pk, subject, by_version(version), window)
    if not closed_by:
        yield from _before_the_first_dose(people)


def _before_the_first_dose(people: Any) -> Iterator[_PlannedVisit]:
    """The visit of the first dose is planned by that dose, and its blood is drawn before."""
    waiting = people.filter(state=State.ALLOCATED, day0_at=None).values_list(
        "pk", "subject", "screening__protocol_version", "allocation__allocated_at"
    )
    for pk, subject, version, allocated_at in waiting:
        protocol = by_version(version)
        for rule in protocol.visits:
            if rule.anchor is Anchor.DAY0 and not rule.offset_days and not rule.offset_months:
                window = VisitWindow(rule.code, localdate(allocated_at), None)
                yield _PlannedVisit(pk, subject, protocol, window)


def _tubes(people: Any) -> Mapping[int, list[Tube]]:
    """Every specimen of each of ``people`` (primary keys), without what is measured in it."""
    tubes: dict[int, list[Tube]] = defaultdict(list)
    columns = ("participant_id", "pk", "kind", "collected_at", "visit", "unusable")
    rows = Specimen.objects.filter(participant__in=people).values_list(*columns)
    for participant, pk, kind, collected_at, visit, unusable in rows:
        tube = Tube(pk, kind, localdate(collected_at), visit, bool(unusable))
        tubes[participant].append(tube)
    return tubes


def _measured(keys: Collection[int], people: Any) -> Mapping[int, set[str]]:
    """The analytes of each specimen (primary keys) that have a result in force."""
    measured: dict[int, set[str]] = defaultdict(set)
    few = {"specimen__in": keys}
    of = few if len(keys) <= MOST_NAMED else {"participant__in": people}
    results = Result.objects.in_force().filter(**of).order_by()
    for specimen, analyte in results.values_list("specimen_id", "analyte"):
        measured[specimen].add(analyte)
    plates = CytotoxicityAssay.objects.counted().filter(lysis__isnull=False, **of).order_by()
    for specimen in plates.values_list("specimen_id", flat=True):
        measured[specimen].add(PLATE)
    return measured


@cache
def _needs(version: str, group: str) -> tuple[frozenset[str], ...]:
    return needs_of(group, by_version(version))


def _of_visit(visit: _PlannedVisit, own: Collection[Tube]) -> Iterator[Sample]:
    rule, today = visit.protocol.visit(visit.window.code), clock.today()
    for group in rule.panels:
        panel, needs = visit.protocol.panel(group), _needs(visit.protocol.version, group)
        state = sample_state(visit.window, own, kinds=panel.specimens, needs=needs, today=today)
        if state is not None:
            wanted = frozenset().union(*needs)
            fitting = [
                tube for tube in own if tube.kind in panel.specimens or tube.measured & wanted
            ]
            yield Sample(
                subject=visit.subject,
                window=visit.window,
                rule=rule,
                panel=panel,
                state=state,
                tubes=tuple(fitting),
                needs=needs,
                today=today,
            )
