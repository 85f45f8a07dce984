"""Adverse events in words, the same on every page of this room."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from safety.models import AdverseEvent
from safety.rules.clocks import moment
from trial_site.messages import Message
from trial_site.protocol import current


def serious_because(event: AdverseEvent) -> list[Message]:
    """The criteria of seriousness that an event fulfils, in the protocol's order."""
    rules = current().safety.seriousness
    return [Message(rule.name) for rule in rules if rule.code in event.serious]


def with_offset(at: dt.datetime | None) -> str:
    """A moment on the site's clock with its offset; nothing for none."""
    return moment(at, timezone.get_default_timezone()) if at else ""
