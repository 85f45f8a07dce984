"""What would be frozen at a moment, and what speaks against it."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from outcomes.cuts.content import OPEN, SET, contents_of, together
from outcomes.models import Flag
from outcomes.rules.sets import AnalysisSet
from oversight.as_of import as_of
from oversight.heads import audit_head
from oversight.verification import chains
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop


@dataclass(frozen=True)
class Review:
    """``values`` are those that are not empty; ``warnings`` forbid nothing, but are to be read."""

    sites: tuple[str, ...]
    participants: int
    arms: tuple[tuple[str, int], ...]
    values: int
    entries: int
    warnings: tuple[Message, ...]


def review(user: User, cutoff: dt.datetime) -> Review:
    """What freezing the record of the sites of ``user`` at ``cutoff`` (aware, past) comes to."""
    sites = list(user.sites.order_by("code"))
    with as_of(cutoff):
        found, head = together(contents_of(sites)), audit_head()
        flags = Flag.objects.visible_to(user).open()
        late = flags.filter(window_closes__lt=clock.today()).count()
        counted = {"open": flags.count(), "late": late}
    undecided = sum(row[f"{SET}:{AnalysisSet.PER_PROTOCOL}"] == OPEN for row in found.values())
    return Review(
        sites=tuple(site.code for site in sites),
        participants=len(found),
        arms=tuple(sorted(Counter(row["arm"] for row in found.values()).items())),
        values=sum(bool(value) for row in found.values() for value in row.values()),
        entries=head.entries,
        warnings=tuple(_warnings(len(found), undecided, counted["open"], counted["late"])),
    )


def _warnings(people: int, undecided: int, flags: int, late: int) -> Iterator[Message]:
    if next(chains(), None):
        yield Message(gettext_noop("The audit trail is broken: nothing can be frozen"))
    if not people:
        yield Message(gettext_noop("Nobody was allocated yet"))
    if undecided:
        text = gettext_noop("Per protocol is not decided yet, participants: %(count)s")
        yield Message(text, {"count": str(undecided)})
    if flags:
        text = gettext_noop("Flags that were open: %(count)s, of them late: %(late)s")
        yield Message(text, {"count": str(flags), "late": str(late)})
