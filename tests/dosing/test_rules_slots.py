"""The planned times of an order, day by day, on the clock of the site."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing.rules.slots import slots_on
from trial_site.protocol.definition import Frequency

SITE = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
Q12H, Q24H = Frequency.EVERY_12_HOURS, Frequency.EVERY_24_HOURS


def clocks(day, starts_at, frequency, ends_at=None, tz=SITE):
    slots = slots_on(day, starts_at=starts_at, ends_at=ends_at, frequency=frequency, tz=tz)
    assert all(slot.date() == day for slot in slots)
    return [f"{slot:%H:%M}" for slot in slots]


MORNING = datetime(2020, 3, 2, 8, 30, tzinfo=SITE)
EVENING = datetime(2020, 3, 2, 20, 0, tzinfo=SITE)


def test_every_12_hours_from_a_morning():
    assert clocks(date(2020, 3, 1), MORNING, Q12H) == []
    assert clocks(date(2020, 3, 2), MORNING, Q12H) == ["08:30", "20:30"]
    assert clocks(date(2020, 3, 9), MORNING, Q12H) == ["08:30", "20:30"]


def test_every_12_hours_from_an_evening_leaves_out_the_morning_of_the_first_day():
    assert clocks(date(2020, 3, 2), EVENING, Q12H) == ["20:00"]
    assert clocks(date(2020, 3, 3), EVENING, Q12H) == ["08:00", "20:00"]


def test_every_24_hours():
    assert clocks(date(2020, 3, 1), MORNING, Q24H) == []
    assert clocks(date(2020, 3, 2), MORNING, Q24H) == ["08:30"]
    assert clocks(date(2020, 3, 3), MORNING, Q24H) == ["08:30"]


def test_midnight_and_noon():
    midnight = datetime(2020, 3, 2, 0, 0, tzinfo=SITE)
    assert clocks(date(2020, 3, 2), midnight, Q12H) == ["00:00", "12:00"]


@pytest.mark.parametrize(
    ("ends_at", "expected"),
    [
        (datetime(2020, 3, 5, 8, 29, tzinfo=SITE), []),
        (datetime(2020, 3, 5, 8, 30, tzinfo=SITE), []),  # the next order may start here
        (datetime(2020, 3, 5, 8, 31, tzinfo=SITE), ["08:30"]),
        (datetime(2020, 3, 5, 23, 0, tzinfo=SITE), ["08:30", "20:30"]),
    ],
)
def test_an_order_ends_just_before_its_end(ends_at, expected):
    assert clocks(date(2020, 3, 5), MORNING, Q12H, ends_at) == expected
    assert clocks(date(2020, 3, 6), MORNING, Q12H, ends_at) == []


def test_fourteen_days_every_12_hours_are_28_doses():
    ends_at = MORNING + timedelta(days=14)
    days = [date(2020, 3, 1) + timedelta(days=n) for n in range(20)]
    assert sum(len(clocks(day, MORNING, Q12H, ends_at)) for day in days) == 28


def test_the_clock_is_that_of_the_site_whatever_zone_the_start_is_stored_in():
    stored = MORNING.astimezone(UTC)
    assert clocks(date(2020, 3, 3), stored, Q12H) == ["08:30", "20:30"]
    slot = slots_on(date(2020, 3, 2), starts_at=stored, ends_at=None, frequency=Q24H, tz=SITE)[0]
    assert slot == stored


def test_the_clock_time_is_kept_through_daylight_saving():
    starts_at = datetime(2020, 3, 20, 8, 0, tzinfo=BERLIN)  # the clock moves on 29 March
    before = slots_on(
        date(2020, 3, 28), starts_at=starts_at, ends_at=None, frequency=Q12H, tz=BERLIN
    )
    after = slots_on(
        date(2020, 3, 29), starts_at=starts_at, ends_at=None, frequency=Q12H, tz=BERLIN
    )
    assert [slot.hour for slot in (*before, *after)] == [8, 20, 8, 20]
    assert after[0].astimezone(UTC) - before[1].astimezone(UTC) == timedelta(hours=11)


def test_a_clock_time_that_daylight_saving_skips_moves_past_the_gap():
    starts_at = datetime(2020, 3, 20, 2, 30, tzinfo=BERLIN)
    assert clocks(date(2020, 3, 29), starts_at, Q24H, tz=BERLIN) == ["03:30"]


def test_a_clock_time_that_comes_twice_is_one_slot():
    starts_at = datetime(2020, 10, 20, 2, 30, tzinfo=BERLIN)
    assert clocks(date(2020, 10, 25), starts_at, Q24H, tz=BERLIN) == ["02:30"]


def test_an_order_that_ends_in_the_hour_that_comes_twice():
    starts_at = datetime(2020, 10, 20, 2, 30, tzinfo=BERLIN)
    ends_at = datetime(2020, 10, 25, 2, 10, fold=1, tzinfo=BERLIN)  # after the first 02:30
    assert clocks(date(2020, 10, 25), starts_at, Q24H, ends_at, tz=BERLIN) == ["02:30"]


def test_three_times_a_week_follows_haemodialysis_and_has_no_clock():
    assert clocks(date(2020, 3, 2), MORNING, Frequency.THREE_TIMES_A_WEEK) == []


def test_moments_without_a_zone_are_refused():
    naive = MORNING.replace(tzinfo=None)
    for starts_at, ends_at in ((naive, None), (MORNING, naive)):
        with pytest.raises(ValueError, match="time zone"):
            slots_on(
                date(2020, 3, 2), starts_at=starts_at, ends_at=ends_at, frequency=Q24H, tz=SITE
            )


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2020, 12, 31)),  # noqa: DTZ001 - zone added below
    st.integers(0, 20),
    st.sampled_from([(Q12H, 12), (Q24H, 24)]),
    st.sampled_from([SITE, UTC]),
)
def test_in_a_zone_without_daylight_saving_slots_are_evenly_spaced(start, days, every, tz):
    frequency, hours = every
    starts_at = start.replace(tzinfo=tz)
    ends_at = starts_at + timedelta(days=days)
    slots = [
        slot
        for n in range(days + 2)
        for slot in slots_on(
            starts_at.date() + timedelta(days=n),
            starts_at=starts_at,
            ends_at=ends_at,
            frequency=frequency,
            tz=tz,
        )
    ]
    assert slots == [starts_at + timedelta(hours=hours * n) for n in range(days * 24 // hours)]
