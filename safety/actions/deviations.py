"""Deviations: recorded from an offer or freely, declined, assessed, corrected."""

import datetime as dt
from uuid import UUID

from django.utils import timezone

from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from oversight.recording import recorded
from oversight.refusals import Refused
from safety.actions.offers import decline_offer
from safety.actions.records import checked_reason, opened
from safety.departures import Offer, conduct
from safety.models import DeclinedOffer, Deviation
from safety.permissions import ASSESS_DEVIATION, RECORD_DEVIATION
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

ASSESSED = "Deviation assessed"


def record_deviation(
    participant: Participant,
    *,
    kind: str,
    occurred_on: dt.date,
    description: str,
    by: User,
    key: UUID | None = None,
) -> Deviation:
    """Record a deviation that somebody noticed, with the severity that the protocol proposes.

    Raises ``Refused`` without a description, for a kind that the protocol does not know, or a day
    in the future or before the consent; ``AlreadyRecorded``; ``PermissionDenied``.
    """
    RECORD_DEVIATION.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        _check_described(description)
        _check_day(participant, occurred_on)
        return _saved(
            Deviation(
                participant=participant,
                kind=kind,
                description=description.strip(),
                occurred_on=occurred_on,
            ),
            by,
        )


def accept_offer(
    participant: Participant, *, source: str, description: str, by: User, key: UUID | None = None
) -> Deviation:
    """Record what a rule offers, with the rule's evidence as it is now.

    Raises ``Refused`` for what no rule offers any more: corrected, recorded or declined meanwhile;
    ``AlreadyRecorded``; ``PermissionDenied``.
    """
    RECORD_DEVIATION.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        offer = _offered(participant, source, by)
        return _saved(
            Deviation(
                participant=participant,
                kind=offer.kind.code,
                source=source,
                evidence=[message.to_json() for message in offer.found.evidence],
                description=description.strip(),
                occurred_on=offer.found.occurred_on,
            ),
            by,
        )


def decline_deviation(
    participant: Participant, *, source: str, why: str, by: User, key: UUID | None = None
) -> DeclinedOffer:
    """Decide that what a rule offers is no deviation, and keep why.

    Raises ``Refused`` without a reason, for what is certain, and for what no rule offers any more;
    ``AlreadyRecorded``; ``PermissionDenied``.
    """
    RECORD_DEVIATION.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        if _offered(participant, source, by).kind.is_certain:
            raise Refused(Message(gettext_noop("This is a fact: it is assessed, never dismissed")))
        return decline_offer(participant, source=source, why=why, allowed=RECORD_DEVIATION, by=by)


def assess_deviation(
    deviation: Deviation,
    *,
    severity: str,
    assessment: str,
    corrective_action: str,
    version: int,
    by: User,
    reason: str = "",
    key: UUID | None = None,
) -> Deviation:
    """The investigator classifies a deviation, says what it means and what is done about it.

    An assessment that is there already changes with a ``reason`` only (``ReasonRequired``).  Raises
    ``Refused`` without an assessment or an action; ``StaleRecord``; ``AlreadyRecorded``;
    ``PermissionDenied``.
    """
    ASSESS_DEVIATION.check(by)
    with recorded(by=by, reason=reason.strip() or ASSESSED, key=key):
        deviation = opened(deviation, version=version, by=by)
        if deviation.assessed_at is not None:
            checked_reason(deviation, reason)
        if not (assessment.strip() and corrective_action.strip()):
            raise Refused(Message(gettext_noop("Enter the assessment and the corrective action")))
        deviation.severity = severity
        deviation.assessment = assessment.strip()
        deviation.corrective_action = corrective_action.strip()
        deviation.assessed_at, deviation.assessed_by = clock.now(), by
        deviation.full_clean()
        deviation.save()
        return deviation


def correct_deviation(
    deviation: Deviation,
    *,
    kind: str,
    occurred_on: dt.date,
    description: str,
    reason: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> Deviation:
    """Correct what happened; kind and day of one that a rule offered are the rule's and stay.

    What was assessed is another thing now, so it waits for the investigator again.  Raises
    ``ReasonRequired``, ``StaleRecord``, what ``record_deviation`` refuses, ``AlreadyRecorded``,
    ``PermissionDenied``.
    """
    RECORD_DEVIATION.check(by)
    with recorded(by=by, reason=checked_reason(deviation, reason), key=key):
        deviation = opened(deviation, version=version, by=by)
        if not deviation.source:
            _check_described(description)
            _check_day(deviation.participant, occurred_on)
            _check_kind(kind)
            deviation.kind, deviation.occurred_on = kind, occurred_on
        deviation.description = description.strip()
        deviation.assessed_at = deviation.assessed_by = None
        deviation.full_clean()
        deviation.save()
        return deviation


def _saved(deviation: Deviation, by: User) -> Deviation:
    deviation.severity = _check_kind(deviation.kind)
    deviation.recorded_at, deviation.recorded_by = clock.now(), by
    deviation.full_clean()
    deviation.save()
    return deviation


def _offered(participant: Participant, source: str, by: User) -> Offer:
    for offer in conduct(by, participant).offers:
        if offer.found.source == source:
            return offer
    raise Refused(
        Message(
            gettext_noop("This is not offered any more: it was corrected, recorded or declined")
        )
    )


def _check_kind(kind: str) -> str:
    """The severity that the protocol proposes for ``kind``; raises ``Refused`` for no kind."""
    for known in current().safety.deviations:
        if known.code == kind:
            return known.severity
    raise Refused(Message(gettext_noop("Choose the kind of deviation")))


def _check_described(description: str) -> None:
    if not description.strip():
        raise Refused(Message(gettext_noop("Say what happened")))


def _check_day(participant: Participant, day: dt.date) -> None:
    """Nothing departs from the protocol before the consent, or in the future."""
    if day > clock.today():
        raise Refused(Message(gettext_noop("This day lies in the future")))
    consent = participant.screening.consent
    if consent is not None and day < timezone.localdate(consent.signed_at):
        raise Refused(Message(gettext_noop("The consent was signed later than this day")))
