"""What a rule about departures from the protocol finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trial_site.messages import Message


@dataclass(frozen=True)
class Found:
    """One departure: ``source`` names the rule and the row, ``evidence`` says it with its numbers.

    ``kind`` is the code of one of the protocol's kinds of deviation.
    """

    kind: str
    source: str
    occurred_on: dt.date
    evidence: tuple[Message, ...]


def source(kind: str, model: str, key: int, moment: dt.datetime | None = None) -> str:
    """``<kind>:<model>:<pk>``; a slot has no row, so its moment in UTC stands behind its order."""
    named = f"{kind}:{model}:{key}"
    return f"{named}:{moment.astimezone(dt.UTC):%Y%m%dT%H%MZ}" if moment else named


def record_of(source: str) -> tuple[str, int]:
    """The row that a source names: its model, and its primary key."""
    _kind, model, key, *_moment = source.split(":")
    return model, int(key)


def by_source(found: Iterable[Found]) -> Mapping[str, Found]:
    """The departures by their source, the earliest first."""
    ordered = sorted(found, key=lambda one: (one.occurred_on, one.source))
    return {one.source: one for one in ordered}
