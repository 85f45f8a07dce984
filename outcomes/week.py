"""The week ahead at the user's sites: what falls due on each day, and how many doses are planned.

Read from the facts and not from the flags that are raised already: it looks further than they do.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext

from dosing.models import Order
from dosing.selectors import planned_slots
from dosing.wording import drug_name
from enrollment.models import Participant
from enrollment.rules.calendar import DAYS_A_WEEK
from enrollment.states import ENDED
from outcomes.flag_actions import SAMPLES
from outcomes.flag_rows import subject_url
from outcomes.models import Flag
from outcomes.rules.flags import DueFlag, Urgency, urgency
from outcomes.rules.week import flags_ahead
from outcomes.schedule import schedules
from oversight.kept import kept
from trial_site import clock
from trial_site.access import may_open
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import SEES_ARM, Role

MOST_DAYS_AHEAD = 120  # to the last visit of whoever begins now
_BADGES = {
    Urgency.LATE: gettext_noop("Late"),
    Urgency.DUE: gettext_noop("Due"),
    Urgency.SOON: gettext_noop("Planned"),
}
_DOSES = gettext_noop("%(drug)s × %(number)s")


@dataclass(frozen=True)
class Entry:
    """One thing of one participant on one day; ``closes`` is the last day of its window."""

    subject: str
    title: Message
    kind: str
    state: Urgency
    due_on: dt.date
    closes: dt.date
    rule: Message
    url: str

    @property
    def status(self) -> tuple[str, Message]:
        """The kind of its badge, and the word in it."""
        kind = "planned" if self.state is Urgency.SOON else self.state.value
        return kind, Message(_BADGES[self.state])


@dataclass(frozen=True)
class Doses:
    """How often a drug is planned for one participant on one day."""

    subject: str
    drug: str
    number: int

    @property
    def text(self) -> Message:
        return Message(_DOSES, {"drug": drug_name(self.drug), "number": str(self.number)})


@dataclass(frozen=True)
class Day:
    day: dt.date
    is_today: bool
    entries: tuple[Entry, ...]
    doses: tuple[Doses, ...]

    @property
    def planned_doses(self) -> int:
        return sum(doses.number for doses in self.doses)

    @property
    def is_free(self) -> bool:
        return not self.entries and not self.doses


def week_ahead(user: User, begins: dt.date) -> list[Day]:
    """Seven days from ``begins``, which is today or later.  Today shows what is late as well."""
    name = f"week-ahead:{user.role}:{begins}:{clock.today()}"
    return kept(user, name, lambda: _week(user, begins))


def first_day(asked: str) -> dt.date:
    """The day ``asked`` for in ISO 8601: not before today, nor further ahead than can be known."""
    today = clock.today()
    try:
        day = dt.date.fromisoformat(asked)
    except ValueError:
        return today
    return min(max(day, today), today + dt.timedelta(days=MOST_DAYS_AHEAD))


def _week(user: User, begins: dt.date) -> list[Day]:
    days = [begins + dt.timedelta(days=number) for number in range(DAYS_A_WEEK)]
    people = list(Participant.objects.visible_to(user).exclude(state__in=ENDED).order_by("pk"))
    entries: dict[dt.date, list[Entry]] = defaultdict(list)
    for entry in _entries(people, days[-1], user):
        entries[max(entry.due_on, clock.today())].append(entry)
    doses = _doses(people, days) if _sees_doses(user) else {}
    return [
        Day(
            day,
            day == clock.today(),
            tuple(sorted(entries[day], key=lambda entry: (entry.due_on, entry.subject))),
            tuple(doses.get(day, ())),
        )
        for day in days
    ]


def _sees_doses(user: User) -> bool:
    return SEES_ARM.allows(user) and may_open(user, "dosing:sheet")


def _entries(people: Iterable[Participant], last: dt.date, user: User) -> Iterator[Entry]:
    """Whatever is due up to ``last``; to the laboratory the samples alone, which show no arm."""
    today = clock.today()
    for participant, state in schedules(people):
        for flag in flags_ahead(state, today=today, last=last, protocol=current()):
            if user.role != Role.LAB or flag.kind in SAMPLES:
                yield _entry(participant.subject, flag, today, user)


def _entry(subject: str, flag: DueFlag, today: dt.date, user: User) -> Entry:
    return Entry(
        subject=subject,
        title=Message(flag.title),
        kind=flag.kind.value,
        state=urgency(flag, today),
        due_on=flag.due_on,
        closes=flag.window_closes,
        rule=flag.rule,
        url=subject_url(subject, user),
    )


def _doses(people: Iterable[Participant], days: list[dt.date]) -> dict[dt.date, list[Doses]]:
    """The slots of the orders that run on; an order without an end is taken to go on."""
    found: dict[dt.date, list[Doses]] = defaultdict(list)
    orders = Order.objects.filter(participant__in=list(people)).select_related("participant")
    for order in orders.order_by("participant", "drug", "starts_at"):
        for day in days:
            number = len(planned_slots(order, day))
            if number:
                found[day].append(Doses(order.participant.subject, order.drug, number))
    return found


# --- as a file --------------------------------------------------------------------------------

HEADER = ("day", "subject", "kind", "what", "due", "window_closes", "planned_doses", "rule")


def file_rows(days: Iterable[Day]) -> Iterator[tuple[str, ...]]:
    """One line an entry, then one a drug, in the reader's language."""
    for day in days:
        on = day.day.isoformat()
        for entry in day.entries:
            kind = str(Flag.Kind(entry.kind).label)
            dates = (entry.due_on.isoformat(), entry.closes.isoformat())
            words = entry.title.render(gettext), entry.rule.render(gettext)
            yield (on, entry.subject, kind, words[0], *dates, "", words[1])
        for doses in day.doses:
            drug = drug_name(doses.drug).render(gettext)
            yield (on, doses.subject, gettext("Planned doses"), drug, on, on, str(doses.number), "")
