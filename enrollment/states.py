"""Every move that a patient can make, from the first question to the end.  All else is refused."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    SCREENING = "screening", _("In screening")
    SCREEN_FAILED = "screen_failed", _("Screen failure")
    ELIGIBLE = "eligible", _("Eligible")
    ENROLLED = "enrolled", _("Enrolled")
    ALLOCATED = "allocated", _("Allocated")
    ON_TREATMENT = "on_treatment", _("On treatment")
    FOLLOW_UP = "follow_up", _("In follow-up")
    RESCUE = "rescue", _("Rescue treatment")
    COMPLETED = "completed", _("Completed")
    WITHDREW = "withdrew", _("Withdrew consent")
    LOST = "lost", _("Lost to follow-up")
    DIED = "died", _("Died")
    STOPPED = "stopped", _("Stopped by the investigator")


_LEAVES = (State.WITHDREW, State.LOST, State.DIED, State.STOPPED)
ENDED = frozenset({State.COMPLETED, *_LEAVES})
BEFORE_ENROLMENT = (State.SCREENING, State.SCREEN_FAILED, State.ELIGIBLE)

# The first three belong to a screening, the others to a participant.  A verdict follows its facts:
# a correction may move a screening between the three as long as nobody is enrolled on it.  A first
# dose that was entered in error takes its participant back to allocated (ADR 23).
MOVES: dict[State, tuple[State, ...]] = {
    State.SCREENING: (State.SCREEN_FAILED, State.ELIGIBLE, *_LEAVES),
    State.SCREEN_FAILED: (State.SCREENING, State.ELIGIBLE, *_LEAVES),
    State.ELIGIBLE: (State.SCREENING, State.SCREEN_FAILED, State.ENROLLED, *_LEAVES),
    State.ENROLLED: (State.ALLOCATED, *_LEAVES),
    State.ALLOCATED: (State.ON_TREATMENT, *_LEAVES),
    State.ON_TREATMENT: (State.FOLLOW_UP, State.ALLOCATED, *_LEAVES),
    State.FOLLOW_UP: (State.RESCUE, State.COMPLETED, *_LEAVES),
    State.RESCUE: (State.FOLLOW_UP, State.COMPLETED, *_LEAVES),
    State.COMPLETED: (),
    State.WITHDREW: (),
    State.LOST: (),
    State.DIED: (),
    State.STOPPED: (),
}


class IllegalMove(Exception):
    """The table of moves has no row for this."""

    def __init__(self, before: str, after: str) -> None:
        super().__init__(f"{before} → {after}")
        self.before, self.after = State(before), State(after)


def check_move(before: str, after: str) -> None:
    """Raise ``IllegalMove`` unless the table lets a patient go from ``before`` to ``after``."""
    if State(after) not in MOVES[State(before)]:
        raise IllegalMove(before, after)
