"""The clocks of the serious events on record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone

from dosing.wording import clock_text, duration
from safety.models import AdverseEvent, SafetyReport
from safety.rules.clocks import (
    Clock,
    ClockName,
    ClockState,
    Sent,
    SeriousEvent,
    clocks,
    is_susar,
)
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

OPEN = frozenset({ClockState.RUNNING, ClockState.WARNING, ClockState.OVERDUE})
NAMES = {
    ClockName.SPONSOR: gettext_noop("Report to the sponsor"),
    ClockName.SUSAR_FATAL: gettext_noop("Report to the authority"),
    ClockName.SUSAR_FATAL_FOLLOW_UP: gettext_noop("Follow-up report to the authority"),
    ClockName.SUSAR_OTHER: gettext_noop("Report to the authority"),
}
_STATES = {
    ClockState.RUNNING: ("due", gettext_noop("Running")),
    ClockState.WARNING: ("due", gettext_noop("Runs out soon")),
    ClockState.OVERDUE: ("late", gettext_noop("Overdue")),
    ClockState.IN_TIME: ("done", gettext_noop("Reported in time")),
    ClockState.LATE: ("bad", gettext_noop("Reported late")),
}


@dataclass(frozen=True)
class EventClock:
    """One clock of one event, as it stands at ``now``."""

    event: AdverseEvent
    clock: Clock
    now: dt.datetime

    @property
    def state(self) -> ClockState:
        return self.clock.state(self.now, current().safety.reporting)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def is_overdue(self) -> bool:
        return self.state is ClockState.OVERDUE

    @property
    def name(self) -> Message:
        return Message(NAMES[self.clock.name])

    @property
    def badge(self) -> tuple[str, Message]:
        kind, words = _STATES[self.state]
        return kind, Message(words)

    @property
    def left(self) -> Message:
        """``5 h 12 min left``, ``14 days left``, or ``2 h 3 min over``."""
        if self.is_overdue:
            over = duration(self.now - self.clock.due_at)
            return Message(gettext_noop("%(span)s over"), {"span": over})
        span = self.clock.due_at - self.now
        if span < dt.timedelta(days=2):
            return Message(gettext_noop("%(span)s left"), {"span": duration(span)})
        return Message(gettext_noop("%(days)s days left"), {"days": str(span.days)})

    @property
    def due_text(self) -> Message:
        """``by 19 Mar 12:00``; a clock of days by the end of its last day."""
        if self.clock.last_day is None:
            return Message(gettext_noop("by %(when)s"), {"when": clock_text(self.clock.due_at)})
        day = self.clock.last_day.isoformat()
        return Message(gettext_noop("by the end of %(day)s"), {"day": day})


def clocks_of(event: AdverseEvent) -> list[EventClock]:
    """Every clock of ``event``, the first to run out first; none of one that is not serious or was
    taken back.  Reads ``event.reports``: prefetch them for many events."""
    if event.serious_aware_at is None or event.retracted_at is not None:
        return []
    now, tz = clock.now(), timezone.get_default_timezone()
    found = clocks(_serious(event), current().safety.reporting, tz)
    return sorted((EventClock(event, one, now) for one in found), key=lambda one: one.clock.due_at)


def open_clocks(user: User) -> list[EventClock]:
    """What still has to be reported at the user's sites, the first to run out first."""
    visible: Any = AdverseEvent.objects.visible_to(user)
    return of_events(visible)


def overdue(user: User) -> int:
    """How many reports are overdue at the user's sites; one query where nothing is serious."""
    return sum(one.is_overdue for one in open_clocks(user))


def of_events(events: Any) -> list[EventClock]:
    """The open clocks of a queryset of events."""
    serious = events.in_force().exclude(serious_aware_at=None)
    # On every page, for the count in its navigation: what was reported, word by word, is not asked.
    sent = SafetyReport.objects.only("event", "recipient", "number", "sent_at")
    rows: Iterable[AdverseEvent] = serious.select_related("participant").prefetch_related(
        Prefetch("reports", sent)
    )
    found = [one for event in rows for one in clocks_of(event) if one.is_open]
    return sorted(found, key=lambda one: (one.clock.due_at, one.event.pk))


def susar_of(event: AdverseEvent) -> bool | None:
    """Whether a serious event is a suspected unexpected serious adverse reaction."""
    return is_susar(
        (event.relation_il2, event.relation_ganciclovir),
        is_expected=event.is_expected,
        is_assessed=event.assessed_at is not None,
    )


def _serious(event: AdverseEvent) -> SeriousEvent:
    assert event.serious_aware_at is not None  # noqa: S101 - asked by clocks_of
    grave = {
        rule.code for rule in current().safety.seriousness if rule.is_fatal_or_life_threatening
    }
    return SeriousEvent(
        aware_at=event.serious_aware_at,
        is_fatal_or_life_threatening=not grave.isdisjoint(event.serious),
        is_susar=susar_of(event),
        sent=tuple(Sent(one.recipient, one.number, one.sent_at) for one in event.reports.all()),
    )
