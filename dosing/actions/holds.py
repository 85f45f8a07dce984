"""The investigator interrupts a drug and resumes it; its order goes on underneath."""

from uuid import UUID

from dosing.models import Hold
from dosing.permissions import ORDER
from dosing.selectors import holding_results
from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from labs.models import Result
from oversight.recording import recorded
from oversight.records import locked
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop


def hold_drug(
    participant: Participant,
    *,
    drug: str,
    why: str,
    by: User,
    result: Result | None = None,
    note: str = "",
    key: UUID | None = None,
) -> Hold:
    """Hold a drug from now on, once: its doses are shown as held until it is resumed.

    ``why`` is one of ``Hold.Reason``; a laboratory hold names the participant's own ``result``, of
    an analyte that can hold the drug, any other has a ``note``.  Raises ``Refused`` for a drug that
    is not ordered or held already, or without its cause; ``AlreadyRecorded``;
    ``PermissionDenied``.  Source: DOMAIN 4.
    """
    ORDER.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        if refusal := hold_refusal(participant, drug):
            raise Refused(refusal)
        result = _cause(participant, drug, result) if why == Hold.Reason.RESULT else None
        if why != Hold.Reason.RESULT and not note.strip():
            raise Refused(Message(gettext_noop("Say why the drug is held")))
        hold = Hold(
            participant=participant,
            drug=drug,
            why=why,
            result=result,
            note=note.strip(),
            held_at=clock.now(),
            held_by=by,
        )
        hold.save()
        return hold


def resume_drug(hold: Hold, *, why: str, by: User, key: UUID | None = None) -> Hold:
    """End a hold, with the reason; a result below the label's limits goes on holding by itself.

    Raises ``Refused`` without a reason or for a hold that has ended; ``AlreadyRecorded``;
    ``PermissionDenied``.
    """
    ORDER.check(by)
    if not why.strip():
        raise Refused(Message(gettext_noop("Say why the drug is resumed")))
    with recorded(by=by, reason=why.strip(), key=key):
        participant = locked_participant(hold.participant, by=by)
        hold = locked(Hold.objects.filter(pk=hold.pk, participant=participant))
        if hold.resumed_at is not None:
            raise Refused(Message(gettext_noop("This hold has ended already")))
        _end(hold, why.strip(), by)
        return hold


def end_hold(participant: Participant, drug: str, *, why: str, by: User) -> None:
    """End the hold on a drug that is stopped, so that it holds no later course.

    Called inside ``recorded`` with ``participant`` locked.
    """
    for hold in participant.holds.filter(drug=drug, resumed_at=None):
        _end(hold, why, by)


def hold_refusal(participant: Participant, drug: str) -> Message | None:
    """Why ``drug`` cannot be held now, if it cannot."""
    if not participant.orders.filter(drug=drug, ends_at=None).exists():
        return Message(gettext_noop("This drug is not ordered"))
    if participant.holds.filter(drug=drug, resumed_at=None).exists():
        return Message(gettext_noop("This drug is held already"))
    return None


def _cause(participant: Participant, drug: str, result: Result | None) -> Result:
    if result is None:
        raise Refused(Message(gettext_noop("Choose the result that caused the hold")))
    found: Result | None = holding_results(participant, drug).filter(pk=result.pk).first()
    if found is None:
        raise Refused(Message(gettext_noop("This result does not hold this drug")))
    return found


def _end(hold: Hold, why: str, by: User) -> None:
    hold.resumed_at, hold.resumed_by, hold.resumed_why = clock.now(), by, why
    hold.save()
