"""Why a value of a planned visit is missing (DOMAIN 10: missing stays missing, and says why)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from enrollment.rules.calendar import PlannedWindow
from outcomes.rules.endpoints import Lack, SampleChoice
from trial_site.protocol.definition import gettext_noop


class Missing(StrEnum):
    """The reasons, those that may still resolve first."""

    NO_DOSE = "no_dose"
    NOT_DUE = "not_due"
    OPEN = "open"
    NOT_TAKEN = "not_taken"
    NO_RESULT = "no_result"
    AFTER_DOSE = "after_dose"
    SET_ASIDE = "set_aside"
    LEFT = "left"
    NO_BASELINE = "no_baseline"

    @property
    def text(self) -> str:
        """The message id of the reason in words."""
        return _WORDS[self]


_WORDS = {
    Missing.NO_DOSE: gettext_noop("no ganciclovir yet"),
    Missing.NOT_DUE: gettext_noop("not due yet"),
    Missing.OPEN: gettext_noop("due, the window is open"),
    Missing.NOT_TAKEN: gettext_noop("no sample in the window"),
    Missing.NO_RESULT: gettext_noop("sample without a usable result"),
    Missing.AFTER_DOSE: gettext_noop("sample drawn after that day's dose"),
    Missing.SET_ASIDE: gettext_noop("set aside by the investigator"),
    Missing.LEFT: gettext_noop("left the trial before a sample"),
    Missing.NO_BASELINE: gettext_noop("no baseline"),
}
_FAULTS = {
    Lack.NO_RESULT: Missing.NO_RESULT,
    Lack.AFTER_DOSE: Missing.AFTER_DOSE,
    Lack.SET_ASIDE: Missing.SET_ASIDE,
}


@dataclass(frozen=True)
class Standing:
    """``today`` is a day of the site; ``left_on`` the day the participant left, if they did."""

    today: date
    left_on: date | None = None


def why_missing(
    choice: SampleChoice | None, window: PlannedWindow | None, standing: Standing
) -> Missing | None:
    """The reason why a visit has no sample that counts; ``None`` where it has one.

    ``window`` is ``None`` as long as what the visit is counted from has not happened.  A sample
    that was drawn and does not count is the reason before any about the calendar.
    """
    if choice is not None and choice.sample is not None:
        return None
    if choice is not None and choice.lack in _FAULTS:
        return _FAULTS[choice.lack]
    left, today = standing.left_on, standing.today
    if window is None:
        return Missing.LEFT if left else Missing.NO_DOSE
    if left is not None and left <= window.closes:
        return Missing.LEFT
    if today < window.opens:
        return Missing.NOT_DUE
    return Missing.OPEN if today <= window.closes else Missing.NOT_TAKEN


def counted(reasons: Iterable[Missing | None]) -> tuple[tuple[Missing, int], ...]:
    """How often each reason occurs, in the order of ``Missing``."""
    found = Counter(reasons)
    return tuple((reason, found[reason]) for reason in Missing if found[reason])
