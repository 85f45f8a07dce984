"""The members of an analysis set, each in the arm that the set counts them in."""

from __future__ import annotations

from copy import copy

from enrollment.models import Participant
from outcomes.analysis import allocated
from outcomes.rules.sets import AnalysisSet
from outcomes.sets import analysed, set_name
from trial_site.models import User


def set_named(asked: str | None) -> AnalysisSet:
    """The set that was asked for; all allocated, which is the primary one, for any other text."""
    return AnalysisSet(asked) if asked in set(AnalysisSet) else AnalysisSet.ALLOCATED


def sets() -> list[tuple[str, str]]:
    """What may be asked for, and what it is called (to be translated)."""
    return [(one.value, set_name(one)) for one in AnalysisSet]


def members(user: User, chosen: AnalysisSet) -> list[Participant]:
    """Whoever at the user's sites is known to belong to ``chosen``.

    The safety set counts everybody as treated: there ``allocation.arm`` of the participants that
    are given reads as the arm that was received.  They are for reading, never to be saved.
    """
    people = allocated(user)
    if chosen is AnalysisSet.ALLOCATED:
        return people
    rows = ((row.participant, row.sets[chosen]) for row in analysed(people))
    return [
        _in_arm(person, member.arm) for person, member in rows if member.included and member.arm
    ]


def _in_arm(person: Participant, arm: str) -> Participant:
    person.allocation = copy(person.allocation)
    person.allocation.arm = arm
    return person
