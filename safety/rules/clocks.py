"""By when a serious event has to be reported, to whom, and whether it was (DOMAIN 8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from trial_site.messages import Message
from trial_site.protocol.definition import ReportingRule, gettext_noop

RELATED = frozenset({"possible", "probable", "definite"})
SPONSOR, AUTHORITY = "sponsor", "authority"


class ClockName(StrEnum):
    SPONSOR = "sponsor"
    SUSAR_FATAL = "susar_fatal"
    SUSAR_FATAL_FOLLOW_UP = "susar_fatal_follow_up"
    SUSAR_OTHER = "susar_other"


class ClockState(StrEnum):
    """``WARNING`` is the last stretch before a clock runs out."""

    RUNNING = "running"
    WARNING = "warning"
    OVERDUE = "overdue"
    IN_TIME = "in_time"
    LATE = "late"


@dataclass(frozen=True)
class Sent:
    """A report that was sent to ``recipient``; ``number`` counts from 1 for each of them."""

    recipient: str
    number: int
    at: dt.datetime


@dataclass(frozen=True)
class SeriousEvent:
    """``is_susar``: suspected and unexpected; ``None`` while the assessment leaves it open."""

    aware_at: dt.datetime
    is_fatal_or_life_threatening: bool
    is_susar: bool | None
    sent: tuple[Sent, ...] = ()


@dataclass(frozen=True)
class Clock:
    """One deadline.

    A clock of days has a ``last_day``, and ``due_at`` is the midnight that ends it; a clock of
    hours has none, and its ``due_at`` itself is still in time.  ``is_certain`` is false while an
    assessment may still stop it: until then it runs.
    """

    name: ClockName
    recipient: str
    due_at: dt.datetime
    last_day: dt.date | None
    sent_at: dt.datetime | None
    is_certain: bool
    why: Message

    def is_past(self, at: dt.datetime) -> bool:
        """Whether ``at`` is too late."""
        return at > self.due_at if self.last_day is None else at >= self.due_at

    def state(self, now: dt.datetime, rule: ReportingRule) -> ClockState:
        if self.sent_at is not None:
            return ClockState.LATE if self.is_past(self.sent_at) else ClockState.IN_TIME
        if self.is_past(now):
            return ClockState.OVERDUE
        warns_at = self.due_at - dt.timedelta(hours=rule.warn_hours)
        return ClockState.WARNING if now >= warns_at else ClockState.RUNNING


def is_susar(
    relations: Iterable[str], *, is_expected: bool | None, is_assessed: bool
) -> bool | None:
    """Whether a serious event is a suspected unexpected serious adverse reaction.

    Suspected: possible, probable or definite for at least one trial drug.  ``None`` while it is not
    assessed, or suspected and nobody said whether it was expected.  Source: DOMAIN 8.
    """
    if not is_assessed:
        return None
    if RELATED.isdisjoint(relations):
        return False
    return None if is_expected is None else not is_expected


def clocks(event: SeriousEvent, rule: ReportingRule, tz: dt.tzinfo) -> tuple[Clock, ...]:
    """Every clock of ``event``: hours from awareness to the sponsor, and for a SUSAR the calendar
    days of the site (``tz``) to the authority, the day of awareness being day 0.

    What may be a SUSAR is treated as one until somebody has assessed it.  Source: DOMAIN 8.
    """
    aware = event.aware_at.astimezone(dt.UTC)
    found = [
        Clock(
            ClockName.SPONSOR,
            SPONSOR,
            aware + dt.timedelta(hours=rule.sponsor_hours),
            None,
            _sent(event, SPONSOR, 1),
            True,
            Message(
                gettext_noop("to the sponsor within %(hours)s h of %(aware)s"),
                {"hours": str(rule.sponsor_hours), "aware": moment(event.aware_at, tz)},
            ),
        )
    ]
    if event.is_susar is not False:
        found += _to_authority(event, rule, tz)
    return tuple(found)


def moment(at: dt.datetime, tz: dt.tzinfo) -> str:
    """``2026-03-18 08:10 +08:00``: the same in every language, and with its offset."""
    text = at.astimezone(tz).isoformat(sep=" ", timespec="minutes")
    return f"{text[:16]} {text[16:]}"


_DAYS = {
    ClockName.SUSAR_FATAL: gettext_noop(
        "suspected, unexpected, fatal or life-threatening: %(days)s days from %(day)s"
    ),
    ClockName.SUSAR_FATAL_FOLLOW_UP: gettext_noop("follow-up of it: %(days)s days from %(day)s"),
    ClockName.SUSAR_OTHER: gettext_noop("suspected and unexpected: %(days)s days from %(day)s"),
}
_UNLESS = gettext_noop("%(clock)s, unless the assessment says otherwise")


def _to_authority(event: SeriousEvent, rule: ReportingRule, tz: dt.tzinfo) -> list[Clock]:
    if not event.is_fatal_or_life_threatening:
        return [_of_days(event, ClockName.SUSAR_OTHER, rule.suspected_other_days, 1, tz)]
    days = rule.suspected_fatal_days
    follow_up = days + rule.suspected_fatal_follow_up_days
    return [
        _of_days(event, ClockName.SUSAR_FATAL, days, 1, tz),
        _of_days(event, ClockName.SUSAR_FATAL_FOLLOW_UP, follow_up, 2, tz),
    ]


def _of_days(event: SeriousEvent, name: ClockName, days: int, number: int, tz: dt.tzinfo) -> Clock:
    """Due until the midnight that ends the last day; done with the authority's ``number``."""
    day0 = event.aware_at.astimezone(tz).date()
    last_day = day0 + dt.timedelta(days=days)
    midnight = dt.datetime.combine(last_day + dt.timedelta(days=1), dt.time.min, tzinfo=tz)
    why = Message(_DAYS[name], {"days": str(days), "day": day0.isoformat()})
    return Clock(
        name,
        AUTHORITY,
        midnight.astimezone(dt.UTC),
        last_day,
        _sent(event, AUTHORITY, number),
        event.is_susar is True,
        why if event.is_susar else Message(_UNLESS, {"clock": why}),
    )


def _sent(event: SeriousEvent, recipient: str, number: int) -> dt.datetime | None:
    """When the report with this number, or a later one, went to ``recipient`` first."""
    times = [one.at for one in event.sent if one.recipient == recipient and one.number >= number]
    return min(times, default=None)
