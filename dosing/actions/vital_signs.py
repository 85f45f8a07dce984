"""Vital signs before and after a dose: recorded, corrected, marked as entered in error."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from dosing.actions.observing import check_dose_stands, locked_observation, retract
from dosing.models import Administration, VitalSigns
from dosing.permissions import ADMINISTER
from dosing.rules.vital_signs import sign_alerts, signs_impossible
from enrollment.actions.locks import locked_participant
from oversight.recording import ReasonRequired, recorded
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop


@dataclass(frozen=True)
class Measured:
    """What was measured around a dose; ``None`` was not.

    ``timing`` is one of ``VitalSigns.Timing``, ``at`` aware; °C, mmHg, beats a minute, percent.
    """

    timing: str
    at: dt.datetime
    temperature: Decimal | None = None
    systolic: int | None = None
    diastolic: int | None = None
    pulse: int | None = None
    spo2: int | None = None

    @property
    def signs(self) -> dict[str, Decimal | int | None]:
        return {sign.code: getattr(self, sign.code) for sign in current().safety.vital_signs}


def record_vital_signs(
    administration: Administration, *, measured: Measured, by: User, key: UUID | None = None
) -> VitalSigns:
    """Record what was measured before or after a dose; alerts are kept with it and never block.

    Raises ``Refused`` without any value, for one that cannot be, a time in the future, after a dose
    that was not given or a dose marked as in error; ``AlreadyRecorded``; ``PermissionDenied``.
    Source: DOMAIN 5.
    """
    ADMINISTER.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(administration.participant, by=by)
        check_dose_stands(administration)
        signs = VitalSigns(participant=participant, administration=administration)
        return _write(signs, measured)


def correct_vital_signs(
    signs: VitalSigns,
    *,
    measured: Measured,
    reason: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> VitalSigns:
    """Correct vital signs (R04).  Raises as ``record_vital_signs``, ``ReasonRequired`` and
    ``StaleRecord``."""
    ADMINISTER.check(by)
    if not reason.strip():
        raise ReasonRequired(signs)
    with recorded(by=by, reason=reason.strip(), key=key):
        locked_participant(signs.participant, by=by)
        return _write(locked_observation(signs, version=version), measured)


def retract_vital_signs(
    signs: VitalSigns, *, reason: str, version: int, by: User, key: UUID | None = None
) -> VitalSigns:
    """Mark vital signs as entered in error (R04).  Raises ``ReasonRequired``, ``StaleRecord``,
    ``Refused``, ``AlreadyRecorded``, ``PermissionDenied``."""
    return retract(signs, reason=reason, version=version, by=by, key=key)


def _write(signs: VitalSigns, measured: Measured) -> VitalSigns:
    values = measured.signs
    if all(value is None for value in values.values()):
        raise Refused(Message(gettext_noop("Enter at least one vital sign")))
    if measured.at > clock.now():
        raise Refused(Message(gettext_noop("Enter when it was measured; not in the future")))
    if measured.timing == VitalSigns.Timing.AFTER and not signs.administration.delivered:
        raise Refused(Message(gettext_noop("This dose was not given: nothing came after it")))
    rule = current().safety
    if reasons := signs_impossible(values, rule):
        raise Refused(Message(gettext_noop("These vital signs cannot be true")), reasons)
    signs.timing, signs.measured_at = measured.timing, measured.at
    for code, value in values.items():
        setattr(signs, code, value)
    signs.warnings = [alert.to_json() for alert in sign_alerts(values, rule)]
    signs.save()
    return signs
