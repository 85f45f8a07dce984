"""Recording what became of a dose, planned or not, and correcting it."""

import datetime as dt
from uuid import UUID

from django.utils import timezone

from dosing.actions import ledger
from dosing.actions.anchors import settle_anchors
from dosing.actions.entering import check_given, check_late, enter, locked_dose, write
from dosing.actions.orders import UNIT_OF, course_of
from dosing.bedside import clockless_order, first_day, is_planned_at
from dosing.checks import Given
from dosing.models import Administration, DrugChoice, Order
from dosing.permissions import ADMINISTER
from dosing.rules.timing import is_open
from dosing.selectors import at_slot, planned_slots, recorded_already
from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from oversight.recording import ReasonRequired, recorded
from oversight.refusals import Refused
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

    The first ganciclovir delivered becomes day 0, and the vials leave the stock.  Warnings are kept
    with the record and never block; without ``confirmed`` they are asked first.  Raises ``Refused``
    for a slot that is not planned, not open yet or recorded already, an impossible amount, a time
    in the future, less than the whole without a reason, a later day without one;
    ``NeedsConfirmation``; ``AlreadyRecorded``; ``PermissionDenied``.  Sources: DOMAIN 4 and 5.
    """
    ADMINISTER.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(order.participant, by=by)
        existing = at_slot(participant.pk, order.drug, slot_at)
        if existing is not None:
            raise Refused(recorded_already(existing))
        if slot_at not in planned_slots(order, timezone.localdate(slot_at)):
            raise Refused(Message(gettext_noop("No dose is planned at this time")))
        if not is_open(slot_at, clock.now()):
            raise Refused(TOO_EARLY)
        check_given(participant, order.drug, given)
        check_late(slot_at, given)
        administration = Administration(
            participant=participant,
            order=order,
            drug=order.drug,
            course=order.course,
            slot_at=slot_at,
            unit=order.unit,
        )
        return enter(administration, given, by=by, confirmed=confirmed)


def record_unplanned_dose(
    participant: Participant,
    *,
    drug: str,
    given: Given,
    by: User,
    confirmed: bool = True,
    key: UUID | None = None,
) -> Administration:
    """Record a dose that no slot was planned for: it counts like any other, at its own time.

    A dose three times a week, which has no clock, belongs to its order; any other has none.  Raises
    ``Refused`` before the allocation, for a dose that was not given, and where one is planned or
    recorded at that very minute; otherwise as ``record_dose``.  Source: issue 5.
    """
    ADMINISTER.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        if participant.arm is None:
            raise Refused(Message(gettext_noop("Only an allocated participant is treated")))
        if given.status != Administration.Status.GIVEN:
            raise Refused(Message(gettext_noop("Only a planned dose can be left out")))
        check_given(participant, drug, given)
        slot_at = _own_minute(participant, drug, given)
        check_late(slot_at, given)
        order = clockless_order(participant, drug, slot_at)
        administration = Administration(
            participant=participant,
            order=order,
            drug=drug,
            course=order.course if order else course_of(participant),
            slot_at=slot_at,
            unit=UNIT_OF[DrugChoice(drug)],
        )
        return enter(administration, given, by=by, confirmed=confirmed)


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
    """Correct what was recorded of a dose; history keeps the first entry (R04).

    Day 0, the withdrawal and the stock follow.  Raises ``ReasonRequired``, ``StaleRecord``, and
    what ``record_dose`` refuses about what was given; ``Refused`` for one marked as in error.
    """
    ADMINISTER.check(by)
    if not reason.strip():
        raise ReasonRequired(administration)
    with recorded(by=by, reason=reason, key=key):
        participant = locked_participant(administration.participant, by=by)
        administration = locked_dose(administration, version=version)
        check_given(participant, administration.drug, given)
        if administration.has_own_time:
            if not given.is_delivered:
                raise Refused(Message(gettext_noop("Only a planned dose can be left out")))
            administration.slot_at = _own_minute(
                participant, administration.drug, given, leave_out=administration.pk
            )
        write(administration, given, confirmed=confirmed)
        administration.save()
        ledger.settle(administration, by=by, why=reason)
        settle_anchors(participant, by)
        return administration


def _own_minute(
    participant: Participant, drug: str, given: Given, *, leave_out: int | None = None
) -> dt.datetime:
    """The minute of a dose without a slot, where nothing else of the drug stands."""
    minute = given.minute
    if timezone.localdate(minute) < first_day(participant):
        raise Refused(Message(gettext_noop("A dose before the allocation is not one of the trial")))
    existing = at_slot(participant.pk, drug, minute)
    if existing is not None and existing.pk != leave_out:
        raise Refused(recorded_already(existing))
    if existing is None and is_planned_at(participant, drug, minute):
        raise Refused(
            Message(gettext_noop("A dose is planned at this very time: record that one instead"))
        )
    return minute
