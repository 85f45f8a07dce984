"""Which flags wait quietly, for how long they may, and when they go to the investigator.

Every number here is a habit of the office, not one of the trial.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

from outcomes.rules.flags import FlagKind, Urgency, urgency


class Answer(StrEnum):
    """What somebody said about a flag that only the fact itself can resolve."""

    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"


# What may harm: it goes to the investigator as soon as it is found.
HARM = frozenset({FlagKind.RELAPSE, FlagKind.REFRACTORY})
# What guards against harm: nobody may put it off beyond the day by which it has to be done.
SAFETY = HARM | {FlagKind.BLOODS}
# How many days late a flag may be before it goes to the investigator, whoever's it was.
ESCALATES_AFTER: Mapping[FlagKind, int] = {
    FlagKind.VISIT: 7,
    FlagKind.PCR_CHECK: 3,
    FlagKind.CONFIRMATION: 3,
    FlagKind.NK_SAMPLE: 0,  # the primary endpoint: nothing is more than once
    FlagKind.BLOODS: 1,
    FlagKind.DOSES: 2,
    FlagKind.RELAPSE: 0,
    FlagKind.REFRACTORY: 0,
    FlagKind.END: 7,
    FlagKind.CONSENT: 7,
    FlagKind.APPROVAL: 0,
}
LONGEST_SNOOZE_DAYS = 14


class Answered(typing.Protocol):
    """A flag with what was said about it; ``answered_on`` is a day of the site."""

    @property
    def kind(self) -> str: ...
    @property
    def window_opens(self) -> date: ...
    @property
    def window_closes(self) -> date: ...
    @property
    def answer(self) -> str: ...
    @property
    def answered_on(self) -> date | None: ...
    @property
    def snoozed_until(self) -> date | None: ...


def is_quiet(flag: Answered, today: date) -> bool:
    """Whether the flag is off the worklists on ``today``.

    A snooze lasts until its day.  An acknowledgement of what was late lasts for good, for the fact
    may never come; one given earlier lasts until the window has closed, so that "seen" cannot make
    a sample be forgotten.
    """
    if flag.answer == Answer.SNOOZED:
        return flag.snoozed_until is not None and today < flag.snoozed_until
    if flag.answer != Answer.ACKNOWLEDGED or flag.answered_on is None:
        return False
    if FlagKind(flag.kind) in HARM:  # a finding, which is known from its first day on
        return True
    return flag.answered_on > flag.window_closes or today <= flag.window_closes


def last_snooze(kind: str, window_closes: date, today: date) -> date | None:
    """The last day until which a flag may be snoozed on ``today``; None where it may not at all."""
    last = today + timedelta(days=LONGEST_SNOOZE_DAYS)
    if FlagKind(kind) in SAFETY:
        last = min(last, window_closes)
    return last if last > today else None


def has_to_escalate(flag: Answered, today: date) -> bool:
    """Whether it is the investigator's now: harm at once, anything else when it is late enough.

    What somebody answered for, with a reason, does not escalate while it is quiet.
    """
    if is_quiet(flag, today):
        return False
    kind = FlagKind(flag.kind)
    return kind in HARM or today > flag.window_closes + timedelta(days=ESCALATES_AFTER[kind])


def standing(flag: Answered, escalated: bool, today: date) -> Urgency:
    """As urgent as its window, and late once it went to the investigator."""
    return Urgency.LATE if escalated else urgency(flag, today)
