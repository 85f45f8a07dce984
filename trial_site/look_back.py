"""Reading the record as it was: for a while every query goes to a copy of another moment.

The copy is made by ``oversight.as_of``; here is only who reads where.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from trial_site import clock

_copy: ContextVar[str | None] = ContextVar("copy_of_the_past", default=None)


class LookBackRouter:
    """Sends reads to the copy while somebody looks back, and everything to the record otherwise."""

    def db_for_read(self, model: type[Any], **hints: Any) -> str | None:
        return _copy.get()

    def db_for_write(self, model: type[Any], **hints: Any) -> str | None:
        return _copy.get()


def is_looking_back() -> bool:
    return _copy.get() is not None


@contextmanager
def looking_back(alias: str, at: dt.datetime) -> Iterator[None]:
    """Run the block on the database ``alias``, as if it were ``at`` (aware).  Nothing is recorded
    meanwhile: ``recorded`` refuses."""
    token = _copy.set(alias)
    try:
        with clock.seen_from(at):
            yield
    finally:
        _copy.reset(token)
