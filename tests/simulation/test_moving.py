"""Moving a course to other days; DOMAIN 9: months are calendar months."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from simulation.moving import Moved


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.fixture
def moved() -> Moved:
    """Began on 5 January, withdrawn on 31 January; moved by 31 days, to 5 February."""
    return Moved(day("2026-01-05"), day("2026-01-31"), day("2026-02-05"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1985-06-01", "1985-07-02"),
        ("2026-01-05", "2026-02-05"),
        ("2026-02-20", "2026-03-23"),  # the day before the window of month 1
        ("2026-02-21", "2026-03-27"),  # 28 February − 7 d becomes 3 April − 7 d
        ("2026-02-28", "2026-04-03"),  # one month after 31 January, and after 3 March
        ("2026-03-31", "2026-05-03"),
        ("2026-04-30", "2026-06-03"),
    ],
)
def test_monthly_visits_stay_on_the_calendar(moved: Moved, before: str, after: str) -> None:
    assert moved.day(day(before)) == day(after)


def test_moments_keep_the_time_of_the_site(settings: object) -> None:
    settings.TIME_ZONE = "Europe/Berlin"  # type: ignore[attr-defined]
    berlin = ZoneInfo("Europe/Berlin")
    moved = Moved(day("2026-03-01"), None, day("2026-04-01"))
    assert moved.moment(dt.datetime(2026, 3, 2, 8, tzinfo=berlin)) == dt.datetime(
        2026, 4, 2, 8, tzinfo=berlin
    )


def test_dates_inside_json_are_moved_and_nothing_else_is(moved: Moved) -> None:
    facts = {"on": "2026-01-05", "steps": [{"date": "on 2026-01-05, 6.5"}], "n": 2026, "no": None}
    assert moved.value(facts) == {
        "on": "2026-02-05",
        "steps": [{"date": "on 2026-02-05, 6.5"}],
        "n": 2026,
        "no": None,
    }
    assert moved.value("2026-01-05") == "2026-01-05"  # a text of its own is no date
