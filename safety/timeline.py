"""Harm as events of a participant's casebook, from the room's parts."""

from collections.abc import Callable

from enrollment.models import Participant
from safety import conduct, event_timeline
from trial_site.models import User
from trial_site.presentation import TimelineEvent
from trial_site.roles import SEES_ARM

KIND = "safety"
# Each part of the room gives its own events.
PARTS: tuple[Callable[[Participant], list[TimelineEvent]], ...] = (
    event_timeline.events,
    conduct.casebook_events,
)


def events(participant: Participant, user: User) -> list[TimelineEvent]:
    """Nothing for whoever must not see the arm: drugs and their relation would tell it."""
    if not SEES_ARM.allows(user):
        return []
    return [event for part in PARTS for event in part(participant)]
