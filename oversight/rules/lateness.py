"""When a scheduled task counts as late.  Pure: moments come in, a moment goes out."""

from __future__ import annotations

import datetime as dt

MISSED_RUNS = 2  # one may be lost with the worker that had it
SLACK = dt.timedelta(minutes=5)  # a long run of another task, a restart


def late_since(
    last_success: dt.datetime | None,
    *,
    deployed_at: dt.datetime,
    every: dt.timedelta,
    now: dt.datetime,
) -> dt.datetime | None:
    """The moment since which the task's work may be missing; None while it is on time.

    All moments are aware.  ``last_success`` is when the last run that succeeded began: what became
    so later, it did not see.  A task that never succeeded is given its first runs from
    ``deployed_at`` on.  Late is what is more than ``MISSED_RUNS`` intervals and ``SLACK`` old.
    Source: ADR 29.
    """
    since = last_success or deployed_at
    return since if now - since > MISSED_RUNS * every + SLACK else None
