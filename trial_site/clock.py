"""The server's clock, the only source of time (R05).

The simulation plays months in seconds, so it may set the clock; nothing else may, and only in a
demo database, whose pages say so.
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
    token = _played.set(at)
    try:
        yield
    finally:
        _played.reset(token)
