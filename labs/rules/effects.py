"""What a correction changed elsewhere: what followed from the record before it, and after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

_NONE = Message(gettext_noop("none"))
_CHANGED = gettext_noop("%(what)s: %(before)s → %(after)s")


@dataclass(frozen=True)
class Finding:
    """One thing that follows from the record: ``what`` it is, and what it ``says``.

    Two are the same if they say the same, whatever the thing is called by then.  ``exact`` is the
    number behind the words, where these round it: a change too small to be read is
    still a change.
    """

    what: Message = field(compare=False)
    says: Message
    exact: Decimal | None = None


def differences(before: Mapping[str, Finding], after: Mapping[str, Finding]) -> tuple[Message, ...]:
    """What differs, ``what: before → after``, in the order of ``before`` and then of ``after``.

    A finding that one side lacks is "none" there.  Source: issue 4, corrections list what changed.
    """
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    return tuple(_change(before.get(key), after.get(key)) for key in changed)


def _change(before: Finding | None, after: Finding | None) -> Message:
    known = after or before
    assert known is not None  # one of them has the key  # noqa: S101
    params = {
        "what": known.what,
        "before": before.says if before else _NONE,
        "after": after.says if after else _NONE,
    }
    return Message(_CHANGED, params)
