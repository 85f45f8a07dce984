"""The planned times of an order on one day of the site."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from trial_site.protocol.definition import Frequency

_HOURS_BETWEEN = {Frequency.EVERY_12_HOURS: 12, Frequency.EVERY_24_HOURS: 24}


def slots_on(
    day: date,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    frequency: Frequency,
    tz: tzinfo,
) -> tuple[datetime, ...]:
    """The slots that fall on calendar ``day`` in ``tz``, in order, as aware times in ``tz``.

    They keep the local clock time of ``starts_at``, the first slot, on every day, whatever
    daylight saving does; the order runs until just before ``ends_at`` (open without one), so the
    next order may start at that very moment.  A dose three times a week follows haemodialysis
    and has no clock: no slots.  Raises ``ValueError`` for a moment without a zone.
    """
    if starts_at.utcoffset() is None or (ends_at and ends_at.utcoffset() is None):
        raise ValueError("slots need moments with a time zone")
    slots = (_at(day, clock, tz) for clock in _clock_times(starts_at.astimezone(tz), frequency))
    # In UTC, because Python compares two times of one zone by their clocks alone.
    return tuple(
        slot
        for slot in slots
        if slot.astimezone(UTC) >= starts_at.astimezone(UTC)
        and (ends_at is None or slot.astimezone(UTC) < ends_at.astimezone(UTC))
    )


def _clock_times(first: datetime, frequency: Frequency) -> list[time]:
    hours = _HOURS_BETWEEN.get(frequency)
    if hours is None:
        return []
    clock = datetime.combine(date.min, first.time())
    times = [clock + timedelta(hours=start) for start in range(0, 24, hours)]
    return sorted(each.time() for each in times)


def _at(day: date, clock: time, tz: tzinfo) -> datetime:
    """The moment of ``clock`` on ``day``; one that daylight saving skips moves past the gap."""
    return datetime.combine(day, clock, tzinfo=tz).astimezone(UTC).astimezone(tz)
