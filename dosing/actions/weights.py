"""Body weights after the screening: recorded, corrected, taken back."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

from dosing.models import BodyWeight
from dosing.permissions import WEIGH
from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from labs.rules.limits import EntryLevel, check_limits
from oversight.recording import ReasonRequired, recorded
from oversight.records import locked
from oversight.refusals import NeedsConfirmation, Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop


def record_weight(
    participant: Participant,
    *,
    kg: Decimal,
    measured_at: dt.datetime,
    by: User,
    confirmed: bool = True,
    key: UUID | None = None,
) -> BodyWeight:
    """Record a body weight in kg, measured at ``measured_at`` (aware).

    Raises ``Refused`` for an impossible weight, a moment in the future or one that has a weight
    already; ``NeedsConfirmation`` for an unusual one unless ``confirmed``, which keeps the
    question; ``AlreadyRecorded``; ``PermissionDenied``.  Source: DOMAIN 2.
    """
    WEIGH.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        weight = BodyWeight(participant=participant)
        _write(weight, kg, measured_at, confirmed=confirmed)
        return weight


def correct_weight(
    weight: BodyWeight,
    *,
    kg: Decimal,
    measured_at: dt.datetime,
    reason: str,
    version: int,
    by: User,
    confirmed: bool = True,
    key: UUID | None = None,
) -> BodyWeight:
    """Correct a recorded weight; history keeps the first entry (R04).

    Raises as ``record_weight`` does, ``ReasonRequired``, ``StaleRecord``; ``Refused`` for one that
    was taken back.
    """
    WEIGH.check(by)
    with recorded(by=by, reason=reason.strip(), key=key):
        weight = _locked(weight, reason, version, by)
        _write(weight, kg, measured_at, confirmed=confirmed)
        return weight


def retract_weight(
    weight: BodyWeight, *, reason: str, version: int, by: User, key: UUID | None = None
) -> BodyWeight:
    """Mark a weight as entered in error: it stays to be read, and no dose rests on it any more.

    Raises ``ReasonRequired``, ``StaleRecord``; ``Refused`` for one that was taken back already;
    ``AlreadyRecorded``; ``PermissionDenied``.
    """
    WEIGH.check(by)
    with recorded(by=by, reason=reason.strip(), key=key):
        weight = _locked(weight, reason, version, by)
        weight.retracted_at, weight.retracted_by = clock.now(), by
        weight.save()
        return weight


def _locked(weight: BodyWeight, reason: str, version: int, by: User) -> BodyWeight:
    if not reason.strip():
        raise ReasonRequired(weight)
    participant = locked_participant(weight.participant, by=by)
    found: BodyWeight = locked(participant.weights.filter(pk=weight.pk), version=version)
    if found.retracted_at is not None:
        raise Refused(Message(gettext_noop("This weight is marked as entered in error")))
    return found


def _write(weight: BodyWeight, kg: Decimal, measured_at: dt.datetime, *, confirmed: bool) -> None:
    if measured_at > clock.now():
        raise Refused(Message(gettext_noop("Enter when it was measured; not in the future")))
    check = check_limits(current().steroids.weight_limits, kg)
    if check.message and check.level is EntryLevel.IMPOSSIBLE:
        raise Refused(check.message)
    if check.message and not confirmed:
        raise NeedsConfirmation([("kg", check.message)])
    others = weight.participant.weights.in_force().exclude(pk=weight.pk)
    if others.filter(measured_at=measured_at).exists():
        raise Refused(Message(gettext_noop("A weight of this moment is recorded already")))
    weight.kg, weight.measured_at = kg, measured_at
    weight.warnings = [check.message.to_json()] if check.message else []
    weight.save()
