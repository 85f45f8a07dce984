"""Every move that a participant can make.  What is not listed is refused."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    ENROLLED = "enrolled", _("Enrolled")
    ALLOCATED = "allocated", _("Allocated")
    ON_TREATMENT = "on_treatment", _("On treatment")
    FOLLOW_UP = "follow_up", _("In follow-up")
    COMPLETED = "completed", _("Completed")
    WITHDREW = "withdrew", _("Withdrew consent")
    LOST = "lost", _("Lost to follow-up")
    DIED = "died", _("Died")
    STOPPED = "stopped", _("Stopped by the investigator")


ENDED = frozenset({State.COMPLETED, State.WITHDREW, State.LOST, State.DIED, State.STOPPED})
_LEAVES = (State.WITHDREW, State.LOST, State.DIED, State.STOPPED)

MOVES: dict[State, tuple[State, ...]] = {
    State.ENROLLED: (State.ALLOCATED, *_LEAVES),
    State.ALLOCATED: (State.ON_TREATMENT, *_LEAVES),
    State.ON_TREATMENT: (State.FOLLOW_UP, *_LEAVES),
    State.FOLLOW_UP: (State.COMPLETED, *_LEAVES),
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
    """Raise ``IllegalMove`` unless the table lets a participant go from ``before`` to ``after``."""
    if State(after) not in MOVES[State(before)]:
        raise IllegalMove(before, after)
