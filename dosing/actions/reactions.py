"""Reactions to a dose: recorded, corrected, marked as entered in error."""

from uuid import UUID

from dosing.actions.observing import check_dose_stands, locked_observation, retract
from dosing.models import Administration, Reaction
from dosing.permissions import ADMINISTER
from dosing.rules.reactions import Seen, reaction_impossible
from enrollment.actions.locks import locked_participant
from oversight.recording import ReasonRequired, recorded
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop


def record_reaction(
    administration: Administration, *, seen: Seen, by: User, key: UUID | None = None
) -> Reaction:
    """Record a reaction to a dose; whether it is an adverse event is decided elsewhere.

    Raises ``Refused`` for what cannot be, a dose that was not given or is marked as in error;
    ``AlreadyRecorded``; ``PermissionDenied``.  Sources: DOMAIN 5 and 8.
    """
    ADMINISTER.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(administration.participant, by=by)
        check_dose_stands(administration)
        return _write(Reaction(participant=participant, administration=administration), seen)


def correct_reaction(
    reaction: Reaction,
    *,
    seen: Seen,
    reason: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> Reaction:
    """Correct a reaction, or say when it ended (R04).  Raises as ``record_reaction``,
    ``ReasonRequired`` and ``StaleRecord``."""
    ADMINISTER.check(by)
    if not reason.strip():
        raise ReasonRequired(reaction)
    with recorded(by=by, reason=reason.strip(), key=key):
        locked_participant(reaction.participant, by=by)
        return _write(locked_observation(reaction, version=version), seen)


def retract_reaction(
    reaction: Reaction, *, reason: str, version: int, by: User, key: UUID | None = None
) -> Reaction:
    """Mark a reaction as entered in error (R04).  Raises ``ReasonRequired``, ``StaleRecord``,
    ``Refused``, ``AlreadyRecorded``, ``PermissionDenied``."""
    return retract(reaction, reason=reason, version=version, by=by, key=key)


def _write(reaction: Reaction, seen: Seen) -> Reaction:
    given_at = reaction.administration.given_at
    if given_at is None:
        raise Refused(Message(gettext_noop("This dose was not given: nothing came after it")))
    rule = current().safety
    reasons = reaction_impossible(seen, given_at=given_at, now=clock.now(), rule=rule)
    if reasons:
        raise Refused(Message(gettext_noop("This reaction cannot be true")), reasons)
    reaction.kind, reaction.grade = seen.kind, seen.grade
    reaction.diameter_mm, reaction.note = seen.diameter_mm, seen.note
    reaction.onset_at, reaction.ended_at = seen.onset_at, seen.ended_at
    reaction.save()
    return reaction
