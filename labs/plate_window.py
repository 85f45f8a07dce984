"""Whether the blood of a plate was drawn in the window of a visit that asks for one (DOMAIN 9)."""

from __future__ import annotations

import datetime as dt

from django.utils.timezone import localdate

from enrollment.models import Participant, Visit
from enrollment.visits import protocol_of
from labs.readings import Badge
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

PANEL = "cytotoxicity"
_BASELINE = Message(gettext_noop("Baseline, before the first dose"))


def window_badge(participant: Participant, collected_at: dt.datetime) -> Badge:
    """Where ``collected_at`` lies among the windows, counted in days from the first dose.

    Blood drawn up to the first dose is baseline; later on day 0 it is in no window.
    """
    if participant.day0_at is None or collected_at <= participant.day0_at:
        return "met", _BASELINE
    day0, day = localdate(participant.day0_at), localdate(collected_at)
    later = [visit for visit in _visits(participant) if visit.opens > day0]
    windows = [(visit, _days(visit, day0)) for visit in later]
    for visit, days in windows:
        if visit.in_window(day):
            return "met", Message(gettext_noop("In window, day %(days)s"), {"days": days})
    params = {"day": str((day - day0).days), "days": ", ".join(days for _, days in windows)}
    text = gettext_noop("Day %(day)s, outside the window (day %(days)s)")
    return "unknown", Message(text, params)


def _visits(participant: Participant) -> list[Visit]:
    """The visits that ask for a plate, in the order of time."""
    codes = {rule.code for rule in protocol_of(participant).visits if PANEL in rule.panels}
    return [visit for visit in participant.visits.all() if visit.code in codes]


def _days(visit: Visit, day0: dt.date) -> str:
    """``6–8``, counted from the first dose."""
    opens, closes = ((day - day0).days for day in (visit.opens, visit.closes))
    return str(opens) if opens == closes else f"{opens}–{closes}"
