"""Whether a planned dose is due or late, and where the next injection goes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum

from trial_site.protocol.definition import Il2Rule

# Display rules of the ward, not of the protocol, which names no time of day: they decide how a
# dose is shown, never whether what was given may be recorded.
DUE_FROM = timedelta(minutes=60)  # before the planned time
LATE_FROM = timedelta(minutes=60)  # after it
UNDO_WITHIN = timedelta(minutes=1)  # after it was recorded; afterwards it is corrected
AHEAD = timedelta(minutes=2)  # how far the clock of a browser may run ahead of the server's


class SlotState(StrEnum):
    """How a planned dose stands; the last three are what was recorded."""

    LATE = "late"
    DUE = "due"
    HELD = "held"
    PLANNED = "planned"
    GIVEN = "given"
    PARTIAL = "partial"
    NOT_GIVEN = "not_given"

    @property
    def urgency(self) -> int:
        """Late, due, held, planned, and last whatever is recorded; the lowest comes first."""
        return _URGENCY.get(self, len(_URGENCY))

    @property
    def is_recorded(self) -> bool:
        return self not in _URGENCY


_URGENCY = {
    state: place
    for place, state in enumerate(
        (SlotState.LATE, SlotState.DUE, SlotState.HELD, SlotState.PLANNED)
    )
}


def is_open(slot_at: datetime, now: datetime) -> bool:
    """Whether the slot can be recorded yet: from ``DUE_FROM`` before its planned time on."""
    return slot_at - now <= DUE_FROM


def taken_at(queued_at: datetime, now: datetime) -> datetime | None:
    """When a browser without a connection took an entry, never after ``now`` (both aware).

    ``None`` for a moment that lies further ahead than a browser's clock may run.
    """
    return None if queued_at - now > AHEAD else min(queued_at, now)


def may_undo(recorded_at: datetime, now: datetime) -> bool:
    """Whether what was recorded then (both aware) can be undone with one tap."""
    return now - recorded_at <= UNDO_WITHIN


def is_recorded_late(day: date, *, taken_on: date) -> bool:
    """Whether a dose of ``day`` that is entered on ``taken_on`` has to say why it comes late."""
    return taken_on > day


def slot_state(
    slot_at: datetime, *, now: datetime, recorded: str | None, is_held: bool
) -> SlotState:
    """The state at ``now`` (both aware) of a slot; ``recorded`` is the status saved for it.

    A result that holds the drug comes before late and due: such a dose is not to be given.
    """
    if recorded is not None:
        return SlotState(recorded)
    if is_held:
        return SlotState.HELD
    if now - slot_at >= LATE_FROM:
        return SlotState.LATE
    return SlotState.DUE if is_open(slot_at, now) else SlotState.PLANNED


def next_site(last: str | None, rule: Il2Rule) -> str:
    """The code of the injection site after ``last`` in the protocol's order, the first without one.

    Source: DOMAIN 5, which asks about the site of the dose before.
    """
    codes = [code for code, _ in rule.injection_sites]
    return codes[(codes.index(last) + 1) % len(codes)] if last in codes else codes[0]
