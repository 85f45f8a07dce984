"""Allocations that should not have been made (DOMAIN 1.1)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from safety.rules.found import Found, source
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop


@dataclass(frozen=True)
class Allocated:
    """An allocation whose screening reads otherwise now; the criteria as id, title, is unknown."""

    screening: int
    number: str
    on: dt.date
    blocking: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class NotedError:
    """An allocation that somebody noted as made in error."""

    key: int
    allocated_on: dt.date
    noted_on: dt.date
    what: str


def eligibility_departure(allocated: Allocated) -> Found:
    """An allocation whose screening, corrected since, is not eligible any more (DOMAIN 1.1)."""
    kind = "eligibility_violated"
    opening = Message(
        gettext_noop("Allocated on %(day)s; screening %(number)s is not eligible as it reads now"),
        {"day": allocated.on.isoformat(), "number": allocated.number},
    )
    fails = gettext_noop("%(id)s %(title)s: speaks against the allocation")
    unknown = gettext_noop("%(id)s %(title)s: unknown, which is never eligible")
    named = (
        Message(unknown if is_unknown else fails, {"id": id_, "title": Message(title)})
        for id_, title, is_unknown in allocated.blocking
    )
    key = source(kind, "screening", allocated.screening)
    return Found(kind, key, allocated.on, (opening, *named))


def allocation_error(noted: NotedError) -> Found:
    """An allocation that somebody noted as made in error: it stands, and so does the departure."""
    kind = "allocated_in_error"
    text = gettext_noop("Allocated on %(day)s, noted on %(noted)s as in error: %(what)s")
    params = {
        "day": noted.allocated_on.isoformat(),
        "noted": noted.noted_on.isoformat(),
        "what": noted.what,
    }
    key = source(kind, "allocationerror", noted.key)
    evidence = (Message(text, params),)
    return Found(kind, key, noted.allocated_on, evidence)
