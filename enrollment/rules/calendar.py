"""Planned dates of visits: calendar months clamped to the month's end (DOMAIN 9); weeks of them."""

from __future__ import annotations

import re
from calendar import Calendar, monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from trial_site.messages import Message
from trial_site.protocol.definition import VisitRule, gettext_noop

MONTHS_A_YEAR = 12
DAYS_A_WEEK = 7
FIRST_YEAR, LAST_YEAR = 2000, 2100  # of the weeks that can be asked for
_WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})")


@dataclass(frozen=True)
class PlannedWindow:
    """When a visit is aimed at, and the first and last day that count as in time."""

    target: date
    opens: date
    closes: date

    def contains(self, day: date) -> bool:
        return self.opens <= day <= self.closes


def add_months(day: date, months: int) -> date:
    """``day`` moved by calendar months; a day that the month lacks becomes its last one."""
    year, month = divmod(day.year * MONTHS_A_YEAR + day.month - 1 + months, MONTHS_A_YEAR)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def plan(rule: VisitRule, anchor: date) -> PlannedWindow:
    """The window of a planned visit, counted from the date of its anchor event."""
    target = add_months(anchor, rule.offset_months) + timedelta(days=rule.offset_days)
    return PlannedWindow(
        target=target,
        opens=target - timedelta(days=rule.days_before),
        closes=target + timedelta(days=rule.days_after),
    )


_DAY_LATE, _DAYS_LATE = gettext_noop("%(days)s day late"), gettext_noop("%(days)s days late")
_DAY_EARLY, _DAYS_EARLY = gettext_noop("%(days)s day early"), gettext_noop("%(days)s days early")


def deviation(days: int) -> Message | None:
    """How far a visit was outside its window: ``2 days late``; ``days`` is negative for early."""
    if not days:
        return None
    one = abs(days) == 1
    late, early = (_DAY_LATE, _DAY_EARLY) if one else (_DAYS_LATE, _DAYS_EARLY)
    return Message(late if days > 0 else early, {"days": str(abs(days))})


def monday(day: date) -> date:
    """The first day of the ISO week that ``day`` lies in."""
    return day - timedelta(days=day.weekday())


def week_name(day: date) -> str:
    """``2026-W12``, the ISO week that ``day`` lies in."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def week_named(name: str) -> date | None:
    """The Monday of ``2026-W12``; ``None`` for anything that names no week of our century."""
    found = _WEEK.fullmatch(name)
    if not found or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        return None
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        return None


def weeks_of_month(day: date) -> list[list[date]]:
    """The whole weeks, from Monday on, that the month of ``day`` touches."""
    return Calendar(firstweekday=0).monthdatescalendar(day.year, day.month)
