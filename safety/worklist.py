"""What waits in this room, from its parts."""

from collections.abc import Callable

from safety import conduct, event_rows
from trial_site.models import User
from trial_site.presentation import WorkRow

# What changes with the record and the day: events to assess, offers, deviations.
PARTS: tuple[Callable[[User], list[WorkRow]], ...] = (event_rows.rows, conduct.work_rows)


def rows_now(user: User) -> list[WorkRow]:
    """What changes with the hour: clocks of serious events."""
    return event_rows.own_clock_rows(user)


def rows(user: User) -> list[WorkRow]:
    return [row for part in PARTS for row in part(user)]
