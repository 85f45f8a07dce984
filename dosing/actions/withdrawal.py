"""Withdrawing the drugs: treatment ends and follow-up begins."""

from uuid import UUID

from django.utils import timezone

from dosing.actions.orders import EndChoice, end_orders
from dosing.models import CourseChoice, DrugChoice, Withdrawal
from dosing.permissions import ORDER
from dosing.selectors import delivered
from enrollment.actions.locks import locked_participant
from enrollment.actions.participation import anchor_withdrawal
from enrollment.models import Participant
from enrollment.states import State
from labs.series import conversion_of
from oversight.recording import recorded
from oversight.refusals import Refused
from oversight.signing import Signature
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop


def withdraw_drugs(
    participant: Participant,
    *,
    why: str,
    note: str,
    signature: Signature,
    by: User,
    key: UUID | None = None,
) -> Withdrawal:
    """Stop every open order and begin follow-up, counted from the last ganciclovir delivered.

    ``why`` is one of ``Withdrawal.Reason``, ``note`` says it in words.  The investigator signs
    (R15); what the PCR results said at that moment is kept with the decision.  Raises ``Refused``
    without an explanation, unless the participant is on treatment, and for somebody else's
    signature; ``AlreadyRecorded``; ``PermissionDenied``.  Sources: DOMAIN 1.3 and 6.
    """
    ORDER.check(by)
    signature.check(by)
    note = note.strip()
    if why not in Withdrawal.Reason.values or not note:
        raise Refused(Message(gettext_noop("Say why the drugs are withdrawn")))
    with recorded(by=by, reason=note, key=key):
        participant = locked_participant(participant, by=by)
        if refusal := withdrawal_refusal(participant):
            raise Refused(refusal)
        open_orders = participant.orders.filter(ends_at=None)
        end_orders(open_orders, how=EndChoice.WITHDRAWN, reason=note, by=by)
        decision = Withdrawal(
            participant=participant,
            why=why,
            note=note,
            findings=_findings(participant),
            decided_at=clock.now(),
            decided_by=by,
        )
        decision.save()
        last = delivered(participant, DrugChoice.GANCICLOVIR, CourseChoice.FIRST).latest("given_at")
        anchor_withdrawal(participant, on=timezone.localdate(last.given_at), by=by)
        return decision


def withdrawal_refusal(participant: Participant) -> Message | None:
    """Why the drugs cannot be withdrawn from the participant now, if they cannot."""
    if not delivered(participant, DrugChoice.GANCICLOVIR).exists():
        return Message(gettext_noop("No ganciclovir has been given yet"))
    if participant.state != State.ON_TREATMENT:
        return Message(gettext_noop("This participant is no longer on treatment"))
    return None


def _findings(participant: Participant) -> list[object]:
    """What the CMV-DNA results say now, in sentences."""
    results = participant.results.in_force().filter(analyte=current().pcr.analyte)
    conversion = conversion_of(participant, results)
    return [step.to_json() for step in conversion.steps] if conversion else []
