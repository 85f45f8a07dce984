"""What recording and correcting a dose have in common; called with the participant locked."""

import datetime as dt

from django.utils import timezone

from dosing.actions import ledger
from dosing.actions.anchors import settle_anchors
from dosing.checks import Given, impossible, warnings_about
from dosing.models import Administration, Lot
from dosing.rules.timing import is_recorded_late, taken_at
from dosing.stock import expected_vials
from enrollment.models import Participant
from oversight.records import locked
from oversight.refusals import NeedsConfirmation, Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

_MOMENTS = gettext_noop("An infusion ends after it begins; not in the future")
IN_ERROR = Message(gettext_noop("This is marked as entered in error already"))


def locked_dose(administration: Administration, *, version: int | None = None) -> Administration:
    """The dose under a lock.  Raises ``StaleRecord``; ``Refused`` if it is marked as in error."""
    found: Administration = locked(
        Administration.objects.filter(pk=administration.pk), version=version
    )
    if found.retracted_at is not None:
        raise Refused(IN_ERROR)
    return found


def check_given(participant: Participant, drug: str, given: Given) -> None:
    """Refuse what cannot be true; whatever is merely against the protocol is recorded."""
    if given.status != Administration.Status.GIVEN and not given.why:
        raise Refused(Message(gettext_noop("Say why the dose was not given in full")))
    if given.queued_at is not None and taken_at(given.queued_at, clock.now()) is None:
        raise Refused(Message(gettext_noop("This entry waited with a time in the future")))
    if not given.is_delivered:
        if any((given.amount, given.at, given.ended_at, given.volume_ml, given.lot, given.vials)):
            raise Refused(Message(gettext_noop("A dose that was not given has no amount or time")))
        return
    if given.at is None or given.at > clock.now():
        raise Refused(Message(gettext_noop("Enter when it was given; not in the future")))
    if given.ended_at is not None and not given.at <= given.ended_at <= clock.now():
        raise Refused(Message(_MOMENTS))
    if given.lot is not None and not _may_come_from(given.lot, participant, drug):
        raise Refused(Message(gettext_noop("This lot is of another site or drug")))
    reasons = impossible(drug, given.at, given)
    if reasons:
        raise Refused(Message(gettext_noop("This amount cannot be true")), reasons)


def check_late(slot_at: dt.datetime, given: Given) -> None:
    """A dose of an earlier day says why it comes late, unless it was entered on its day and waited
    for a connection."""
    taken_on = timezone.localdate(given.queued_at or clock.now())
    is_late = is_recorded_late(timezone.localdate(slot_at), taken_on=taken_on)
    if is_late and not given.late_reason.strip():
        raise Refused(Message(gettext_noop("Say why this dose is recorded on a later day")))


def enter(
    administration: Administration, given: Given, *, by: User, confirmed: bool
) -> Administration:
    """Save a new dose, take its vials out of the stock, and settle what hangs on it."""
    administration.recorded_at = clock.now()
    administration.queued_at = given.queued_at
    administration.late_reason = given.late_reason.strip()
    write(administration, given, confirmed=confirmed)
    administration.save()
    ledger.dispense(administration, by=by)
    settle_anchors(administration.participant, by)
    return administration


def write(administration: Administration, given: Given, *, confirmed: bool) -> None:
    """Write down what happened, with what was asked about it; the caller saves.

    Raises ``NeedsConfirmation`` for open questions without ``confirmed``.
    """
    warnings = warnings_about(
        administration.participant,
        administration.drug,
        given,
        order=administration.order,
        leave_out=administration.pk,
    )
    if warnings and not confirmed:
        raise NeedsConfirmation([("dose", warning) for warning in warnings])
    administration.status = given.status
    administration.amount = given.amount
    administration.given_at = given.at
    administration.ended_at = given.ended_at
    administration.volume_ml = given.volume_ml
    administration.injection_site = given.injection_site
    administration.lot = given.lot
    administration.lot_number = "" if given.lot else given.lot_number
    administration.product = "" if given.lot else given.product
    administration.expires_on = None if given.lot else given.expires_on
    administration.vials = _vials(administration, given)
    administration.why = given.why
    administration.note = given.note
    administration.warnings = [warning.to_json() for warning in warnings]


def _vials(administration: Administration, given: Given) -> int | None:
    """As said, or as many as the dose takes: all of it is drawn up, however much of it is given."""
    if given.vials is not None or given.lot is None:
        return given.vials
    order = administration.order
    amount = given.amount
    if order is not None and given.status == Administration.Status.PARTIAL:
        amount = max(order.amount, given.amount)
    return expected_vials(amount, given.lot)


def _may_come_from(lot: Lot, participant: Participant, drug: str) -> bool:
    return lot.site_id == participant.site_id and lot.drug == drug
