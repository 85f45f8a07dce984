"""Visits for a calendar program (RFC 5545): the subject number, and nothing else of a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.utils.translation import gettext
from icalendar import Calendar, Event

from enrollment.visits import VisitLine
from trial_site import clock
from trial_site.protocol import current
from trial_site.templatetags.trial import say

ONE_DAY = dt.timedelta(days=1)


def calendar_of(lines: Iterable[VisitLine]) -> str:
    """An all-day event for each visit, on the day that it was done or else on its target.

    A visit keeps its UID, so that a newer file changes the event of an older one; what is missed,
    not due any more or recorded by mistake is cancelled in it.
    """
    calendar = Calendar()
    trial = current().identification.registry_id
    calendar.add("prodid", f"-//{trial}//Visits//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", gettext("Visits %(trial)s") % {"trial": trial})
    for line in lines:
        calendar.add_component(_event(line, trial))
    return str(calendar.to_ical(), "utf-8")


def _event(line: VisitLine, trial: str) -> Event:
    visit, subject = line.visit, line.visit.participant.subject
    event = Event()
    event.add("uid", f"{subject}-{visit.code}@{trial.lower()}")
    event.add("dtstamp", clock.now().replace(microsecond=0))
    event.add("sequence", visit.version)
    event.add("dtstart", line.day)
    event.add("dtend", line.day + ONE_DAY)
    event.add("summary", f"{subject} · {say(line.title)}")
    event.add("description", _description(line))
    event.add("status", "CANCELLED" if _is_off(line) else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    return event


def _is_off(line: VisitLine) -> bool:
    return not line.counts or line.standing == "missed"


def _description(line: VisitLine) -> str:
    """How it stands, its window and what is done; never why, which may say more of a person."""
    visit = line.visit
    parts = [say(line.label)]
    if line.rule:
        window = gettext("Window %(opens)s to %(closes)s")
        days = {"opens": visit.opens.isoformat(), "closes": visit.closes.isoformat()}
        content = ", ".join(map(say, line.rule.content))
        parts += [window % days, content]
    return "\n".join(parts)
