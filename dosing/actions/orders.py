"""Ordering the trial's drugs."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from dosing.checks import order_questions
from dosing.models import DrugChoice, Order, UnitChoice
from dosing.permissions import ORDER
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
        if refusal := order_refusal(participant, drug):
            raise Refused(refusal)
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


def order_refusal(participant: Participant, drug: str) -> Message | None:
    """Why ``drug`` cannot be ordered for the participant now, if it cannot."""
    if participant.state not in {State.ALLOCATED, State.ON_TREATMENT}:
        return Message(gettext_noop("Only an allocated participant is treated"))
    if drug not in current().arm(participant.allocation.arm).drugs:
        return Message(gettext_noop("This arm does not receive this drug"))
    return None


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
