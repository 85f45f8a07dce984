"""What vital signs and reactions have in common: both are seen with a dose that stands."""

from typing import TypeVar
from uuid import UUID

from dosing.actions.entering import IN_ERROR
from dosing.models import Administration, Reaction, VitalSigns
from dosing.permissions import ADMINISTER
from enrollment.actions.locks import locked_participant
from oversight.recording import ReasonRequired, recorded
from oversight.records import locked
from oversight.refusals import Refused
from trial_site import clock
from trial_site.models import User

Observation = TypeVar("Observation", VitalSigns, Reaction)


def check_dose_stands(administration: Administration) -> None:
    """Raise ``Refused`` if the dose was marked as in error meanwhile; the participant is locked."""
    if not Administration.objects.in_force().filter(pk=administration.pk).exists():
        raise Refused(IN_ERROR)


def locked_observation(observation: Observation, *, version: int) -> Observation:
    """The row under a lock.  Raises ``StaleRecord``; ``Refused`` if it is marked as in error."""
    rows = type(observation).objects.filter(pk=observation.pk)
    found: Observation = locked(rows, version=version)
    if found.retracted_at is not None:
        raise Refused(IN_ERROR)
    return found


def retract(
    observation: Observation, *, reason: str, version: int, by: User, key: UUID | None
) -> Observation:
    """Mark the row as entered in error."""
    ADMINISTER.check(by)
    if not reason.strip():
        raise ReasonRequired(observation)
    with recorded(by=by, reason=reason.strip(), key=key):
        locked_participant(observation.participant, by=by)
        found = locked_observation(observation, version=version)
        found.retracted_at, found.retracted_by = clock.now(), by
        found.save()
        return found
