"""What the pages about allocation read.  Never an unused slot, nor a list before it is published.

The trial's plan and lists belong to no site; receipts are those of the reader's sites.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from enrollment.actions.allocation import plan_problem, stratum_for
from enrollment.models import (
    Allocation,
    AllocationList,
    AllocationPlan,
    Participant,
    Screening,
)
from enrollment.rules.list_proof import Used
from enrollment.states import State
from oversight.trail import AuditAction, AuditEntry
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import AllocationMode, Decision, Stratum

PUBLISHING = [f"allocation_list_{source}" for source in AllocationList.Source.values]


@dataclass(frozen=True)
class Registered:
    """Where the registry contradicts itself about allocation, and what was decided."""

    quote: str
    decision: Decision

    @classmethod
    def now(cls) -> Registered:
        provenance = current().allocation.provenance
        return cls(provenance.quote, current().decision(provenance.decision))


@dataclass(frozen=True)
class Standing:
    """The plan as it stands, or as the protocol has it where nobody made one."""

    plan: AllocationPlan | None
    lists: list[AllocationList]
    allocated: int
    waiting: int

    @property
    def mode(self) -> AllocationMode:
        return AllocationMode(self.plan.mode) if self.plan else current().allocation.mode

    @property
    def is_assigned(self) -> bool:
        return self.mode is AllocationMode.ASSIGNED

    @property
    def factor(self) -> str:
        """What the plan stratifies by, in words; empty for nothing."""
        found = current().allocation.factor(self.plan.factor if self.plan else "")
        return found.name if found else ""

    @property
    def strata(self) -> list[tuple[Stratum, AllocationList | None]]:
        """Each stratum of the plan with its list."""
        by_code = {one.stratum: one for one in self.lists}
        strata = current().allocation.strata(self.plan.factor if self.plan else "")
        return [(stratum, by_code.get(stratum.code)) for stratum in strata]

    @property
    def is_closed(self) -> bool:
        return bool(self.plan and self.plan.closed_at)

    @property
    def is_fixed(self) -> bool:
        """Whether mode and factor can no longer be changed."""
        return self.is_closed or self.allocated > 0

    @property
    def needs_list(self) -> bool:
        return not (self.is_closed or self.is_assigned or self.lists)

    @property
    def can_close(self) -> bool:
        return self.plan is not None and not self.is_closed


def standing() -> Standing:
    """The plan, its lists with how many places are ``used``, and who is allocated or waits."""
    lists = AllocationList.objects.select_related("generated_by").defer("sealed_file")
    return Standing(
        AllocationPlan.objects.select_related("closed_by").first(),
        list(lists.annotate(used=Count("slots__allocation"))),
        Allocation.objects.count(),
        Participant.objects.filter(state=State.ENROLLED).count(),
    )


def problem(
    plan: AllocationPlan | None, screening: Screening, mode: AllocationMode
) -> Message | None:
    """Why the plan lets nobody, or not this patient, be allocated in ``mode``."""
    found = plan_problem(plan, mode)
    if found or mode is AllocationMode.ASSIGNED:
        return found
    stratum = stratum_for(plan, screening)
    return stratum if isinstance(stratum, Message) else None


def stratum_list(plan: AllocationPlan | None, screening: Screening) -> AllocationList | None:
    """The list that the patient would be allocated from."""
    stratum = stratum_for(plan, screening)
    if isinstance(stratum, Message):
        return None
    return AllocationList.objects.defer("sealed_file").filter(stratum=stratum.code).first()


def receipts() -> QuerySet[Allocation]:
    """Allocations with their slot's number, the list's commitment, and who did it."""
    rows = Allocation.objects.select_related(
        "participant__site",
        "participant__allocation_error__noted_by",
        "slot__list",
        "allocated_by",
    )
    found: QuerySet[Allocation] = rows.defer("slot__sealed_arm", "slot__list__sealed_file")
    return found


def receipt(participant: Participant) -> tuple[Allocation, AuditEntry]:
    """The allocation, and the entry of the audit chain that binds it."""
    found: Allocation = receipts().get(participant=participant)
    entry = AuditEntry.objects.get(
        model=Allocation._meta.label_lower, object_id=str(found.pk), action=AuditAction.CREATED
    )
    return found, entry


COLUMNS = (
    *("subject", "site", "allocated_at", "allocated_by", "mode", "arm", "list", "place", "reason"),
    *("eligibility_sha256", "protocol_version", "in_error", "registry_says", "decision", "decided"),
)


def register(user: User) -> Iterator[tuple[Any, ...]]:
    """Every allocation at the user's sites in order of time, the registry's contradiction beside.

    One row a participant, in the order of ``COLUMNS``.
    """
    told = Registered.now()
    conflict = (told.quote, told.decision.id, told.decision.chosen)
    visible = Participant.objects.visible_to(user)
    for one in receipts().filter(participant__in=visible).order_by("allocated_at", "pk"):
        note = getattr(one.participant, "allocation_error", None)
        at = timezone.localtime(one.allocated_at).isoformat(timespec="seconds")
        place = (one.slot.list.label, one.slot.sequence) if one.slot else (None, None)
        who = (one.participant.subject, one.participant.site.code, at, one.allocated_by)
        yield (
            *map(str, who),
            one.mode,
            one.arm,
            *place,
            one.reason,
            one.eligibility_digest,
            one.protocol_version,
            note.what if note else None,
            *conflict,
        )


def used_slots(of: AllocationList) -> list[Used]:
    """Every allocation from a list, for its proof."""
    rows = Allocation.objects.filter(slot__list=of).values_list(
        "participant__subject", "allocated_at", "slot__sequence", "arm"
    )
    return [Used(*row) for row in rows]


def list_publications(of: AllocationList) -> list[str]:
    """The hashes that the audit chain's events name for a list."""
    events = AuditEntry.objects.filter(event__in=PUBLISHING)
    return [e.changes["sha256"] for e in events if e.changes["label"] == of.label]
