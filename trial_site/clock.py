"""The server's clock, the only source of time (R05).

The simulation plays months in seconds, so it may set the clock; nothing else that writes may, and
only in a demo database, whose pages say so.  Who looks back at the past reads by its clock.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.utils import timezone

_played: ContextVar[dt.datetime | None] = ContextVar("played_time", default=None)


def now() -> dt.datetime:
    """Aware UTC time of the server."""
    return _played.get() or timezone.now()


def today() -> dt.date:
    """The calendar day of the site, in its own zone."""
    return timezone.localdate(now())


@contextmanager
def played(at: dt.datetime) -> Iterator[None]:
    """Run the block as if it were ``at`` (aware).  Refused outside a demo database."""
    if not settings.DEMO:
        raise RuntimeError("Only a simulation in a demo database may set the clock")
    with seen_from(at):
        yield


@contextmanager
def seen_from(at: dt.datetime) -> Iterator[None]:
    """Read the block as of ``at`` (aware).  For ``look_back``, in which nothing is written."""
    token = _played.set(at)
    try:
        yield
    finally:
        _played.reset(token)
