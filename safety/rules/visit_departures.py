"""Visits and samples that departed from the protocol's windows (DOMAIN 9).

Each rule offers; nobody is blamed before a person has looked.  Days are the site's.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from enrollment.rules.calendar import deviation
from labs.rules.inbox import Tube, VisitWindow
from safety.rules.found import Found, source
from trial_site.messages import Message
from trial_site.protocol.definition import Protocol, gettext_noop


@dataclass(frozen=True)
class HeldVisit:
    """A planned visit that is recorded: ``window``'s ``done_on``, or missed; ``why`` was said."""

    key: int
    window: VisitWindow
    why: str = ""


def visit_departures(visits: Iterable[HeldVisit], protocol: Protocol) -> Iterator[Found]:
    """Visits done outside their window, by how many days, and visits that were missed."""
    for visit in visits:
        window = visit.window
        if window.closes is None:
            continue
        said = _visit_words(window, protocol)
        if window.missed:
            text = gettext_noop("%(visit)s is recorded as missed; its window was %(window)s")
            yield _visit_found("missed_visit", visit, window.closes, Message(text, said))
        elif window.done_on and not window.contains(window.done_on):
            days = deviation(_days_outside(window, window.done_on))
            text = gettext_noop(
                "%(visit)s was done on %(day)s, %(days)s; its window was %(window)s"
            )
            said |= {"day": window.done_on.isoformat(), "days": days or ""}
            yield _visit_found("late_visit", visit, window.done_on, Message(text, said))


def _visit_found(kind: str, visit: HeldVisit, on: dt.date, fact: Message) -> Found:
    given = Message(gettext_noop("Reason given: %(why)s"), {"why": visit.why})
    evidence = (fact, given) if visit.why else (fact,)
    return Found(kind, source(kind, "visit", visit.key), on, evidence)


def samples_outside(
    windows: Iterable[VisitWindow], tubes: Collection[Tube], protocol: Protocol
) -> Iterator[Found]:
    """Samples of a planned visit drawn on a day outside its window, both ends inside.

    One that cannot be measured counts for nothing, and where another of the same panel lies in the
    window the panel has what it needs.  Source: DOMAIN 9.
    """
    for window in windows:
        own = [tube for tube in tubes if tube.is_of(window) and not tube.is_unusable]
        outside: dict[Tube, list[Message]] = defaultdict(list)
        for group in protocol.visit(window.code).panels:
            panel = protocol.panel(group)
            fitting = [tube for tube in own if tube.kind in panel.specimens]
            if not any(window.contains(tube.collected_on) for tube in fitting):
                for tube in fitting:
                    outside[tube].extend(Message(name) for name in panel.content)
        for tube, measured in outside.items():
            yield _sample_found(window, tube, measured, protocol)


def _sample_found(
    window: VisitWindow, tube: Tube, measured: list[Message], protocol: Protocol
) -> Found:
    kind = "sample_out_of_window"
    params = _visit_words(window, protocol) | {
        "day": tube.collected_on.isoformat(),
        "days": deviation(_days_outside(window, tube.collected_on)) or "",
        "sample": _listed(measured),
    }
    text = gettext_noop(
        "%(sample)s of %(visit)s: drawn on %(day)s, %(days)s; the window was %(window)s"
    )
    evidence = (Message(text, params),)
    key = source(kind, "specimen", tube.key)
    return Found(kind, key, tube.collected_on, evidence)


def _visit_words(window: VisitWindow, protocol: Protocol) -> dict[str, str | Message]:
    closes = window.closes or window.opens
    days = {"opens": window.opens.isoformat(), "closes": closes.isoformat()}
    spread = Message(gettext_noop("%(opens)s to %(closes)s"), days)
    on_one_day = window.opens == window.closes
    return {
        "visit": Message(protocol.visit(window.code).title),
        "window": window.opens.isoformat() if on_one_day else spread,
    }


def _days_outside(window: VisitWindow, day: dt.date) -> int:
    """Negative for early, positive for late."""
    return (day - (window.opens if day < window.opens else window.closes or day)).days


def _listed(names: list[Message]) -> Message:
    parts: dict[str, str | Message] = {f"part{n}": name for n, name in enumerate(names)}
    return Message(", ".join(f"%({name})s" for name in parts), parts)
