"""What waits in this room, from its parts."""

from collections.abc import Callable

from safety import conduct, event_rows
from trial_site.models import User
from trial_site.presentation import WorkRow

# Each part of the room gives its own rows: events and their clocks, offers, deviations.
PARTS: tuple[Callable[[User], list[WorkRow]], ...] = (event_rows.rows, conduct.work_rows)


def rows(user: User) -> list[WorkRow]:
    return [row for part in PARTS for row in part(user)]
