"""Whether a cytometer's file agrees with the wells as they were typed (DOMAIN 7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

_FEWER = gettext_noop(
    "the file holds %(events)s events, fewer than the %(targets)s targets that were typed"
)
_EARLY = gettext_noop("acquired %(acquired)s, before the blood was collected (%(collected)s)")
_LATE = gettext_noop("acquired %(acquired)s, after the wells were entered (%(entered)s)")


@dataclass(frozen=True)
class Acquisition:
    """What a file says: how many events, and since when (aware) where it says that."""

    events: int
    began: datetime | None


@dataclass(frozen=True)
class Typed:
    """What stands in the record.  ``targets`` is the sum over the wells that the file is of;
    ``None`` where none was counted.  Moments are aware and in the zone that they are read in."""

    targets: int | None
    collected_at: datetime
    entered_at: datetime


def differences(file: Acquisition, typed: Typed) -> tuple[Message, ...]:
    """What does not agree; equal numbers and moments do.

    Targets are some of the events, so there can be more events and never fewer.  Source: DOMAIN 7.
    """
    return tuple(_differences(file, typed))


def _differences(file: Acquisition, typed: Typed) -> Iterator[Message]:
    if typed.targets is None:
        yield Message(gettext_noop("no targets were typed to compare the events with"))
    elif file.events < typed.targets:
        yield Message(_FEWER, {"events": f"{file.events:,}", "targets": f"{typed.targets:,}"})
    if file.began is None:
        yield Message(gettext_noop("the file does not say when it was acquired"))
        return
    if file.began < typed.collected_at:
        params = {"acquired": _minute(file.began), "collected": _minute(typed.collected_at)}
        yield Message(_EARLY, params)
    if file.began > typed.entered_at:
        params = {"acquired": _minute(file.began), "entered": _minute(typed.entered_at)}
        yield Message(_LATE, params)


def _minute(moment: datetime) -> str:
    """On the clock that the moment is given in."""
    return f"{moment:%Y-%m-%d %H:%M}"
