"""Who is due for what, and why: everything about one participant, from one state of the record.

Here: planned visits, conversion checks, confirmation samples.  Source: DOMAIN 6 (monitoring), 9
(visits and windows); every number is the protocol's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from enrollment.rules.calendar import PlannedWindow, add_months
from labs.rules.conversion import Conversion
from outcomes.rules.bloods import Treatment, blood_checks
from outcomes.rules.endings import SignedConsent, consent_renewal, end_of_follow_up
from outcomes.rules.flags import (
    ANCHORS,
    DatedRecord,
    DueFlag,
    FlagKind,
    PlannedVisit,
    days_on,
    derivation,
    flag_of,
    is_raised,
    months_on,
    visit_derivation,
)
from outcomes.rules.nk_samples import nk_samples
from outcomes.rules.setbacks import setbacks
from trial_site.messages import Message
from trial_site.protocol.definition import Anchor, PcrRule, Protocol, gettext_noop


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
    ``treatments`` are the orders of ganciclovir, ``rescues`` the days on which one began;
    ``bloods`` the latest evaluable result of each analyte; ``plates`` the samples whose NK
    cytotoxicity counts, and ``decided`` the visits whose sample the investigator chose;
    ``follow_up_ended`` is true after completion, death, loss or withdrawal of consent.
    """

    subject: str
    visits: tuple[PlannedVisit, ...] = ()
    day0: DatedRecord | None = None
    withdrawal: DatedRecord | None = None
    pcr: PcrSummary = PcrSummary()
    conversion: Conversion | None = None
    treatments: tuple[Treatment, ...] = ()
    rescues: tuple[date, ...] = ()
    bloods: Mapping[str, DatedRecord] = field(default_factory=dict)
    plates: tuple[DatedRecord, ...] = ()
    decided: frozenset[str] = frozenset()
    consents: tuple[SignedConsent, ...] = ()
    follow_up_ended: bool = False


def due_flags(
    state: ParticipantSchedule, *, today: date, protocol: Protocol
) -> tuple[DueFlag, ...]:
    """The flags of one participant on ``today`` (a day of the site), the earliest due first.

    A flag stands from some days before its window opens until what it asks for is done, is asked
    for no longer, or follow-up has ended.
    """
    flags = all_flags(state, today=today, protocol=protocol)
    return tuple(flag for flag in flags if is_raised(flag, today))


def all_flags(
    state: ParticipantSchedule, *, today: date, protocol: Protocol
) -> tuple[DueFlag, ...]:
    """The same, with those too far ahead to be raised."""
    if state.follow_up_ended:
        return ()
    flags = (
        *_visit_flags(state, protocol),
        *_pcr_check(state, protocol),
        *_confirmation(state, protocol.pcr),
        *nk_samples(state.visits, state.plates, state.decided, protocol),
        *blood_checks(state.treatments, state.bloods, today=today, protocol=protocol),
        *_setbacks(state, protocol.pcr),
        *end_of_follow_up(state.visits, protocol),
        *consent_renewal(state.consents),
    )
    return tuple(sorted(flags, key=lambda flag: (flag.due_on, flag.key)))


_PCR_TITLE = gettext_noop("CMV-DNA sample")
_CONFIRMATION_TITLE = gettext_noop("CMV-DNA sample to confirm conversion")
_LAST_PCR = gettext_noop("Last CMV-DNA sample")
_FIRST_NEGATIVE = gettext_noop("First negative CMV-DNA")

_UNTIL_CONFIRMED = gettext_noop("%(derivation)s (until conversion is confirmed)")
_UNTIL_WITHDRAWAL = gettext_noop("%(derivation)s (conversion confirmed, until withdrawal)")
_IN_FOLLOW_UP = gettext_noop("%(derivation)s (follow-up after withdrawal)")
_TO_CONFIRM = gettext_noop("%(derivation)s (a second negative confirms conversion)")


def _visit_flags(state: ParticipantSchedule, protocol: Protocol) -> Iterator[DueFlag]:
    for visit in state.visits:
        if not visit.done:
            rule = protocol.visit(visit.code)
            evidence = (visit.record, visit.anchor.record)
            yield flag_of(
                FlagKind.VISIT,
                f"visit:{visit.code}",
                rule.title,
                visit.window,
                visit_derivation(visit, rule),
                evidence,
            )


def _pcr_check(state: ParticipantSchedule, protocol: Protocol) -> Iterator[DueFlag]:
    """The next sample: twice weekly until confirmed, weekly to withdrawal, then monthly."""
    if state.day0 is None:
        return
    rule, last = protocol.pcr, state.pcr.last
    anchor, label = state.day0, ANCHORS[Anchor.DAY0]
    if last and last.on >= anchor.on:
        anchor, label = last, _LAST_PCR
    target, offset, phase = _next_sample(state, anchor.on, rule)
    if phase is _IN_FOLLOW_UP and _drawn_at_a_visit(target, state, protocol):
        return
    slack = timedelta(days=rule.slack_days)
    window = PlannedWindow(target=target, opens=target - slack, closes=target + slack)
    why = Message(phase, {"derivation": derivation(label, anchor, offset, window)})
    yield flag_of(
        FlagKind.PCR_CHECK, f"pcr:{target}", _PCR_TITLE, window, why, evidence=(anchor.record,)
    )


def _next_sample(
    state: ParticipantSchedule, last: date, rule: PcrRule
) -> tuple[date, Message, str]:
    """When the sample after ``last`` is due, how far that is, and the phase that says so."""
    if state.pcr.confirmed and state.withdrawal:
        months = rule.months_between_in_follow_up
        return add_months(last, months), months_on(months), _IN_FOLLOW_UP
    if state.pcr.confirmed:
        days, phase = rule.days_between_until_withdrawal, _UNTIL_WITHDRAWAL
    else:
        days, phase = rule.days_between_until_confirmed, _UNTIL_CONFIRMED
    return last + timedelta(days=days), days_on(days), phase


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
    words = derivation(_FIRST_NEGATIVE, since, days_on(rule.confirmation_days), window)
    yield flag_of(
        FlagKind.CONFIRMATION,
        f"confirmation:{since.on}",
        _CONFIRMATION_TITLE,
        window,
        Message(_TO_CONFIRM, {"derivation": words}),
        evidence=(since.record,),
    )


def _setbacks(state: ParticipantSchedule, rule: PcrRule) -> Iterator[DueFlag]:
    if state.conversion is not None and state.day0 is not None:
        yield from setbacks(
            state.conversion,
            day0=state.day0.on,
            rescues=state.rescues,
            withdrawn=state.withdrawal is not None,
            rule=rule,
        )
