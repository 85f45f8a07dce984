"""Withdrawing the drugs: treatment ends and follow-up begins."""

from uuid import UUID

from django.utils import timezone

from dosing.models import DrugChoice
from dosing.permissions import ORDER
from dosing.selectors import delivered
from enrollment.actions.locks import locked_participant
from enrollment.actions.participation import anchor_withdrawal
from enrollment.models import Participant
from enrollment.states import State
from oversight.recording import recorded
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop


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
        if refusal := withdrawal_refusal(participant):
            raise Refused(refusal)
        now = clock.now()
        for order in participant.orders.filter(ends_at=None):
            order.ends_at = max(now, order.starts_at)
            order.save()
        last = delivered(participant, DrugChoice.GANCICLOVIR).latest("given_at")
        anchor_withdrawal(participant, on=timezone.localdate(last.given_at), by=by)
        return participant


def withdrawal_refusal(participant: Participant) -> Message | None:
    """Why the drugs cannot be withdrawn from the participant now, if they cannot."""
    if not delivered(participant, DrugChoice.GANCICLOVIR).exists():
        return Message(gettext_noop("No ganciclovir has been given yet"))
    if participant.state != State.ON_TREATMENT:
        return Message(gettext_noop("This participant is no longer on treatment"))
    return None
