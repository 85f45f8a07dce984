"""Moves along the table of states, called by the actions that lock the row.

They check the table, not a permission, and each leaves a row: from, to, when, by whom and why.
"""

from enrollment.models import Move, Participant, Screening
from enrollment.states import State, check_move
from oversight.recording import recorded
from trial_site import clock
from trial_site.models import User


def move(participant: Participant, after: State, *, by: User, why: str) -> None:
    """Move a locked participant.  Raises ``IllegalMove``."""
    check_move(participant.state, after)
    before, participant.state = participant.state, after
    with recorded(by=by, reason=why):
        participant.save()
        record_move(participant.screening, participant, before, after, by, why)


def move_screening(
    screening: Screening,
    after: State,
    *,
    by: User,
    why: str,
    participant: Participant | None = None,
) -> None:
    """Move a locked screening, which the caller saves; ``participant`` is who it made.

    Raises ``IllegalMove``.
    """
    check_move(screening.state, after)
    before, screening.state = screening.state, after
    record_move(screening, participant, before, after, by, why)


def record_move(
    screening: Screening,
    participant: Participant | None,
    before: str,
    after: State,
    by: User,
    why: str = "",
) -> None:
    Move(
        screening=screening,
        participant=participant,
        before=before,
        after=after,
        at=clock.now(),
        by=by,
        why=why,
    ).save()
