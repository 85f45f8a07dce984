"""What runs out: follow-up, the consent that was signed, a site's ethics approval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from enrollment.rules.calendar import PlannedWindow
from outcomes.rules.flags import (
    DueFlag,
    FlagKind,
    PlannedVisit,
    flag_of,
    one_day,
    visit_derivation,
)
from trial_site.messages import Message
from trial_site.protocol.definition import Protocol, gettext_noop

_END_TITLE = gettext_noop("Follow-up ends: close the participation")
_CONSENT_TITLE = gettext_noop("Consent is to be renewed")
_APPROVAL_TITLE = gettext_noop("Ethics approval runs out")
_END = gettext_noop("%(derivation)s (the last visit of the protocol)")
_CONSENT = gettext_noop("Version %(version)s of the consent form was valid to %(day)s")
_APPROVAL = gettext_noop("Approval %(number)s expires on %(day)s; nobody is enrolled after it")


@dataclass(frozen=True)
class SignedConsent:
    """A signature below ``version`` of the form; ``valid_to`` is None while nothing replaces it."""

    version: str
    valid_to: date | None
    record: str


@dataclass(frozen=True)
class Approval:
    """An ethics approval of the protocol in force, to ``expires_on`` and that day included."""

    number: str
    expires_on: date
    record: str


def end_of_follow_up(visits: Iterable[PlannedVisit], protocol: Protocol) -> Iterator[DueFlag]:
    """From the last visit's target on, held or not: the participation itself has to be closed."""
    for visit in visits:
        rule = protocol.visit(visit.code)
        if rule.offset_months == protocol.follow_up_months:
            yield flag_of(
                FlagKind.END,
                f"end:{visit.code}",
                _END_TITLE,
                PlannedWindow(visit.window.target, visit.window.target, visit.window.closes),
                Message(_END, {"derivation": visit_derivation(visit, rule)}),
                evidence=(visit.record, visit.anchor.record),
            )


def consent_renewal(signed: Iterable[SignedConsent]) -> Iterator[DueFlag]:
    """Due on the first day on which no version that was signed is valid any more (R10)."""
    consents = list(signed)
    replaced = [(one.valid_to, one) for one in consents if one.valid_to is not None]
    if not replaced or len(replaced) < len(consents):
        return
    valid_to, latest = max(replaced, key=lambda pair: pair[0])
    yield flag_of(
        FlagKind.CONSENT,
        f"consent:{valid_to}",
        _CONSENT_TITLE,
        one_day(valid_to + timedelta(days=1)),
        Message(_CONSENT, {"version": latest.version, "day": valid_to.isoformat()}),
        evidence=(latest.record,),
    )


def expiring_approval(
    approvals: Iterable[Approval], *, today: date, warn_days: int
) -> Iterator[DueFlag]:
    """A site's approval that nothing follows, from ``warn_days`` before its last day (R23)."""
    last = max(approvals, key=lambda one: one.expires_on, default=None)
    if last is None or last.expires_on - timedelta(days=warn_days) > today:
        return
    opens = last.expires_on - timedelta(days=warn_days)
    yield flag_of(
        FlagKind.APPROVAL,
        f"approval:{last.expires_on}",
        _APPROVAL_TITLE,
        PlannedWindow(last.expires_on, opens=opens, closes=last.expires_on),
        Message(_APPROVAL, {"number": last.number, "day": last.expires_on.isoformat()}),
        evidence=(last.record,),
    )
