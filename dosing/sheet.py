"""The dosing sheet of one day: who is treated, what is planned, how it stands, and why."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.core.paginator import Page, Paginator
from django.db.models import Q

from dosing.cards import Moment
from dosing.day import Slot, day_plan
from dosing.permissions import ADMINISTER, ORDER
from dosing.rules.completeness import Completeness, completeness
from dosing.rules.timing import SlotState
from dosing.wards import Ward, wards
from enrollment.models import Participant
from enrollment.states import State
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

DAYS_BACK = 7  # days of the completeness, with the day shown
WARDS_A_PAGE = 10  # the whole trial as planned, and short enough for a phone
BY_URGENCY, BY_SUBJECT = "urgency", "subject"
ORDERS = (BY_URGENCY, BY_SUBJECT)
_NO_SLOT = SlotState.PLANNED  # where a participant without any dose of the day stands


@dataclass(frozen=True)
class Sheet:
    moment: Moment
    wards: list[Ward]
    page: Page[int]
    tally: list[tuple[str, Message]]
    forgotten: int  # doses of the day before that nobody recorded
    week: tuple[tuple[dt.date, Completeness], ...]  # the day shown last
    may_order: bool
    may_record: bool

    @property
    def completeness(self) -> Completeness:
        """How much of the day shown has been recorded by now."""
        return self.week[-1][1]

    @property
    def is_today(self) -> bool:
        return self.moment.day == self.moment.today

    @property
    def day_before(self) -> dt.date:
        return self.moment.day - dt.timedelta(days=1)

    @property
    def day_after(self) -> dt.date:
        return self.moment.day + dt.timedelta(days=1)


def sheet_for(user: User, *, day: dt.date, order: str, page: str) -> Sheet:
    """The sheet of the site's ``day`` for ``user``, one page of it."""
    moment = Moment(now=clock.now(), day=day, today=clock.today())
    days = [day - dt.timedelta(days=back) for back in reversed(range(DAYS_BACK))]
    plan = day_plan(user, days, moment.now)
    slots = [slot for slot in plan.slots if slot.day == day]
    shown = Paginator(_in_order(_treated(user, moment, slots), slots, order), WARDS_A_PAGE)
    pages = shown.get_page(page)
    return Sheet(
        moment=moment,
        wards=wards(list(pages.object_list), plan, moment, user),
        page=pages,
        tally=_tally(slots),
        forgotten=sum(slot.day == days[-2] and slot.state is SlotState.LATE for slot in plan.slots),
        week=tuple(_completeness(plan.slots, days, moment.now)),
        may_order=ORDER.allows(user),
        may_record=ADMINISTER.allows(user),
    )


def _completeness(
    slots: Iterable[Slot], days: list[dt.date], now: dt.datetime
) -> Iterator[tuple[dt.date, Completeness]]:
    """Of each day, what was planned and how much of it is recorded."""
    of_day: dict[dt.date, list[tuple[dt.datetime, bool]]] = {day: [] for day in days}
    for slot in slots:
        if slot.was_planned:
            of_day[slot.day].append((slot.at, slot.state.is_recorded))
    for day, planned in of_day.items():
        yield day, completeness(planned, now)


# --- who, in which order ----------------------------------------------------------------------


def _treated(user: User, moment: Moment, slots: Iterable[Slot]) -> dict[int, str]:
    """Subjects by primary key: with a dose that day, and from today on whoever is treated."""
    found = {slot.participant_id: slot.subject for slot in slots}
    if moment.day >= moment.today:
        treated = Participant.objects.visible_to(user).filter(
            Q(state__in=(State.ON_TREATMENT, State.RESCUE))
            | Q(state=State.ALLOCATED, orders__isnull=False)
        )
        found |= dict(treated.values_list("pk", "subject"))
    return found


def _in_order(treated: dict[int, str], slots: Iterable[Slot], order: str) -> list[int]:
    """Primary keys by the most urgent dose, and among equals the earliest; or by subject."""
    if order == BY_SUBJECT:
        return sorted(treated, key=lambda pk: treated[pk])
    urgency: dict[int, tuple[int, dt.datetime]] = {}
    for slot in slots:
        rank = (slot.state.urgency, slot.at)
        urgency[slot.participant_id] = min(rank, urgency.get(slot.participant_id, rank))
    last = (_NO_SLOT.urgency, dt.datetime.max.replace(tzinfo=dt.UTC))
    return sorted(treated, key=lambda pk: (urgency.get(pk, last), treated[pk]))


_TALLY = (
    ("late", SlotState.LATE, gettext_noop("%(n)s late")),
    ("held", SlotState.HELD, gettext_noop("%(n)s held")),
    ("due", SlotState.DUE, gettext_noop("%(n)s due")),
    ("done", SlotState.GIVEN, gettext_noop("%(n)s given")),
)


def _tally(slots: Iterable[Slot]) -> list[tuple[str, Message]]:
    count = Counter(slot.state for slot in slots)
    return [
        (kind, Message(text, {"n": str(count[state])}))
        for kind, state, text in _TALLY
        if count[state]
    ]
