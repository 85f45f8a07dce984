"""Recording what became of a dose, and correcting it."""

import datetime as dt
from uuid import UUID

from django.utils import timezone

from dosing.actions.anchors import settle_anchors
from dosing.checks import Given, impossible, warnings_about
from dosing.models import Administration, Order
from dosing.permissions import ADMINISTER
from dosing.rules.timing import is_open
from dosing.selectors import at_slot, planned_slots, recorded_already
from enrollment.actions.locks import locked_participant
from oversight.recording import ReasonRequired, recorded
from oversight.records import locked
from oversight.refusals import NeedsConfirmation, Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

TOO_EARLY = Message(gettext_noop("It is too early to record this dose"))


def record_dose(
    order: Order,
    *,
    slot_at: dt.datetime,
    given: Given,
    by: User,
    confirmed: bool = True,
    key: UUID | None = None,
) -> Administration:
    """Record what happened at one planned slot of ``order``, once, whatever is clicked.

    The first ganciclovir delivered becomes day 0.  Warnings are kept with the record and never
    block; without ``confirmed`` they are asked first.  Raises ``Refused`` for a slot that is not
    planned, not open yet or recorded already, an impossible amount, a time in the future, less than
    the whole without a reason; ``NeedsConfirmation``; ``AlreadyRecorded``; ``PermissionDenied``.
    Sources: DOMAIN 4 and 5.
    """
    ADMINISTER.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(order.participant, by=by)
        existing = at_slot(order, slot_at)
        if existing is not None:
            raise Refused(recorded_already(existing))
        if slot_at not in planned_slots(order, timezone.localdate(slot_at)):
            raise Refused(Message(gettext_noop("No dose is planned at this time")))
        if not is_open(slot_at, clock.now()):
            raise Refused(TOO_EARLY)
        _check_given(order, given)
        administration = Administration(
            participant=participant,
            order=order,
            drug=order.drug,
            course=order.course,
            slot_at=slot_at,
            unit=order.unit,
            recorded_at=clock.now(),
        )
        _write(administration, given, confirmed=confirmed)
        settle_anchors(participant, by)
        return administration


def correct_dose(
    administration: Administration,
    *,
    given: Given,
    reason: str,
    version: int,
    by: User,
    confirmed: bool = True,
    key: UUID | None = None,
) -> Administration:
    """Correct what was recorded at a slot; history keeps the first entry (R04).

    Raises ``ReasonRequired``, ``StaleRecord``, and what ``record_dose`` refuses about amounts; also
    ``Refused`` when no ganciclovir would be left to be day 0.
    """
    ADMINISTER.check(by)
    if not reason.strip():
        raise ReasonRequired(administration)
    with recorded(by=by, reason=reason, key=key):
        participant = locked_participant(administration.participant, by=by)
        administration = locked(
            Administration.objects.filter(pk=administration.pk), version=version
        )
        _check_given(administration.order, given)
        _write(administration, given, confirmed=confirmed)
        settle_anchors(participant, by)
        return administration


def _check_given(order: Order, given: Given) -> None:
    """Refuse what cannot be true; whatever is merely against the protocol is recorded."""
    if given.status != Administration.Status.GIVEN and not given.why:
        raise Refused(Message(gettext_noop("Say why the dose was not given in full")))
    if not given.is_delivered:
        if given.amount or given.at:
            raise Refused(Message(gettext_noop("A dose that was not given has no amount or time")))
        return
    if given.at is None or given.at > clock.now():
        raise Refused(Message(gettext_noop("Enter when it was given; not in the future")))
    reasons = impossible(order.drug, given.amount, given.at)
    if reasons:
        raise Refused(Message(gettext_noop("This amount cannot be true")), reasons)


def _write(administration: Administration, given: Given, *, confirmed: bool) -> None:
    """Save what happened, with what was asked about it."""
    warnings = warnings_about(administration.order, given, leave_out=administration.pk)
    if warnings and not confirmed:
        raise NeedsConfirmation([("dose", warning) for warning in warnings])
    administration.status = given.status
    administration.amount = given.amount
    administration.given_at = given.at
    administration.injection_site = given.injection_site
    administration.why = given.why
    administration.note = given.note
    administration.queued_at = administration.queued_at or given.queued_at
    administration.warnings = [warning.to_json() for warning in warnings]
    administration.save()
