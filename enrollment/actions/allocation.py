"""The one transaction that gives a participant an arm: from the sealed list, or assigned."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Max

from enrollment.actions.allocation_lists import locked_plan
from enrollment.actions.gates import check_consent, check_site
from enrollment.actions.locks import locked_participant
from enrollment.actions.moves import move
from enrollment.actions.screening import judge, locked_screening
from enrollment.models import (
    Allocation,
    AllocationError,
    AllocationList,
    AllocationPlan,
    AllocationSlot,
    Participant,
    Screening,
)
from enrollment.permissions import ALLOCATE, ASSIGN, NOTE_ERROR
from enrollment.rules.strata import stratum_of
from enrollment.rules.verdicts import Eligibility
from enrollment.seals import DamagedSeal, unseal_arm
from enrollment.states import State
from oversight.canonical import digest
from oversight.recording import recorded
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import AllocationMode, Stratum, gettext_noop


def allocate(participant: Participant, *, by: User, key: UUID | None = None) -> Allocation:
    """Give the participant the next slot of the sealed list (R10, R24).

    One transaction: the rows of the screening, the participant, the plan and the list are locked,
    in this order; eligibility is judged again as of today, for screening values expire; the slot is
    opened, the receipt written.  Never undone.  Raises ``Refused`` (allocated already, left the
    trial, no longer eligible, site or consent does not carry it, closed, assigned mode, stratum
    unknown, no list, list used up or damaged), ``AlreadyRecorded``, ``PermissionDenied``.
    """
    ALLOCATE.check(by)
    with recorded(by=by, key=key):
        participant, verdict = _cleared(participant, by)
        plan = locked_plan()
        _refuse(plan_problem(plan, AllocationMode.RANDOMISED))
        stratum = stratum_for(plan, participant.screening)
        if isinstance(stratum, Message):
            raise Refused(stratum)
        slot = _next_slot(stratum)
        mode = AllocationMode.RANDOMISED.value
        receipt = Allocation(participant=participant, slot=slot, arm=_opened(slot), mode=mode)
        return _given(receipt, verdict, by)


def assign(
    participant: Participant, *, arm: str, reason: str, by: User, key: UUID | None = None
) -> Allocation:
    """Give the participant the arm that the investigator chose, with the reason.

    For a trial whose plan is to assign (DOMAIN 1.3 row 1); the same gates and locks as
    ``allocate``, whose refusals it raises, or one without an arm or a reason.
    """
    ASSIGN.check(by)
    if arm not in set(current().allocation.arms):
        raise Refused(Message(gettext_noop("Choose one of the arms")))
    if not reason.strip():
        raise Refused(Message(gettext_noop("Say why this arm")))
    with recorded(by=by, key=key):
        participant, verdict = _cleared(participant, by)
        _refuse(plan_problem(locked_plan(), AllocationMode.ASSIGNED))
        receipt = Allocation(
            participant=participant,
            arm=arm,
            mode=AllocationMode.ASSIGNED.value,
            reason=reason.strip(),
        )
        return _given(receipt, verdict, by)


def note_allocation_error(
    participant: Participant, *, what: str, by: User, key: UUID | None = None
) -> AllocationError:
    """Note that the allocation was made in error.  It stands, and its slot stays used (DOMAIN 11).

    Raises ``Refused`` before allocation, a second time, or without words; ``AlreadyRecorded``;
    ``PermissionDenied``.
    """
    NOTE_ERROR.check(by)
    if not what.strip():
        raise Refused(Message(gettext_noop("Say what was wrong")))
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        if not participant.arm:
            raise Refused(Message(gettext_noop("This participant is not allocated")))
        if hasattr(participant, "allocation_error"):
            raise Refused(Message(gettext_noop("The error is noted already")))
        note = AllocationError(
            participant=participant, what=what.strip(), noted_at=clock.now(), noted_by=by
        )
        note.save()
        return note


def plan_problem(plan: AllocationPlan | None, mode: AllocationMode) -> Message | None:
    """Why nobody can be allocated in ``mode`` now; the page before the click asks the same."""
    planned = plan.mode if plan else current().allocation.mode
    if plan and plan.closed_at:
        return Message(gettext_noop("Allocation is closed: nobody is allocated any more"))
    if planned != mode and planned == AllocationMode.ASSIGNED:
        return Message(
            gettext_noop("In this trial the investigator assigns the arm, with a reason")
        )
    if planned != mode:
        return Message(gettext_noop("In this trial the sealed list decides; nobody chooses an arm"))
    if mode == AllocationMode.RANDOMISED and not AllocationList.objects.exists():
        return Message(gettext_noop("No allocation list has been generated yet"))
    return None


def stratum_for(plan: AllocationPlan | None, screening: Screening) -> Stratum | Message:
    """Whose list the patient is allocated from; why that is unknown otherwise."""
    protocol = current()
    factor = protocol.allocation.factor(plan.factor if plan else "")
    if factor is None:
        return protocol.allocation.whole_trial
    found = stratum_of(factor, screening.answers, protocol.pcr)
    if isinstance(found, Stratum):
        return found
    return Message(
        gettext_noop("The stratum by %(factor)s is unknown: it needs %(needed)s"),
        {"factor": Message(factor.name), "needed": found},
    )


def _cleared(participant: Participant, by: User) -> tuple[Participant, Eligibility]:
    """The participant, locked after the screening, if everything but the plan allows an arm."""
    screening = locked_screening(participant.screening, by=by)
    participant = locked_participant(participant, by=by)
    participant.screening = screening
    if participant.arm:
        raise Refused(Message(gettext_noop("This participant is allocated already")))
    if participant.state != State.ENROLLED:
        raise Refused(Message(gettext_noop("This participant has left the trial")))
    check_site(participant.site, clock.today())
    check_consent(screening, clock.today())
    return participant, _still_eligible(screening)


def _still_eligible(screening: Screening) -> Eligibility:
    if not screening.confirmed_at:
        raise Refused(Message(gettext_noop("The investigator has not confirmed eligibility")))
    verdict = judge(screening, clock.today())
    if not verdict.eligible:
        blocking = [v for v in verdict.verdicts if v.blocks]
        raise Refused(
            Message(gettext_noop("As of today the screening no longer shows eligibility")),
            [reason for v in blocking for reason in (v.needed or v.steps)],
        )
    return verdict


def _refuse(problem: Message | None) -> None:
    if problem:
        raise Refused(problem)


def _next_slot(stratum: Stratum) -> AllocationSlot:
    """The first unused slot, with the list's row locked until the transaction ends."""
    lists = AllocationList.objects.select_for_update().defer("sealed_file")
    found = lists.filter(stratum=stratum.code).first()
    if found is None:
        raise Refused(Message(gettext_noop("No allocation list has been generated yet")))
    used = Allocation.objects.filter(slot__list=found).aggregate(last=Max("slot__sequence"))
    slot: AllocationSlot | None = found.slots.filter(sequence=(used["last"] or 0) + 1).first()
    if slot is None:
        raise Refused(Message(gettext_noop("Every slot of the allocation list is used")))
    return slot


def _opened(slot: AllocationSlot) -> str:
    try:
        return unseal_arm(slot.sealed_arm, stratum=slot.list.stratum, place=slot.sequence)
    except DamagedSeal:
        raise Refused(
            Message(gettext_noop("The allocation list is damaged; tell the sponsor"))
        ) from None


def _given(receipt: Allocation, verdict: Eligibility, by: User) -> Allocation:
    """Write the receipt down, bound to the verdict that it rests on, and move the participant."""
    receipt.allocated_at, receipt.allocated_by = clock.now(), by
    receipt.eligibility_digest = digest(verdict.to_json())
    receipt.protocol_version = verdict.protocol_version
    receipt.save()
    move(receipt.participant, State.ALLOCATED, by=by, why="Allocated")
    return receipt
