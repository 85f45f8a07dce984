"""When a specimen can have been collected and received."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop


def sampling_faults(
    collected_at: dt.datetime,
    received_at: dt.datetime | None,
    *,
    now: dt.datetime,
    born: dt.datetime | None = None,
) -> tuple[tuple[str, Message], ...]:
    """What cannot be true about the moments (aware) of a specimen, by the name of the moment.

    Moments equal to each other, or to ``now``, are possible.  ``born`` is the beginning of the day
    of birth; ``None`` where nobody is asked for yet.
    """
    return tuple(_faults(collected_at, received_at, now, born))


def _faults(
    collected_at: dt.datetime,
    received_at: dt.datetime | None,
    now: dt.datetime,
    born: dt.datetime | None,
) -> Iterator[tuple[str, Message]]:
    if born is not None and collected_at < born:
        message = Message(
            gettext_noop("The specimen was collected before the participant was born")
        )
        yield "collected_at", message
    if collected_at > now:
        message = Message(gettext_noop("a specimen cannot be collected in the future"))
        yield "collected_at", message
    if received_at is None:
        return
    if received_at > now:
        yield "received_at", Message(gettext_noop("a specimen cannot be received in the future"))
    if collected_at > received_at:
        yield "collected_at", Message(gettext_noop("collected must not be after received"))
