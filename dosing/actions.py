"""Ordering, giving and withdrawing the trial's drugs."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from dosing.checks import Given, impossible, order_questions, warnings_about
from dosing.models import Administration, DrugChoice, Order, UnitChoice
from dosing.permissions import ADMINISTER, ORDER
from dosing.rules.timing import is_open
from dosing.selectors import at_slot, delivered, planned_slots, recorded_already
from enrollment.actions.locks import locked_participant
from enrollment.actions.participation import anchor_day0, anchor_withdrawal
from enrollment.models import Participant
from enrollment.states import IllegalMove, State
from labs.actions.corrections import regrade_later
from oversight.recording import ReasonRequired, recorded
from oversight.records import locked
from oversight.refusals import NeedsConfirmation, Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

UNIT_OF = {DrugChoice.IL2: UnitChoice.MIU, DrugChoice.GANCICLOVIR: UnitChoice.MG}

TOO_EARLY = Message(gettext_noop("It is too early to record this dose"))


def order_drug(
    participant: Participant,
    *,
    drug: str,
    amount: Decimal,
    frequency: str,
    starts_at: dt.datetime,
    by: User,
    weight_kg: Decimal | None = None,
    basis: Sequence[Message] = (),
    departure_reason: str = "",
    change_reason: str = "",
    confirmed: bool = True,
    key: UUID | None = None,
) -> Order:
    """Order ``amount`` (mg, or million IU) of a drug from ``starts_at`` (aware, to the minute) on.

    ``basis`` are the steps of the proposal, ``departure_reason`` why the order differs from it.
    An open order of the drug ends where the new one begins, which takes a ``change_reason``.
    Raises ``Refused`` before allocation, after treatment, for IL-2 in an arm without it, for an
    impossible amount, for a second order without a reason; ``NeedsConfirmation`` unless
    ``confirmed``; ``AlreadyRecorded``; ``PermissionDenied``.  Sources: DOMAIN 4 and 5.
    """
    ORDER.check(by)
    starts_at = starts_at.replace(second=0, microsecond=0)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        _refuse(order_refusal(participant, drug))
        questions = order_questions(drug, amount, weight_kg)
        if questions and not confirmed:
            raise NeedsConfirmation(questions)
        _end_open_order(participant, drug, at=starts_at, by=by, reason=change_reason)
        order = Order(
            participant=participant,
            drug=drug,
            amount=amount,
            unit=UNIT_OF[DrugChoice(drug)],
            frequency=frequency,
            weight_kg=weight_kg,
            basis=[message.to_json() for message in basis],
            departure_reason=departure_reason,
            starts_at=starts_at,
            ordered_at=clock.now(),
            ordered_by=by,
        )
        order.save()
        return order


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
            participant=participant, order=order, drug=order.drug, slot_at=slot_at, unit=order.unit
        )
        _write(administration, given, confirmed=confirmed)
        _settle_anchors(participant, by)
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
        _settle_anchors(participant, by)
        return administration


def withdraw_drugs(
    participant: Participant, *, reason: str, by: User, key: UUID | None = None
) -> Participant:
    """Stop every open order and begin follow-up, counted from the last ganciclovir delivered.

    Raises ``Refused`` without a reason or unless the participant is on treatment;
    ``AlreadyRecorded``; ``PermissionDenied``.
    """
    ORDER.check(by)
    if not reason.strip():
        raise Refused(Message(gettext_noop("Say why the drugs are withdrawn")))
    with recorded(by=by, reason=reason, key=key):
        participant = locked_participant(participant, by=by)
        _refuse(withdrawal_refusal(participant))
        now = clock.now()
        for order in participant.orders.filter(ends_at=None):
            order.ends_at = max(now, order.starts_at)
            order.save()
        last = delivered(participant, DrugChoice.GANCICLOVIR).latest("given_at")
        anchor_withdrawal(participant, on=timezone.localdate(last.given_at), by=by)
        return participant


def order_refusal(participant: Participant, drug: str) -> Message | None:
    """Why ``drug`` cannot be ordered for the participant now, if it cannot."""
    if participant.state not in {State.ALLOCATED, State.ON_TREATMENT}:
        return Message(gettext_noop("Only an allocated participant is treated"))
    if drug not in current().arm(participant.allocation.arm).drugs:
        return Message(gettext_noop("This arm does not receive this drug"))
    return None


def withdrawal_refusal(participant: Participant) -> Message | None:
    """Why the drugs cannot be withdrawn from the participant now, if they cannot."""
    if not delivered(participant, DrugChoice.GANCICLOVIR).exists():
        return Message(gettext_noop("No ganciclovir has been given yet"))
    if participant.state != State.ON_TREATMENT:
        return Message(gettext_noop("This participant is no longer on treatment"))
    return None


def _refuse(reason: Message | None) -> None:
    if reason is not None:
        raise Refused(reason)


def _end_open_order(
    participant: Participant, drug: str, *, at: dt.datetime, by: User, reason: str
) -> None:
    order = participant.orders.filter(drug=drug, ends_at=None).first()
    if order is None:
        return
    if not reason.strip():
        raise Refused(Message(gettext_noop("This drug is ordered already: say why it changes")))
    if at < order.starts_at:
        raise Refused(Message(gettext_noop("The new order begins before the one it replaces")))
    with recorded(by=by, reason=reason):
        order.ends_at = at
        order.save()


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
    administration.warnings = [warning.to_json() for warning in warnings]
    administration.save()


def _settle_anchors(participant: Participant, by: User) -> None:
    """Day 0 is the earliest ganciclovir delivered and withdrawal the last, also after a late entry
    or a correction."""
    _settle_day0(participant, by)
    if participant.withdrawn_on is not None:
        last = delivered(participant, DrugChoice.GANCICLOVIR).latest("given_at")
        on = timezone.localdate(last.given_at)
        if on != participant.withdrawn_on:
            anchor_withdrawal(participant, on=on, by=by)


def _settle_day0(participant: Participant, by: User) -> None:
    first = delivered(participant, DrugChoice.GANCICLOVIR).first()
    if first is None:
        if participant.day0_at is not None:
            raise Refused(Message(gettext_noop("This is the only dose given: it is day 0")))
        return
    if first.given_at == participant.day0_at:
        return
    try:
        anchor_day0(participant, at=first.given_at, by=by)
    except IllegalMove:
        raise Refused(
            Message(gettext_noop("The participation ended before the first dose was recorded"))
        ) from None
    with recorded(by=by, reason="The first dose says which results are the baseline"):
        regrade_later(participant, [table.analyte for table in current().grades])
