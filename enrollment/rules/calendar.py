"""Planned dates of visits: calendar months clamped to the month's end (DOMAIN 9)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from trial_site.protocol.definition import VisitRule

MONTHS_A_YEAR = 12


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
