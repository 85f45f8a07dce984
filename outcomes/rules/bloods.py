"""Blood that is examined again and again while ganciclovir is given.

Source: DOMAIN 4 and 9 (label of ganciclovir); the days are the protocol's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from outcomes.rules.flags import (
    DatedRecord,
    DueFlag,
    FlagKind,
    days_on,
    derivation,
    flag_of,
    one_day,
)
from trial_site.messages import Message
from trial_site.protocol.definition import BloodCheck, Frequency, Protocol, gettext_noop


@dataclass(frozen=True)
class Treatment:
    """An order of ganciclovir by days of the site; on ``ends_on`` it no longer counts.

    ``ends_on`` is None while nobody has stopped it.
    """

    starts_on: date
    ends_on: date | None
    frequency: Frequency
    record: str

    def covers(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)


_FROM = gettext_noop("Ganciclovir ordered from")
_LAST = gettext_noop("Last result")
_UNDER = gettext_noop("%(derivation)s (ganciclovir %(frequency)s)")
_OFTEN = {
    Frequency.EVERY_12_HOURS: gettext_noop("every 12 hours"),
    Frequency.EVERY_24_HOURS: gettext_noop("every 24 hours"),
    Frequency.THREE_TIMES_A_WEEK: gettext_noop("three times a week, after haemodialysis"),
}


def blood_checks(
    treatments: Iterable[Treatment],
    latest: Mapping[str, DatedRecord],
    *,
    today: date,
    protocol: Protocol,
) -> Iterator[DueFlag]:
    """What is due next of each check, as long as ganciclovir is given or about to be.

    ``latest`` is the latest result of each analyte.  A check whose treatment is over is asked for
    no longer, even where it was missed: no dose depends on it any more.
    """
    course = _course(treatments, today)
    if not course:
        return
    begun = DatedRecord(course[0].starts_on, course[0].record)
    for check in protocol.ganciclovir.blood_checks:
        anchor, label = _examined(check, latest), _LAST
        if anchor is None or anchor.on < begun.on:
            anchor, label = begun, _FROM
        due = _due(check, anchor.on, course)
        if due is not None:
            yield _flag(check, label, anchor, *due)


def _course(treatments: Iterable[Treatment], today: date) -> list[Treatment]:
    """The first unbroken row of orders that is not over, the earliest first."""
    course: list[Treatment] = []
    for order in sorted(treatments, key=lambda order: (order.starts_on, order.record)):
        if course and not _joins(course[-1], order):
            if _goes_on(course, today):
                break
            course = []
        course.append(order)
    return course if _goes_on(course, today) else []


def _joins(before: Treatment, order: Treatment) -> bool:
    """Whether no day without an order lies between the two."""
    return before.ends_on is None or order.starts_on <= before.ends_on + timedelta(days=1)


def _goes_on(course: Sequence[Treatment], today: date) -> bool:
    return any(order.ends_on is None or order.ends_on > today for order in course)


def _examined(check: BloodCheck, latest: Mapping[str, DatedRecord]) -> DatedRecord | None:
    """A check is as old as the oldest of its results; None while one is missing."""
    if not all(analyte in latest for analyte in check.analytes):
        return None
    return min((latest[analyte] for analyte in check.analytes), key=lambda result: result.on)


def _due(
    check: BloodCheck, since: date, course: Sequence[Treatment]
) -> tuple[date, Treatment] | None:
    """The first day on which ``since`` is too long ago for that day's frequency, and its order."""
    for number in range(1, max(check.days_between.values()) + 1):
        day = since + timedelta(days=number)
        order = next((one for one in course if one.covers(day)), None)
        if order and number >= check.days_between[order.frequency]:
            return day, order
    return None


def _flag(
    check: BloodCheck, label: str, anchor: DatedRecord, day: date, order: Treatment
) -> DueFlag:
    # "At least every two days": there is no slack, the next day is late.
    window = one_day(day)
    words = derivation(label, anchor, days_on((day - anchor.on).days), window)
    why = Message(_UNDER, {"derivation": words, "frequency": Message(_OFTEN[order.frequency])})
    evidence = tuple(dict.fromkeys((anchor.record, order.record)))
    return flag_of(FlagKind.BLOODS, f"{check.code}:{day}", check.title, window, why, evidence)
