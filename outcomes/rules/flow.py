"""The CONSORT flow as numbers: who was assessed, excluded, allocated, treated and analysed.

Every patient is counted once, by the last screening.  In each part of the flow the numbers add up:
assessed = excluded + in screening + waiting + allocated, and within an arm every step adds up to
the allocated.  Only the reasons of screen failure may add up to more than the failures.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from enrollment.rules.places import EXCLUDED, Place
from trial_site.protocol.definition import ArmCode


class Treatment(StrEnum):
    """Whether the allocated intervention was received."""

    RECEIVED = "received"
    NOT_YET = "not_yet"
    NOT_RECEIVED = "not_received"


class Analysis(StrEnum):
    """Whether the primary outcome can be analysed, and if not, the first reason why."""

    ANALYSED = "analysed"
    NO_DOSE = "no_dose"
    NO_BASELINE = "no_baseline"
    NOT_DUE = "not_due"
    NO_DAY7 = "no_day7"


@dataclass(frozen=True)
class Patient:
    """One patient; what follows ``reasons`` belongs to the allocated only.

    ``state`` is the participant's state, in the codes of the table of states.
    """

    place: Place
    reasons: tuple[str, ...] = ()
    arm: str = ""
    state: str = ""
    treatment: Treatment = Treatment.NOT_YET
    analysis: Analysis = Analysis.NO_DOSE


@dataclass(frozen=True)
class ArmFlow:
    arm: str
    allocated: int
    treatments: Mapping[Treatment, int]
    states: Mapping[str, int]
    analyses: Mapping[Analysis, int]

    @property
    def not_analysed(self) -> int:
        return self.allocated - self.analyses[Analysis.ANALYSED]


@dataclass(frozen=True)
class Flow:
    places: Mapping[Place, int]
    reasons: Mapping[str, int]
    arms: tuple[ArmFlow, ...]

    @property
    def assessed(self) -> int:
        return sum(self.places.values())

    @property
    def excluded(self) -> int:
        return sum(self.places[place] for place in EXCLUDED)


def count(patients: Iterable[Patient], *, arms: Sequence[str]) -> Flow:
    """The flow of ``patients``; ``arms`` are the trial's, in its order."""
    people = list(patients)
    failed = [one for one in people if one.place is Place.FAILED]
    allocated = [one for one in people if one.place is Place.ALLOCATED]
    return Flow(
        places=Counter(one.place for one in people),
        reasons=Counter(reason for one in failed for reason in set(one.reasons)),
        arms=tuple(_arm(arm, [one for one in allocated if one.arm == arm]) for arm in arms),
    )


def _arm(arm: str, people: Sequence[Patient]) -> ArmFlow:
    return ArmFlow(
        arm=arm,
        allocated=len(people),
        treatments=Counter(one.treatment for one in people),
        states=Counter(one.state for one in people),
        analyses=Counter(one.analysis for one in people),
    )


def treatment(arm: str, *, ganciclovir: bool, il2: bool, may_come: bool) -> Treatment:
    """What became of the intervention of ``arm``, given which drugs were given at least once.

    With IL-2 both drugs count, in the control arm ganciclovir without any IL-2.  ``may_come`` is
    whether a first dose can still follow.
    """
    wants_il2 = arm == ArmCode.IL2_GANCICLOVIR
    if il2 and not wants_il2:
        return Treatment.NOT_RECEIVED
    if ganciclovir and il2 == wants_il2:
        return Treatment.RECEIVED
    return Treatment.NOT_YET if may_come else Treatment.NOT_RECEIVED


def analysis(*, is_dosed: bool, has_baseline: bool, has_day7: bool, may_come: bool) -> Analysis:
    """Where the primary outcome stands; ``may_come`` is whether day 7 can still be sampled."""
    if not is_dosed:
        return Analysis.NO_DOSE
    if not has_baseline:
        return Analysis.NO_BASELINE
    if has_day7:
        return Analysis.ANALYSED
    return Analysis.NOT_DUE if may_come else Analysis.NO_DAY7
