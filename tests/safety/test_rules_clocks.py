"""The clocks of serious events, to the second and across the site's midnight (DOMAIN 8)."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safety.rules.clocks import (
    AUTHORITY,
    SPONSOR,
    Clock,
    ClockName,
    ClockState,
    Sent,
    SeriousEvent,
    clocks,
    is_susar,
    moment,
)
from trial_site.protocol import current

SITE = ZoneInfo("Asia/Shanghai")
RULE = current().safety.reporting
SECOND = dt.timedelta(seconds=1)
AWARE = dt.datetime(2026, 3, 18, 12, 0, tzinfo=SITE)
INITIAL, FOLLOW_UP = 1, 2


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> dt.datetime:
    """A moment of March 2026 on the site's clock."""
    return dt.datetime(2026, 3, day, hour, minute, second, tzinfo=SITE)


def serious(
    *sent: Sent, aware: dt.datetime = AWARE, fatal: bool = False, susar: bool | None = False
) -> SeriousEvent:
    return SeriousEvent(aware, fatal, susar, sent)


def clock(name: ClockName, event: SeriousEvent) -> Clock:
    return next(found for found in clocks(event, RULE, SITE) if found.name is name)


def names(event: SeriousEvent) -> list[ClockName]:
    return [found.name for found in clocks(event, RULE, SITE)]


# --- which clocks run -------------------------------------------------------------------------


def test_every_serious_event_goes_to_the_sponsor_and_only_a_susar_to_the_authority() -> None:
    assert names(serious()) == [ClockName.SPONSOR]
    assert names(serious(susar=True)) == [ClockName.SPONSOR, ClockName.SUSAR_OTHER]
    assert names(serious(susar=True, fatal=True)) == [
        ClockName.SPONSOR,
        ClockName.SUSAR_FATAL,
        ClockName.SUSAR_FATAL_FOLLOW_UP,
    ]


def test_what_may_be_a_susar_runs_until_it_is_assessed() -> None:
    open_clock = clock(ClockName.SUSAR_FATAL, serious(susar=None, fatal=True))
    assert not open_clock.is_certain
    assert "unless the assessment says otherwise" in str(open_clock.why)
    assert clock(ClockName.SUSAR_FATAL, serious(susar=True, fatal=True)).is_certain


@pytest.mark.parametrize(
    ("relations", "expected", "assessed", "answer"),
    [
        (("possible", "unrelated"), False, True, True),
        (("unrelated", "probable"), False, True, True),
        (("definite", "definite"), False, True, True),
        (("definite", "definite"), True, True, False),
        (("unlikely", "unrelated"), False, True, False),
        (("not_given", "unlikely"), None, True, False),
        (("possible", "not_given"), None, True, None),
        (("definite", "definite"), False, False, None),
        (("", ""), None, False, None),
    ],
)
def test_suspected_and_unexpected(
    relations: tuple[str, ...], expected: bool | None, assessed: bool, answer: bool | None
) -> None:
    assert is_susar(relations, is_expected=expected, is_assessed=assessed) is answer


# --- 24 hours ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (AWARE, ClockState.RUNNING),
        (at(19, 5, 59, 59), ClockState.RUNNING),  # 6 h before it runs out somebody is told again
        (at(19, 6), ClockState.WARNING),
        (at(19, 6, 0, 1), ClockState.WARNING),
        (at(19, 11, 59, 59), ClockState.WARNING),
        (at(19, 12), ClockState.WARNING),  # within 24 h
        (at(19, 12, 0, 1), ClockState.OVERDUE),
    ],
)
def test_twenty_four_hours_to_the_second(now: dt.datetime, state: ClockState) -> None:
    found = clock(ClockName.SPONSOR, serious())
    assert found.due_at == at(19, 12)
    assert found.state(now, RULE) is state


def test_twenty_four_hours_are_elapsed_hours_where_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    aware = dt.datetime(2026, 3, 28, 12, 0, tzinfo=berlin)  # the night has 23 hours
    [found] = clocks(serious(aware=aware), RULE, berlin)
    assert found.due_at.astimezone(berlin) == dt.datetime(2026, 3, 29, 13, 0, tzinfo=berlin)


@pytest.mark.parametrize(
    ("sent_at", "state"),
    [
        (at(19, 11, 59, 59), ClockState.IN_TIME),
        (at(19, 12), ClockState.IN_TIME),
        (at(19, 12, 0, 1), ClockState.LATE),
    ],
)
def test_a_report_stops_the_clock_in_time_or_late(sent_at: dt.datetime, state: ClockState) -> None:
    sent = Sent(SPONSOR, INITIAL, sent_at)
    assert clock(ClockName.SPONSOR, serious(sent)).state(at(30), RULE) is state


# --- calendar days ----------------------------------------------------------------------------

DAYS = [
    (ClockName.SUSAR_FATAL, True, 25),
    (ClockName.SUSAR_OTHER, False, 33),  # the 2nd of April
    (ClockName.SUSAR_FATAL_FOLLOW_UP, True, 33),
]


@pytest.mark.parametrize(("name", "fatal", "last"), DAYS)
def test_days_end_at_the_sites_midnight(name: ClockName, fatal: bool, last: int) -> None:
    found = clock(name, serious(susar=True, fatal=fatal))
    last_day = dt.date(2026, 3, 1) + dt.timedelta(days=last - 1)
    midnight = dt.datetime.combine(last_day + dt.timedelta(days=1), dt.time.min, tzinfo=SITE)
    assert (found.last_day, found.due_at) == (last_day, midnight)
    assert found.state(midnight - SECOND, RULE) is ClockState.WARNING
    assert found.state(midnight, RULE) is ClockState.OVERDUE
    assert found.state(midnight + SECOND, RULE) is ClockState.OVERDUE
    warned = midnight - dt.timedelta(hours=6)
    assert found.state(warned - SECOND, RULE) is ClockState.RUNNING
    assert found.state(warned, RULE) is ClockState.WARNING


@pytest.mark.parametrize(
    ("aware", "last_day"),
    [
        (at(18), dt.date(2026, 3, 25)),  # midnight begins the day
        (at(18, 23, 59, 59), dt.date(2026, 3, 25)),
        (at(19) - SECOND, dt.date(2026, 3, 25)),
        (at(19), dt.date(2026, 3, 26)),
        # 17:00 UTC is the next day at the site, 15:59:59 UTC is not
        (dt.datetime(2026, 3, 18, 17, 0, tzinfo=dt.UTC), dt.date(2026, 3, 26)),
        (dt.datetime(2026, 3, 18, 15, 59, 59, tzinfo=dt.UTC), dt.date(2026, 3, 25)),
    ],
)
def test_day_0_is_the_sites_day_of_awareness(aware: dt.datetime, last_day: dt.date) -> None:
    found = clock(ClockName.SUSAR_FATAL, serious(aware=aware, susar=True, fatal=True))
    assert found.last_day == last_day


def test_the_follow_up_needs_a_second_report_to_the_authority() -> None:
    first, second = Sent(AUTHORITY, INITIAL, at(20)), Sent(AUTHORITY, FOLLOW_UP, at(24))
    elsewhere = Sent(SPONSOR, FOLLOW_UP, at(21))
    after_first = serious(first, elsewhere, fatal=True, susar=True)
    assert clock(ClockName.SUSAR_FATAL, after_first).sent_at == at(20)
    assert clock(ClockName.SUSAR_FATAL_FOLLOW_UP, after_first).sent_at is None
    after_both = serious(second, first, fatal=True, susar=True)
    assert clock(ClockName.SUSAR_FATAL, after_both).sent_at == at(20)
    assert clock(ClockName.SUSAR_FATAL_FOLLOW_UP, after_both).sent_at == at(24)


MOMENTS = st.integers(0, 10**8).map(lambda passed: AWARE + passed * SECOND)


@given(aware=MOMENTS, waited=st.timedeltas(dt.timedelta(0), dt.timedelta(days=40)))
def test_no_clock_ever_goes_back(aware: dt.datetime, waited: dt.timedelta) -> None:
    order = [ClockState.RUNNING, ClockState.WARNING, ClockState.OVERDUE]
    for found in clocks(serious(aware=aware, fatal=True, susar=None), RULE, SITE):
        now = order.index(found.state(aware + waited, RULE))
        assert now <= order.index(found.state(aware + waited + SECOND, RULE))
        assert found.is_past(aware + waited) == (now == 2)


@given(aware=MOMENTS)
def test_seven_days_are_never_less_than_seven_times_a_day(aware: dt.datetime) -> None:
    found = clock(ClockName.SUSAR_FATAL, serious(aware=aware, fatal=True, susar=True))
    assert dt.timedelta(days=7) < found.due_at - aware <= dt.timedelta(days=8)


def test_moments_are_written_with_their_offset() -> None:
    assert moment(dt.datetime(2026, 3, 18, 4, 5, 6, tzinfo=dt.UTC), SITE) == (
        "2026-03-18 12:05 +08:00"
    )
