"""Visits as pages read them: one participant's lines and months, and the week of a site."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Move, Participant, Visit
from enrollment.rules.calendar import DAYS_A_WEEK, add_months, deviation, weeks_of_month
from enrollment.states import ENDED
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import by_version
from trial_site.protocol.definition import Anchor, Protocol, VisitRule, gettext_noop

# How a visit stands: the kind of its badge, and the word in it.
STANDINGS: dict[str, tuple[str, Any]] = {
    "done": ("done", _("Done")),
    "outside": ("unknown", _("Done outside its window")),
    "missed": ("bad", _("Missed")),
    "late": ("late", _("Late")),
    "due": ("due", _("Due")),
    "planned": ("planned", _("Planned")),
    "ended": ("planned", _("Not due: participation ended")),
    "mistaken": ("planned", _("Recorded by mistake")),
    "waits": ("planned", _("Not due: waits for the first dose")),
}
SHORT = 3  # letters that fit into a day of a calendar
_UNSCHEDULED = gettext_noop("Unscheduled visit %(number)s")
_DONE_OUTSIDE = gettext_noop("Done, %(deviation)s")


@dataclass(frozen=True)
class VisitLine:
    """A visit with its rule (an unscheduled one has none), and how it stands on a day.

    ``ended_on`` is the day that the participation ended.
    """

    visit: Visit
    rule: VisitRule | None
    today: dt.date
    ended_on: dt.date | None = None

    @property
    def title(self) -> Message:
        if self.rule:
            return Message(self.rule.title)
        return Message(_UNSCHEDULED, {"number": self.visit.code[1:]})

    @property
    def short(self) -> str:
        """What fits into a day of a calendar: ``D7``, ``U1``, and ``W`` for withdrawal."""
        code = self.visit.code
        return code if len(code) <= SHORT else code[0]

    @property
    def standing(self) -> str:
        """One of ``STANDINGS``.  Only what was to be done before the end can be late after it."""
        visit = self.visit
        if visit.status == Visit.Status.MISSED:
            return "missed"
        if visit.done_on:
            return "outside" if visit.deviation_days else "done"
        if not self.rule:
            return "mistaken"
        if self.rule.anchor is Anchor.DAY0 and visit.participant.day0_at is None:
            return "waits"
        if self.ended_on and visit.closes >= self.ended_on:
            return "ended"
        if self.today > visit.closes:
            return "late"
        return "due" if visit.in_window(self.today) else "planned"

    @property
    def kind(self) -> str:
        """The kind of the status badge."""
        return STANDINGS[self.standing][0]

    @property
    def label(self) -> Any:
        """The word in the badge: ``Done, 2 days late``."""
        if said := self.deviation:
            return Message(_DONE_OUTSIDE, {"deviation": said})
        return STANDINGS[self.standing][1]

    @property
    def deviation(self) -> Message | None:
        return deviation(self.visit.deviation_days)

    @property
    def is_open(self) -> bool:
        """Whether it can be recorded; after an end, what could have been done before it."""
        if self.standing == "waits":
            return False
        is_planned = self.rule is not None and self.visit.status == Visit.Status.PLANNED
        return is_planned and not (self.ended_on and self.visit.opens > self.ended_on)

    @property
    def can_be_corrected(self) -> bool:
        return not self.rule or self.visit.status != Visit.Status.PLANNED

    @property
    def counts(self) -> bool:
        """Whether it belongs in a calendar: it is to be done, or something became of it."""
        return self.standing not in {"ended", "mistaken", "waits"}

    @property
    def is_on_card(self) -> bool:
        """Whether the participant's card names it: done as planned, or still to come."""
        return self.rule is not None and self.standing in {"done", "outside", "due", "planned"}

    @property
    def day(self) -> dt.date:
        """The day that it stands on in a calendar."""
        return self.visit.done_on or self.visit.target


def protocol_of(participant: Participant) -> Protocol:
    """The protocol that the participant was screened by."""
    return by_version(participant.screening.protocol_version)


def line_of(visit: Visit, *, ended_on: dt.date | None = None) -> VisitLine:
    """The line of a visit whose participant is at hand with its screening."""
    rule = None if visit.is_unscheduled else protocol_of(visit.participant).visit(visit.code)
    return VisitLine(visit, rule, clock.today(), ended_on)


def visit_lines(participant: Participant) -> list[VisitLine]:
    """Every visit in the order of its day."""
    ended_on = end_day(participant)
    lines = [line_of(visit, ended_on=ended_on) for visit in participant.visits.all()]
    return sorted(lines, key=lambda line: (line.visit.target, line.visit.pk))


def end_day(participant: Participant) -> dt.date | None:
    """The day that the participation ended; with a withdrawn consent, the day of that."""
    return end_days([participant]).get(participant.pk)


def end_days(participants: Iterable[Participant]) -> dict[int, dt.date]:
    """The same for many participants at once, by primary key; those who go on have none."""
    ended = {person.pk for person in participants if person.has_ended}
    if not ended:
        return {}
    withdrawn = "screening__consent_withdrawal__withdrawn_at"
    moves = Move.objects.filter(participant__in=ended, after__in=ENDED)
    return {
        pk: timezone.localdate(min(filter(None, moments)))
        for pk, *moments in moves.values_list("participant_id", "at", withdrawn)
    }


# --- the calendar of one participant -------------------------------------------------------------


@dataclass(frozen=True)
class Mark:
    """What a visit does on a day; ``kind`` is done, outside, missed, target or window."""

    line: VisitLine
    kind: str


@dataclass(frozen=True)
class CalendarDay:
    day: dt.date
    in_month: bool
    is_today: bool
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Month:
    first: dt.date
    weeks: list[list[CalendarDay]]


def months(lines: Iterable[VisitLine]) -> list[Month]:
    """The months from the first visit to the last, each in whole weeks."""
    marks: dict[dt.date, list[Mark]] = {}
    for line in lines:
        for day, mark in _marks(line):
            marks.setdefault(day, []).append(mark)
    if not marks:
        return []
    first, last = min(marks).replace(day=1), max(marks)
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [_month(add_months(first, number), marks) for number in range(count)]


def _month(first: dt.date, marks: dict[dt.date, list[Mark]]) -> Month:
    def cell(day: dt.date) -> CalendarDay:
        inside = day.month == first.month
        found = tuple(marks.get(day, ())) if inside else ()
        return CalendarDay(day, inside, day == clock.today(), found)

    return Month(first, [[cell(day) for day in week] for week in weeks_of_month(first)])


def _marks(line: VisitLine) -> Iterator[tuple[dt.date, Mark]]:
    if not line.counts:
        return
    visit, standing = line.visit, line.standing
    happened = standing if standing in {"done", "outside", "missed"} else "target"
    yield line.day, Mark(line, happened)
    for number in range((visit.closes - visit.opens).days + 1):
        day = visit.opens + dt.timedelta(days=number)
        if day != line.day:
            yield day, Mark(line, "window")


# --- the week of a site --------------------------------------------------------------------------

DUE, LAST_DAY = ("due", _("Due")), ("due", _("Window closes"))
OPENS, CLOSED = ("planned", _("Window opens")), ("late", _("Late: window closed"))


@dataclass(frozen=True)
class WeekEntry:
    """A visit on one day of the week: it is done, missed, due, opens or closes."""

    line: VisitLine
    kind: str
    label: Any

    @property
    def order(self) -> tuple[bool, str, int]:
        """What is to be done first, then what was done."""
        return self.kind == "done", self.line.visit.participant.subject, self.line.visit.pk


@dataclass(frozen=True)
class WeekDay:
    day: dt.date
    is_today: bool
    entries: list[WeekEntry]


def site_visits(user: User, *, site: str = "") -> list[VisitLine]:
    """Every visit of the user's sites, or of one of them, that is still to be done."""
    return _lines(user, Q(status=Visit.Status.PLANNED), site)


def week(user: User, begins: dt.date, *, site: str = "") -> list[WeekDay]:
    """Monday to Sunday of the week that ``begins`` on a Monday."""
    days = [begins + dt.timedelta(days=number) for number in range(DAYS_A_WEEK)]
    within = (days[0], days[-1])
    aimed = Q(opens__range=within) | Q(target__range=within) | Q(closes__range=within)
    touched = Q(done_on__range=within) | Q(done_on=None) & aimed
    entries = [pair for line in _lines(user, touched, site) for pair in _entries(line)]
    return [
        WeekDay(
            day,
            day == clock.today(),
            sorted((entry for on, entry in entries if on == day), key=lambda entry: entry.order),
        )
        for day in days
    ]


def _lines(user: User, which: Q, site: str) -> list[VisitLine]:
    found = Visit.objects.visible_to(user).filter(which)
    if site:
        found = found.filter(participant__site__code=site)
    found = found.select_related("participant__site", "participant__screening").defer(
        "participant__screening__facts", "participant__screening__eligibility"
    )
    visits = list(found)
    ended = end_days(visit.participant for visit in visits)
    lines = (line_of(visit, ended_on=ended.get(visit.participant_id)) for visit in visits)
    return [line for line in lines if line.counts]


def _entries(line: VisitLine) -> Iterator[tuple[dt.date, WeekEntry]]:
    """The days of one visit with what they are; the target day may also open or close."""
    visit = line.visit
    if visit.status != Visit.Status.PLANNED:
        yield line.day, WeekEntry(line, line.kind, line.label)
    else:
        closing = CLOSED if line.standing == "late" else LAST_DAY
        days = {visit.opens: OPENS, visit.target: DUE, visit.closes: closing}
        if visit.target == visit.closes and line.standing != "late":
            days[visit.target] = DUE
        for day, (kind, label) in days.items():
            yield day, WeekEntry(line, kind, label)
