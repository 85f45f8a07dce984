"""How much of the dosing plan is recorded: the course behind the daily figure of the sheet."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext

from dosing.day import day_plan
from dosing.rules.completeness import Completeness, completeness
from outcomes.figures.completeness import DayOfDoses, completeness_figure
from outcomes.figures.specification import Spec
from outcomes.figures.theme import Theme
from trial_site import clock
from trial_site.access import may_open
from trial_site.models import User

COMPLETENESS_DAYS = 28


@dataclass(frozen=True)
class DayRecord:
    """How much of one day's plan is recorded."""

    day: dt.date
    doses: Completeness


def course(user: User, today: dt.date) -> Iterator[DayRecord]:
    """The last days before ``today`` at the user's sites, the earliest first.

    Today is not over: its figure stands on the sheet.
    """
    days = [today - dt.timedelta(days=ago) for ago in range(COMPLETENESS_DAYS, 0, -1)]
    now = clock.now()
    slots: dict[dt.date, list[tuple[dt.datetime, bool]]] = {day: [] for day in days}
    for slot in day_plan(user, days, now).slots:
        slots[slot.day].append((slot.at, slot.status is not None))
    for day in days:
        yield DayRecord(day, completeness(slots[day], now))


def figure(user: User, course: Iterable[DayRecord], theme: Theme, *, narrow: bool) -> Spec:
    opens = may_open(user, "dosing:sheet")
    days = [
        DayOfDoses(
            day=row.day,
            planned=row.doses.expected,
            recorded=row.doses.recorded,
            href=f"{reverse('dosing:sheet')}?date={row.day}" if opens else "",
        )
        for row in course
    ]
    return completeness_figure(days, theme=theme, narrow=narrow, translate=gettext)
