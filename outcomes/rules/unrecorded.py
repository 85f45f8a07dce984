"""Planned doses whose day went by without anything being recorded of them.

One flag a participant, drug and day.  It stands until each of those slots is recorded, or is no
longer planned because the order was stopped before it.  Source: issue 5, today's sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from dosing.rules.slots import slots_on
from outcomes.rules.flags import DueFlag, FlagKind
from trial_site.messages import Message
from trial_site.protocol.definition import Drug, Frequency, gettext_noop


@dataclass(frozen=True)
class OrderedDoses:
    """One order of ``drug``; aware moments, ``ends_at`` None while it runs.

    ``record`` names its row.
    """

    drug: str
    starts_at: datetime
    ends_at: datetime | None
    frequency: str
    record: str


@dataclass(frozen=True)
class DoseRecord:
    """What was ordered for one participant, and which slots are recorded: ``(drug, moment)``.

    ``left_at`` is when participation ended: nothing is planned from then on.
    """

    orders: tuple[OrderedDoses, ...] = ()
    recorded: frozenset[tuple[str, datetime]] = frozenset()
    left_at: datetime | None = None


_TITLES = {
    Drug.GANCICLOVIR: gettext_noop("Ganciclovir not recorded"),
    Drug.IL2: gettext_noop("Interleukin-2 not recorded"),
}
_RULE = gettext_noop("Planned on %(day)s at %(times)s, and nothing is recorded of it")


def unrecorded_doses(doses: DoseRecord, *, today: date, tz: tzinfo) -> tuple[DueFlag, ...]:
    """The flags of every day before ``today`` (a day of the site, whose zone is ``tz``).

    The day itself is not over: its doses stand on the sheet.  Raises ``ValueError`` for moments
    without a zone.
    """
    missing: dict[tuple[date, str], list[tuple[datetime, str]]] = {}
    for order in doses.orders:
        for slot in _slots(order, doses.left_at, today, tz):
            if (order.drug, slot) not in doses.recorded:
                missing.setdefault((slot.date(), order.drug), []).append((slot, order.record))
    return tuple(_flag(day, drug, sorted(found)) for (day, drug), found in sorted(missing.items()))


def _slots(
    order: OrderedDoses, left_at: datetime | None, today: date, tz: tzinfo
) -> Iterator[datetime]:
    """The order's slots of the days before ``today``, in ``tz``."""
    ends_at = min((end for end in (order.ends_at, left_at) if end), default=None)
    day = order.starts_at.astimezone(tz).date()
    last = today if ends_at is None else min(today, ends_at.astimezone(tz).date() + _A_DAY)
    while day < last:
        yield from slots_on(
            day,
            starts_at=order.starts_at,
            ends_at=ends_at,
            frequency=Frequency(order.frequency),
            tz=tz,
        )
        day += _A_DAY


_A_DAY = timedelta(days=1)


def _flag(day: date, drug: str, slots: Iterable[tuple[datetime, str]]) -> DueFlag:
    times = ", ".join(f"{slot:%H:%M}" for slot, _ in slots)
    return DueFlag(
        kind=FlagKind.DOSES,
        key=f"doses:{drug}:{day}",
        title=_TITLES[Drug(drug)],
        due_on=day,
        window_opens=day,
        window_closes=day,
        rule=Message(_RULE, {"day": day.isoformat(), "times": times}),
        evidence=tuple(dict.fromkeys(record for _, record in slots)),
    )
