"""The proof of a published list: it is the one that was committed to, and it was followed.

Whoever has the file, the two records of its hash and the allocations can repeat this by hand.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from enrollment.rules.allocation_list import sha256_of
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

NONCE = "nonce"


@dataclass(frozen=True)
class Used:
    """One allocation: who, when, from which place of the list, to which arm."""

    subject: str
    at: dt.datetime
    place: int
    arm: str


def findings(
    file: bytes, *, stored: str, published: Sequence[str], used: Sequence[Used]
) -> Iterator[Message]:
    """What the file, the commitment and the allocations disagree about; nothing is a proof.

    ``stored`` is the SHA-256 of the list's row, ``published`` those of the audit chain's events
    about the list, of which there must be one.  ``used`` may come in any order.
    """
    yield from _commitment(sha256_of(file), stored, published)
    arms = arms_of(file)
    if not arms:
        yield Message(gettext_noop("The file is no allocation list"))
        return
    for expected, one in enumerate(sorted(used, key=lambda one: (one.at, one.place)), start=1):
        yield from _allocation(one, expected, arms)


def arms_of(file: bytes) -> list[str]:
    """The arms in the order of the file's places; empty when it is not a list at all."""
    try:
        rows = list(csv.DictReader(io.StringIO(file.decode())))
    except (UnicodeDecodeError, csv.Error):
        return []
    if not rows or not {"position", "arm"} <= rows[0].keys():
        return []
    places = [row for row in rows if row["position"] != NONCE]
    if [row["position"] for row in places] != [str(n) for n in range(1, len(places) + 1)]:
        return []
    return [row["arm"] or "" for row in places]


def _commitment(found: str, stored: str, published: Sequence[str]) -> Iterator[Message]:
    if found != stored:
        yield Message(
            gettext_noop("The file’s SHA-256 is %(found)s; committed to was %(stored)s"),
            {"found": found, "stored": stored},
        )
    if not published:
        yield Message(gettext_noop("The audit chain has no event that publishes this list"))
    if len(published) > 1:
        yield Message(gettext_noop("The audit chain publishes this list more than once"))
    for one in published:
        if one != found:
            yield Message(
                gettext_noop("The file’s SHA-256 is %(found)s; the audit chain says %(published)s"),
                {"found": found, "published": one},
            )


def _allocation(one: Used, expected: int, arms: Sequence[str]) -> Iterator[Message]:
    params = {"subject": one.subject, "place": str(one.place)}
    if one.place != expected:
        yield Message(
            gettext_noop("%(subject)s has place %(place)s; in order of time it is %(expected)s"),
            {**params, "expected": str(expected)},
        )
    if not 1 <= one.place <= len(arms):
        yield Message(
            gettext_noop("%(subject)s has place %(place)s, which the file does not have"), params
        )
    elif arms[one.place - 1] != one.arm:
        yield Message(
            gettext_noop("%(subject)s got %(arm)s; place %(place)s of the file says %(says)s"),
            {**params, "arm": one.arm, "says": arms[one.place - 1]},
        )
