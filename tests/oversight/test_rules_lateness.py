"""When a scheduled task is late: two intervals and five minutes after its last good run."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight.rules.lateness import late_since

NOW = dt.datetime(2026, 3, 18, 12, 0, tzinfo=dt.UTC)
QUARTER, SECOND = dt.timedelta(minutes=15), dt.timedelta(seconds=1)
LONG_AGO = NOW - dt.timedelta(days=400)


@pytest.mark.parametrize(
    ("ago", "is_late"),
    [
        (dt.timedelta(0), False),
        (dt.timedelta(minutes=35), False),
        (dt.timedelta(minutes=35) + SECOND, True),
        (dt.timedelta(days=30), True),
        (dt.timedelta(minutes=-10), False),  # a clock that was set back
    ],
)
def test_every_quarter_of_an_hour_is_late_after_thirty_five_minutes(
    ago: dt.timedelta, is_late: bool
) -> None:
    since = late_since(NOW - ago, deployed_at=LONG_AGO, every=QUARTER, now=NOW)
    assert since == (NOW - ago if is_late else None)


def test_a_fresh_installation_is_given_its_first_runs() -> None:
    fresh = {"every": QUARTER, "now": NOW}
    assert late_since(None, deployed_at=NOW - 2 * QUARTER, **fresh) is None
    hour_ago = NOW - 4 * QUARTER
    assert late_since(None, deployed_at=hour_ago, **fresh) == hour_ago


def test_an_upgrade_does_not_hide_an_outage() -> None:
    yesterday = NOW - dt.timedelta(days=1)
    assert late_since(yesterday, deployed_at=NOW, every=QUARTER, now=NOW) == yesterday


@given(
    every=st.timedeltas(dt.timedelta(seconds=1), dt.timedelta(days=1)),
    ago=st.timedeltas(dt.timedelta(0), dt.timedelta(days=9)),
    later=st.timedeltas(dt.timedelta(0), dt.timedelta(days=9)),
)
def test_what_is_late_stays_late_until_it_runs(
    every: dt.timedelta, ago: dt.timedelta, later: dt.timedelta
) -> None:
    facts = {"deployed_at": LONG_AGO, "every": every}
    since = late_since(NOW - ago, now=NOW, **facts)
    if since is not None:
        assert late_since(NOW - ago, now=NOW + later, **facts) == since
    assert late_since(NOW, now=NOW, **facts) is None
