"""What the rooms hand to the pages that show all of them: rows of work, events of a casebook."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from trial_site.messages import Message

Text = Message | str


@dataclass(frozen=True)
class TimelineEvent:
    """One thing that happened to a participant.

    ``badge`` is a kind of the status badge and its word; ``history`` names the record
    (``labs.result``, pk); ``kind`` is what the casebook filters by: dose, lab, visit,
    safety, state.
    """

    at: dt.datetime
    icon: str
    title: Text
    why: Text = ""
    badge: tuple[str, Text] | None = None
    by: str = ""
    history: tuple[str, int] | None = None
    kind: str = "state"
    anchor: str = ""


@dataclass(frozen=True)
class WorkRow:
    """One thing to do: ``state`` is late, blocked, due or soon; ``why`` is the rule behind it."""

    state: str
    badge: Text
    when: Text
    subject: str
    subject_url: str
    title: Text
    why: Text
    action: Text
    url: str
    sort: tuple[Any, ...] = ()

    @property
    def kind(self) -> str:
        """The kind of the status badge."""
        return "planned" if self.state == "soon" else self.state
