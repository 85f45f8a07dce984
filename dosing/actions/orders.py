"""Ordering the trial's drugs, and stopping one."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from dosing.actions.holds import end_hold
from dosing.checks import order_questions
from dosing.models import CourseChoice, DrugChoice, Order, UnitChoice
from dosing.permissions import ORDER
from dosing.proposals import basis_of, proposal_from
from dosing.rules.orders import Phase
from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from enrollment.states import State
from oversight.recording import recorded
from oversight.refusals import NeedsConfirmation, Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

UNIT_OF = {DrugChoice.IL2: UnitChoice.MIU, DrugChoice.GANCICLOVIR: UnitChoice.MG}
EndChoice = Order.EndChoice


def order_drug(
    participant: Participant,
    *,
    drug: str,
    amount: Decimal,
    frequency: str,
    starts_at: dt.datetime,
    by: User,
    phase: str = Phase.INDUCTION,
    departure_reason: str = "",
    change_reason: str = "",
    confirmed: bool = True,
    key: UUID | None = None,
) -> Order:
    """Order ``amount`` (mg, or million IU) of a drug from ``starts_at`` (aware, to the minute) on.

    Ganciclovir is held against the proposal for ``phase`` as it is known now, whose steps, weight
    and band are kept; ``departure_reason`` says why the order differs from it.  An open order of
    the drug ends where the new one begins, which takes a ``change_reason``.  In rescue treatment
    the order belongs to the rescue course.  Raises ``Refused`` before allocation, after treatment,
    for IL-2 in an arm or course without it or in another dose than the protocol's, for an
    impossible amount, for a departure or a second order without a reason; ``NeedsConfirmation``
    unless ``confirmed``; ``AlreadyRecorded``; ``PermissionDenied``.  Sources: DOMAIN 1.3, 4 and 5.
    """
    ORDER.check(by)
    starts_at = starts_at.replace(second=0, microsecond=0)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        if refusal := order_refusal(participant, drug):
            raise Refused(refusal)
        questions = order_questions(drug, amount)
        order = Order(
            participant=participant,
            drug=drug,
            course=course_of(participant),
            amount=amount,
            unit=UNIT_OF[DrugChoice(drug)],
            frequency=frequency,
            departure_reason=departure_reason.strip(),
            starts_at=starts_at,
            ordered_at=clock.now(),
            ordered_by=by,
        )
        if drug == DrugChoice.GANCICLOVIR:
            _hold_against_proposal(order, phase)
        elif (amount, frequency) != (current().il2.dose_miu, current().il2.frequency):
            raise Refused(Message(gettext_noop("The protocol fixes the dose of interleukin-2")))
        if questions and not confirmed:
            raise NeedsConfirmation(questions)
        _replace_open_order(participant, drug, at=starts_at, by=by, reason=change_reason)
        order.save()
        return order


def stop_drug(
    participant: Participant, *, drug: str, reason: str, by: User, key: UUID | None = None
) -> Order:
    """Stop the open order of one drug now; treatment with the other goes on (DOMAIN 1.3 row 8).

    Neither a drug withdrawal nor an end of follow-up: its hold, if there is one, ends with it.
    Raises ``Refused`` without an open order or a reason; ``AlreadyRecorded``;
    ``PermissionDenied``.
    """
    ORDER.check(by)
    if not reason.strip():
        raise Refused(Message(gettext_noop("Say why the drug is stopped")))
    with recorded(by=by, reason=reason.strip(), key=key):
        participant = locked_participant(participant, by=by)
        order: Order | None = participant.orders.filter(drug=drug, ends_at=None).first()
        if order is None:
            raise Refused(Message(gettext_noop("This drug is not ordered")))
        end_orders([order], how=EndChoice.STOPPED, reason=reason.strip(), by=by)
        return order


def end_orders(orders: Iterable[Order], *, how: str, reason: str, by: User) -> None:
    """End open ``orders`` now, or before they begin, and with each the hold on its drug.

    Called inside ``recorded`` with the participant locked.
    """
    now = clock.now()
    for order in orders:
        end_order(order, at=max(now, order.starts_at), how=how, reason=reason)
        end_hold(order.participant, order.drug, why=reason, by=by)


def end_order(order: Order, *, at: dt.datetime, how: str, reason: str) -> None:
    order.ends_at, order.ended_as, order.end_reason = at, how, reason
    order.save()


def course_of(participant: Participant) -> CourseChoice:
    """The course that an order written now belongs to."""
    return CourseChoice.RESCUE if participant.state == State.RESCUE else CourseChoice.FIRST


def order_refusal(participant: Participant, drug: str) -> Message | None:
    """Why ``drug`` cannot be ordered for the participant now, if it cannot."""
    if participant.state == State.RESCUE:
        if drug != DrugChoice.GANCICLOVIR:
            return Message(gettext_noop("Rescue treatment is ganciclovir alone"))
        return None
    if participant.state not in {State.ALLOCATED, State.ON_TREATMENT}:
        return Message(gettext_noop("Only an allocated participant is treated"))
    if drug not in current().arm(participant.allocation.arm).drugs:
        return Message(gettext_noop("This arm does not receive this drug"))
    return None


def _hold_against_proposal(order: Order, phase: str) -> None:
    """Write the proposal as it stands into ``order``.  Raises ``Refused`` for a departure from it
    without a reason."""
    facts, basis = order.participant.screening.answers, basis_of(order.participant)
    proposal, steps = proposal_from(facts, basis, phase=phase)
    order.phase = phase
    order.weight_kg = basis.weight.kg if basis.weight else None
    order.basis = [step.to_json() for step in steps]
    order.band = proposal.band if proposal else ""
    as_proposed = proposal is not None and proposal.is_ordered(order.amount, order.frequency)
    if not as_proposed and not order.departure_reason:
        raise Refused(Message(gettext_noop("The order differs from the proposal: say why")))


def _replace_open_order(
    participant: Participant, drug: str, *, at: dt.datetime, by: User, reason: str
) -> None:
    order = participant.orders.filter(drug=drug, ends_at=None).first()
    if order is None:
        return
    if not reason.strip():
        raise Refused(Message(gettext_noop("This drug is ordered already: say why it changes")))
    if at < order.starts_at:
        raise Refused(Message(gettext_noop("The new order begins before the one it replaces")))
    with recorded(by=by, reason=reason.strip()):
        end_order(order, at=at, how=EndChoice.CHANGED, reason=reason.strip())
