"""The sealed list, and the one transaction that reveals its next slot."""

import json
import secrets
from uuid import UUID

from django.db.models import Max

from enrollment.actions.participation import locked_participant, move
from enrollment.actions.screening import judge, locked_screening
from enrollment.models import Allocation, AllocationList, AllocationSlot, Participant, Screening
from enrollment.permissions import ALLOCATE, GENERATE_LIST
from enrollment.rules.allocation_list import as_csv, commitment, generate
from enrollment.rules.verdicts import Eligibility
from enrollment.seals import seal, unseal
from enrollment.states import State
from oversight.canonical import digest
from oversight.recording import event, recorded
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop


def generate_allocation_list(*, by: User, length: int, seed: str | None = None) -> AllocationList:
    """Generate the sealed list and publish its SHA-256 before the first slot is used (DOMAIN 11).

    ``seed`` is drawn from the operating system unless a simulation names one; it is sealed with the
    file, so that an inspector can make the list again.  The hashed file ends in a 256-bit nonce,
    for a bare list of ten arms could be guessed from its hash.  Raises ``Refused`` when a list
    exists, ``PermissionDenied``.
    """
    GENERATE_LIST.check(by)
    rule = current().allocation
    seed = seed or secrets.token_hex(32)
    sequence = generate(
        seed=seed, label=rule.list_label, block_sizes=rule.block_sizes, length=length
    )
    arms = dict(zip("AB", rule.arms, strict=True))
    text = as_csv(sequence, arms=rule.arms, nonce=secrets.token_hex(32))
    with recorded(by=by):
        if AllocationList.objects.exists():
            raise Refused(Message(gettext_noop("The allocation list exists already")))
        made = AllocationList.objects.create(
            label=rule.list_label,
            sha256=commitment(text),
            sealed_file=seal(json.dumps({"seed": seed, "csv": text})),
            length=len(sequence.letters),
            generated_at=clock.now(),
            generated_by=by,
        )
        AllocationSlot.objects.bulk_create(
            AllocationSlot(list=made, sequence=place, sealed_arm=seal(f"{place}|{arms[letter]}"))
            for place, letter in enumerate(sequence.letters, start=1)
        )
        event("allocation_list_generated", label=made.label, sha256=made.sha256, length=made.length)
        return made


def allocate(participant: Participant, *, by: User, key: UUID | None = None) -> Allocation:
    """Give the participant the next slot of the sealed list (R10, R24).

    One transaction: the rows of the participant, the screening and the list are locked, in this
    order; eligibility is judged again as of today, for screening values expire; the slot is opened,
    the receipt written.  Never undone.  Raises ``Refused`` (allocated already, left the trial, no
    longer eligible, no list, list used up), ``AlreadyRecorded``, ``PermissionDenied``.
    """
    ALLOCATE.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        if participant.arm:
            raise Refused(Message(gettext_noop("This participant is allocated already")))
        if participant.state != State.ENROLLED:
            raise Refused(Message(gettext_noop("This participant has left the trial")))
        verdict = _still_eligible(locked_screening(participant.screening, by=by))
        slot = _next_slot()
        place, _, arm = unseal(slot.sealed_arm).partition("|")
        if int(place) != slot.sequence:
            raise Refused(Message(gettext_noop("The allocation list is damaged; tell the sponsor")))
        now = clock.now()
        allocation = Allocation(
            participant=participant,
            slot=slot,
            arm=arm,
            mode=current().allocation.mode.value,
            allocated_at=now,
            allocated_by=by,
            eligibility_digest=digest(verdict.to_json()),
            protocol_version=verdict.protocol_version,
        )
        allocation.save()
        move(participant, State.ALLOCATED, by=by, why="Allocated")
        return allocation


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


def _next_slot() -> AllocationSlot:
    """The first unused slot, with the list's row locked until the transaction ends."""
    allocation_list = AllocationList.objects.select_for_update().order_by("pk").first()
    if allocation_list is None:
        raise Refused(Message(gettext_noop("No allocation list has been generated yet")))
    used = Allocation.objects.filter(slot__list=allocation_list).aggregate(
        last=Max("slot__sequence")
    )
    slot = allocation_list.slots.filter(sequence=(used["last"] or 0) + 1).first()
    if slot is None:
        raise Refused(Message(gettext_noop("Every slot of the allocation list is used")))
    return slot
