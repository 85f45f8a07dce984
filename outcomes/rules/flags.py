"""What a flag is: something due, the rule that made it due, and the rows that it rests on.

The same state gives the same flags with the same keys on any day that they are due, so that raising
them twice changes nothing and whatever is no longer among them can be resolved.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from enrollment.rules.calendar import PlannedWindow
from trial_site.messages import Message
from trial_site.protocol.definition import Anchor, VisitRule, gettext_noop

MINUS = "\N{MINUS SIGN}"


class FlagKind(StrEnum):
    VISIT = "visit"
    PCR_CHECK = "pcr_check"
    CONFIRMATION = "confirmation"
    NK_SAMPLE = "nk_sample"
    BLOODS = "bloods"
    DOSES = "doses"
    RELAPSE = "relapse"
    REFRACTORY = "refractory"
    END = "end"
    CONSENT = "consent"
    APPROVAL = "approval"


# How many days before its window opens a flag is raised.  Habits of the office, not numbers of the
# trial: closing a participation takes a fortnight to arrange, and an approval says itself when its
# window opens.
DAYS_AHEAD = 7
_AHEAD: Mapping[FlagKind, int] = {FlagKind.END: 14, FlagKind.APPROVAL: 0}


class Urgency(StrEnum):
    """In the order of the list."""

    LATE = "late"  # the window has closed
    DUE = "due"  # the window is open
    SOON = "soon"  # the window has not opened yet


@dataclass(frozen=True)
class DatedRecord:
    """A date and the name of the row that it was read from."""

    on: date
    record: str


@dataclass(frozen=True)
class PlannedVisit:
    """A visit of the protocol, the event that it is counted from, and what became of it.

    ``done`` once it is recorded, held or ``missed``.
    """

    code: str
    anchor: DatedRecord
    window: PlannedWindow
    done: bool
    record: str
    missed: bool = False


@dataclass(frozen=True)
class DueFlag:
    """Something due.  ``key`` is unique for the participant and stays the same until it is done.

    ``title`` is marked for translation; ``rule`` says why the date is what it is; ``evidence``
    names the rows that it rests on.
    """

    kind: FlagKind
    key: str
    title: str
    due_on: date
    window_opens: date
    window_closes: date
    rule: Message
    evidence: tuple[str, ...]


class Windowed(typing.Protocol):
    """A flag, fresh from the rule or read back from the database."""

    @property
    def window_opens(self) -> date: ...
    @property
    def window_closes(self) -> date: ...


def urgency(flag: Windowed, today: date) -> Urgency:
    """Late after the last day of the window, due inside it, soon before it."""
    if today > flag.window_closes:
        return Urgency.LATE
    return Urgency.DUE if today >= flag.window_opens else Urgency.SOON


def is_raised(flag: DueFlag, today: date) -> bool:
    """Whether its window opens soon enough for the list, or has opened."""
    ahead = timedelta(days=_AHEAD.get(flag.kind, DAYS_AHEAD))
    return flag.window_opens <= today + ahead


def flag_of(
    kind: FlagKind,
    key: str,
    title: str,
    window: PlannedWindow,
    rule: Message,
    evidence: tuple[str, ...],
) -> DueFlag:
    return DueFlag(kind, key, title, window.target, window.opens, window.closes, rule, evidence)


def one_day(day: date) -> PlannedWindow:
    """What is due on ``day`` and late on the next."""
    return PlannedWindow(day, opens=day, closes=day)


# --- the rule in words ------------------------------------------------------------------------

ANCHORS = {
    Anchor.ALLOCATION: gettext_noop("Allocation"),
    Anchor.DAY0: gettext_noop("First ganciclovir"),
    Anchor.WITHDRAWAL: gettext_noop("Last ganciclovir"),
}
_DERIVATION = gettext_noop("%(anchor)s %(date)s %(offset)s = %(due)s, window %(window)s")
_ON_THE_DAY = gettext_noop("%(anchor)s %(date)s %(offset)s = %(due)s")
_BOTH_SIDES = gettext_noop("± %(days)s d")
_EACH_SIDE = gettext_noop("%(before)s/%(after)s d")
_DAYS = gettext_noop("%(sign)s %(count)s d")
_MONTH = gettext_noop("%(sign)s %(count)s month")
_MONTHS = gettext_noop("%(sign)s %(count)s months")


def derivation(label: str, anchor: DatedRecord, offset: Message, window: PlannedWindow) -> Message:
    """ "Last ganciclovir 2026-01-08 + 2 months = 2026-03-08, window ± 7 d"."""
    before, after = (window.target - window.opens).days, (window.closes - window.target).days
    params: dict[str, str | Message] = {
        "anchor": Message(label),
        "date": anchor.on.isoformat(),
        "offset": offset,
        "due": window.target.isoformat(),
    }
    if not before and not after:
        return Message(_ON_THE_DAY, params)
    params["window"] = (
        Message(_BOTH_SIDES, {"days": str(before)})
        if before == after
        else Message(_EACH_SIDE, {"before": f"{MINUS}{before}", "after": f"+{after}"})
    )
    return Message(_DERIVATION, params)


def visit_derivation(visit: PlannedVisit, rule: VisitRule) -> Message:
    """How the window of a planned visit comes about."""
    return derivation(ANCHORS[rule.anchor], visit.anchor, _offset(rule), visit.window)


def _offset(rule: VisitRule) -> Message:
    if not rule.offset_months:
        return days_on(rule.offset_days)
    if not rule.offset_days:
        return months_on(rule.offset_months)
    return Message(
        "%(months)s %(days)s",
        {"months": months_on(rule.offset_months), "days": days_on(rule.offset_days)},
    )


def days_on(count: int) -> Message:
    return Message(_DAYS, {"sign": _sign(count), "count": str(abs(count))})


def months_on(count: int) -> Message:
    text = _MONTH if abs(count) == 1 else _MONTHS
    return Message(text, {"sign": _sign(count), "count": str(abs(count))})


def _sign(count: int) -> str:
    return MINUS if count < 0 else "+"
