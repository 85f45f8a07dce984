"""The plan of allocation, its sealed lists, and their publication when allocation is closed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction

from enrollment.models import (
    Allocation,
    AllocationList,
    AllocationPlan,
    AllocationSlot,
    Participant,
)
from enrollment.permissions import GENERATE_LIST, PLAN_ALLOCATION, READ_LIST
from enrollment.rules.allocation_list import as_csv, commitment, generate, imported_csv
from enrollment.rules.list_import import ListShape, read_list
from enrollment.seals import seal, seal_arm, unseal
from enrollment.states import State
from oversight.recording import event, recorded
from oversight.refusals import NeedsConfirmation, Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import AllocationMode, gettext_noop


def locked_plan() -> AllocationPlan | None:
    """The plan under its lock; after the participant's lock and before the list's."""
    found: AllocationPlan | None = AllocationPlan.objects.select_for_update().first()
    return found


def plan_allocation(
    *, mode: str, factor: str, reason: str, by: User, key: UUID | None = None
) -> AllocationPlan:
    """Decide how this trial allocates, with the reason (DOMAIN 1.3 row 1, 11).

    ``factor`` is a code of the protocol's factors, empty for none.  Raises ``Refused`` without a
    reason, once somebody is allocated, for another factor once a list exists, and when closed;
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    PLAN_ALLOCATION.check(by)
    if mode not in set(AllocationMode):
        raise Refused(Message(gettext_noop("Choose one of the modes")))
    if factor not in {"", *(one.code for one in current().allocation.factors)}:
        raise Refused(Message(gettext_noop("Choose one of the protocol’s factors")))
    if not reason.strip():
        raise Refused(Message(gettext_noop("Say why")))
    with recorded(by=by, reason=reason.strip(), key=key):
        plan = locked_plan()
        if plan is None:
            return _made(mode, factor)
        _check_open(plan)
        if Allocation.objects.exists():
            raise Refused(Message(gettext_noop("Somebody is allocated: mode and factor are fixed")))
        if factor != plan.factor and AllocationList.objects.exists():
            raise Refused(Message(gettext_noop("A list exists: what it is stratified by is fixed")))
        plan.mode, plan.factor = mode, factor
        plan.save()
        return plan


def generate_allocation_lists(
    *,
    by: User,
    length: int | None = None,
    block_sizes: Sequence[int] | None = None,
    seed: str | None = None,
    key: UUID | None = None,
) -> list[AllocationList]:
    """Generate a sealed list for each stratum of the plan, and publish their hashes (DOMAIN 11).

    Without ``length`` and ``block_sizes`` the protocol's; sizes are a subset of its own.  ``seed``
    is drawn from the operating system unless a simulation names one; it is sealed with the file, so
    that an inspector can make the list again.  Raises ``Refused`` (a list that is too short, a size
    that is not allowed, a list that exists, an assigned mode, closed), ``AlreadyRecorded``,
    ``PermissionDenied``.
    """
    GENERATE_LIST.check(by)
    rule = current().allocation
    sizes = _allowed_sizes(rule.block_sizes if block_sizes is None else block_sizes)
    length = rule.usual_list if length is None else length
    if length < rule.shortest_list:
        raise Refused(
            Message(
                gettext_noop("A list has at least %(places)s places, more than are enrolled"),
                {"places": str(rule.shortest_list)},
            )
        )
    seed = seed or secrets.token_hex(32)
    with recorded(by=by, key=key):
        made = []
        for stratum in _strata_without_lists():
            sequence = generate(
                seed=seed, label=rule.label(stratum), block_sizes=sizes, length=length
            )
            arm_of = dict(zip("AB", rule.arms, strict=True))
            arms = [str(arm_of[letter]) for letter in sequence.letters]
            text = as_csv(sequence, arms=rule.arms, nonce=_nonce())
            source = AllocationList.Source.GENERATED
            made.append(_stored(stratum, arms, text, source=source, seed=seed, by=by))
        return made


def import_allocation_lists(
    *, file: bytes, by: User, confirmed: bool = False, key: UUID | None = None
) -> list[AllocationList]:
    """Seal a statistician's own CSV, ``position,arm`` and with strata ``,stratum`` (R30).

    Nothing of a file with a mistake is kept.  Arms of unequal number are asked about unless
    ``confirmed``.  Raises ``Refused`` with a reason a line, and as ``generate_allocation_lists``;
    ``NeedsConfirmation``, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    GENERATE_LIST.check(by)
    rule = current().allocation
    with recorded(by=by, key=key):
        strata = _strata_without_lists()
        read = read_list(file, ListShape([*map(str, rule.arms)], strata, rule.shortest_list))
        if read.problems:
            raise Refused(Message(gettext_noop("Nothing of this file is kept")), read.problems)
        questions = [("file", question) for one in strata if (question := _unequal(read.arms[one]))]
        if questions and not confirmed:
            raise NeedsConfirmation(questions)
        source = AllocationList.Source.IMPORTED
        made = []
        for stratum in strata:
            text = imported_csv(read.arms[stratum], nonce=_nonce())
            made.append(_stored(stratum, read.arms[stratum], text, source=source, seed="", by=by))
        return made


def close_allocation(
    *, reason: str, by: User, confirmed: bool = False, key: UUID | None = None
) -> AllocationPlan:
    """End allocation for good, so that the lists may be published.

    Asks while participants wait for an arm, unless ``confirmed``.  Raises ``Refused`` without a
    reason, without a plan, or a second time; ``NeedsConfirmation``, ``AlreadyRecorded``,
    ``PermissionDenied``.
    """
    PLAN_ALLOCATION.check(by)
    if not reason.strip():
        raise Refused(Message(gettext_noop("Say why")))
    with recorded(by=by, reason=reason.strip(), key=key):
        plan = locked_plan()
        if plan is None:
            raise Refused(Message(gettext_noop("There is no plan of allocation yet")))
        _check_open(plan)
        waiting = Participant.objects.filter(state=State.ENROLLED).count()
        if waiting and not confirmed:
            question = Message(
                gettext_noop("%(count)s enrolled participants have no arm, and will get none"),
                {"count": str(waiting)},
            )
            raise NeedsConfirmation([("why", question)])
        plan.closed_at, plan.closed_by = clock.now(), by
        plan.save()
        event("allocation_closed", allocated=Allocation.objects.count(), waiting=waiting)
        return plan


def publish_list(stratum: str, *, by: User) -> bytes:
    """The file that was committed to, byte for byte, once allocation is closed; logged (R08, R24).

    Raises ``Refused`` before that and for an unknown stratum, ``DamagedSeal``,
    ``PermissionDenied``.
    """
    READ_LIST.check(by)
    plan = AllocationPlan.objects.first()
    found = AllocationList.objects.filter(stratum=stratum).first()
    if plan is None or plan.closed_at is None or found is None:
        raise Refused(Message(gettext_noop("A list is published when allocation is closed")))
    text: str = json.loads(unseal(found.sealed_file))["csv"]
    with recorded(by=by):
        event("allocation_list_published", label=found.label, sha256=found.sha256)
    return text.encode()


def _made(mode: str, factor: str) -> AllocationPlan:
    plan = AllocationPlan(mode=mode, factor=factor)
    try:
        with transaction.atomic():
            plan.save()
    except IntegrityError:
        raise Refused(
            Message(gettext_noop("Somebody planned the allocation just now; look again"))
        ) from None
    return plan


def _check_open(plan: AllocationPlan) -> None:
    if plan.closed_at:
        raise Refused(Message(gettext_noop("Allocation is closed: nobody is allocated any more")))


def _strata_without_lists() -> list[str]:
    """The strata of the plan, locked; the protocol's plan is made where there is none."""
    rule = current().allocation
    plan = locked_plan() or _made(rule.mode.value, "")
    _check_open(plan)
    if plan.mode != AllocationMode.RANDOMISED:
        raise Refused(Message(gettext_noop("The plan is to assign the arms: that needs no list")))
    strata = [stratum.code for stratum in rule.strata(plan.factor)]
    if AllocationList.objects.filter(stratum__in=strata).exists():
        raise Refused(Message(gettext_noop("The allocation list exists already")))
    return strata


def _allowed_sizes(chosen: Sequence[int]) -> list[int]:
    """The sizes in the protocol's order, on which the random stream depends."""
    allowed = current().allocation.block_sizes
    if not chosen or not set(chosen) <= set(allowed):
        raise Refused(
            Message(
                gettext_noop("Block sizes are one or more of %(allowed)s"),
                {"allowed": ", ".join(map(str, allowed))},
            )
        )
    return [size for size in allowed if size in chosen]


def _unequal(arms: Sequence[str]) -> Message | None:
    counts = {str(arm): arms.count(str(arm)) for arm in current().allocation.arms}
    if len(set(counts.values())) == 1:
        return None
    return Message(
        gettext_noop("The arms are unequal: %(counts)s. Choose the file again to confirm."),
        {"counts": ", ".join(f"{arm} {count}" for arm, count in counts.items())},
    )


def _nonce() -> str:
    """A bare list could be guessed from its published hash: the file ends in 256 random bits."""
    return secrets.token_hex(32)


def _stored(
    stratum: str, arms: Sequence[str], text: str, *, source: str, seed: str, by: User
) -> AllocationList:
    """Seal a list and its places, and write its commitment into the audit chain."""
    made = AllocationList.objects.create(
        label=current().allocation.label(stratum),
        stratum=stratum,
        source=source,
        sha256=commitment(text),
        sealed_file=seal(json.dumps({"seed": seed, "csv": text})),
        length=len(arms),
        generated_at=clock.now(),
        generated_by=by,
    )
    AllocationSlot.objects.bulk_create(
        AllocationSlot(
            list=made, sequence=place, sealed_arm=seal_arm(arm, stratum=stratum, place=place)
        )
        for place, arm in enumerate(arms, start=1)
    )
    event(f"allocation_list_{source}", label=made.label, sha256=made.sha256, length=made.length)
    return made
