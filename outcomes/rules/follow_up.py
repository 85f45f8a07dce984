"""Who is due for what, and why: planned visits, conversion checks, confirmation samples.

Source: DOMAIN 6 (monitoring), 9 (visits and windows); every number is the protocol's.  The same
state gives the same flags with the same keys on any day that they are due, so that raising them
twice changes nothing and whatever is no longer among them can be resolved.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from enrollment.rules.calendar import PlannedWindow, add_months
from trial_site.messages import Message
from trial_site.protocol.definition import Anchor, PcrRule, Protocol, VisitRule, gettext_noop

# How far ahead the list looks.  A habit of the office, not a number of the trial.
DAYS_AHEAD = 7
MINUS = "\N{MINUS SIGN}"


class FlagKind(StrEnum):
    VISIT = "visit"
    PCR_CHECK = "pcr_check"
    CONFIRMATION = "confirmation"
    DOSES = "doses"


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
    """A visit of the protocol, the event that it is counted from, and whether it has been held."""

    code: str
    anchor: DatedRecord
    window: PlannedWindow
    done: bool
    record: str


@dataclass(frozen=True)
class PcrSummary:
    """``negative_since`` is the first negative of the run that the latest result belongs to.

    It is ``None`` while the latest result is not negative; ``confirmed`` is the confirmed
    conversion, whatever came after it.
    """

    last: DatedRecord | None = None
    negative_since: DatedRecord | None = None
    confirmed: DatedRecord | None = None


@dataclass(frozen=True)
class ParticipantSchedule:
    """What decides which flags a participant has.

    ``day0`` is the first, ``withdrawal`` the last ganciclovir dose of the first course;
    ``follow_up_ended`` is true after completion, death, loss or withdrawal of consent.
    """

    subject: str
    visits: tuple[PlannedVisit, ...] = ()
    day0: DatedRecord | None = None
    withdrawal: DatedRecord | None = None
    pcr: PcrSummary = PcrSummary()
    follow_up_ended: bool = False


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


def due_flags(
    state: ParticipantSchedule, *, today: date, protocol: Protocol
) -> tuple[DueFlag, ...]:
    """The flags of one participant on ``today`` (a day of the site), the earliest due first.

    A flag stands from ``DAYS_AHEAD`` days before its window opens until what it asks for is done
    or follow-up has ended.
    """
    if state.follow_up_ended:
        return ()
    flags = (
        *_visit_flags(state, protocol),
        *_pcr_check(state, protocol),
        *_confirmation(state, protocol.pcr),
    )
    horizon = today + timedelta(days=DAYS_AHEAD)
    visible = (flag for flag in flags if flag.window_opens <= horizon)
    return tuple(sorted(visible, key=lambda flag: (flag.due_on, flag.key)))


_ANCHORS = {
    Anchor.ALLOCATION: gettext_noop("Allocation"),
    Anchor.DAY0: gettext_noop("First ganciclovir"),
    Anchor.WITHDRAWAL: gettext_noop("Last ganciclovir"),
}
_PCR_TITLE = gettext_noop("CMV-DNA sample")
_CONFIRMATION_TITLE = gettext_noop("CMV-DNA sample to confirm conversion")
_LAST_PCR = gettext_noop("Last CMV-DNA sample")
_FIRST_NEGATIVE = gettext_noop("First negative CMV-DNA")

_DERIVATION = gettext_noop("%(anchor)s %(date)s %(offset)s = %(due)s, window %(window)s")
_BOTH_SIDES = gettext_noop("± %(days)s d")
_EACH_SIDE = gettext_noop("%(before)s/%(after)s d")
_DAYS = gettext_noop("%(sign)s %(count)s d")
_MONTH = gettext_noop("%(sign)s %(count)s month")
_MONTHS = gettext_noop("%(sign)s %(count)s months")

_UNTIL_CONFIRMED = gettext_noop("%(derivation)s (until conversion is confirmed)")
_UNTIL_WITHDRAWAL = gettext_noop("%(derivation)s (conversion confirmed, until withdrawal)")
_IN_FOLLOW_UP = gettext_noop("%(derivation)s (follow-up after withdrawal)")
_TO_CONFIRM = gettext_noop("%(derivation)s (a second negative confirms conversion)")


def _visit_flags(state: ParticipantSchedule, protocol: Protocol) -> Iterator[DueFlag]:
    for visit in state.visits:
        if not visit.done:
            rule = protocol.visit(visit.code)
            why = _derivation(_ANCHORS[rule.anchor], visit.anchor, _offset(rule), visit.window)
            evidence = (visit.record, visit.anchor.record)
            yield _flag(
                FlagKind.VISIT, f"visit:{visit.code}", rule.title, visit.window, why, evidence
            )


def _pcr_check(state: ParticipantSchedule, protocol: Protocol) -> Iterator[DueFlag]:
    """The next sample: twice weekly until confirmed, weekly to withdrawal, then monthly."""
    if state.day0 is None:
        return
    rule, last = protocol.pcr, state.pcr.last
    anchor, label = state.day0, _ANCHORS[Anchor.DAY0]
    if last and last.on >= anchor.on:
        anchor, label = last, _LAST_PCR
    target, offset, phase = _next_sample(state, anchor.on, rule)
    if phase is _IN_FOLLOW_UP and _drawn_at_a_visit(target, state, protocol):
        return
    slack = timedelta(days=rule.slack_days)
    window = PlannedWindow(target=target, opens=target - slack, closes=target + slack)
    why = Message(phase, {"derivation": _derivation(label, anchor, offset, window)})
    yield _flag(
        FlagKind.PCR_CHECK, f"pcr:{target}", _PCR_TITLE, window, why, evidence=(anchor.record,)
    )


def _next_sample(
    state: ParticipantSchedule, last: date, rule: PcrRule
) -> tuple[date, Message, str]:
    """When the sample after ``last`` is due, how far that is, and the phase that says so."""
    if state.pcr.confirmed and state.withdrawal:
        months = rule.months_between_in_follow_up
        return add_months(last, months), _months(months), _IN_FOLLOW_UP
    if state.pcr.confirmed:
        days, phase = rule.days_between_until_withdrawal, _UNTIL_WITHDRAWAL
    else:
        days, phase = rule.days_between_until_confirmed, _UNTIL_CONFIRMED
    return last + timedelta(days=days), _days(days), phase


def _drawn_at_a_visit(target: date, state: ParticipantSchedule, protocol: Protocol) -> bool:
    """Whether a visit still to come draws this sample; its wider window is then the one to keep."""
    sample = protocol.analyte(protocol.pcr.analyte).name
    return any(
        visit.window.contains(target) and sample in protocol.visit(visit.code).content
        for visit in state.visits
        if not visit.done
    )


def _confirmation(state: ParticipantSchedule, rule: PcrRule) -> Iterator[DueFlag]:
    since = state.pcr.negative_since
    if since is None or state.pcr.confirmed:
        return
    target = since.on + timedelta(days=rule.confirmation_days)
    # Any earlier sample would confirm nothing, so the window opens on the day itself.
    window = PlannedWindow(target, opens=target, closes=target + timedelta(days=rule.slack_days))
    derivation = _derivation(_FIRST_NEGATIVE, since, _days(rule.confirmation_days), window)
    yield _flag(
        FlagKind.CONFIRMATION,
        f"confirmation:{since.on}",
        _CONFIRMATION_TITLE,
        window,
        Message(_TO_CONFIRM, {"derivation": derivation}),
        evidence=(since.record,),
    )


def _flag(
    kind: FlagKind,
    key: str,
    title: str,
    window: PlannedWindow,
    rule: Message,
    evidence: tuple[str, ...],
) -> DueFlag:
    return DueFlag(kind, key, title, window.target, window.opens, window.closes, rule, evidence)


def _derivation(label: str, anchor: DatedRecord, offset: Message, window: PlannedWindow) -> Message:
    """ "Last ganciclovir 2026-01-08 + 2 months = 2026-03-08, window ± 7 d"."""
    before, after = (window.target - window.opens).days, (window.closes - window.target).days
    params: dict[str, str | Message] = {
        "anchor": Message(label),
        "date": anchor.on.isoformat(),
        "offset": offset,
        "due": window.target.isoformat(),
        "window": Message(_BOTH_SIDES, {"days": str(before)})
        if before == after
        else Message(_EACH_SIDE, {"before": f"{MINUS}{before}", "after": f"+{after}"}),
    }
    return Message(_DERIVATION, params)


def _offset(rule: VisitRule) -> Message:
    if not rule.offset_months:
        return _days(rule.offset_days)
    if not rule.offset_days:
        return _months(rule.offset_months)
    return Message(
        "%(months)s %(days)s",
        {"months": _months(rule.offset_months), "days": _days(rule.offset_days)},
    )


def _days(count: int) -> Message:
    return Message(_DAYS, {"sign": _sign(count), "count": str(abs(count))})


def _months(count: int) -> Message:
    text = _MONTH if abs(count) == 1 else _MONTHS
    return Message(text, {"sign": _sign(count), "count": str(abs(count))})


def _sign(count: int) -> str:
    return MINUS if count < 0 else "+"
