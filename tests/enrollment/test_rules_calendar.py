"""Visit windows (DOMAIN 9)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.calendar import PlannedWindow, add_months, plan
from trial_site.protocol import current


@pytest.mark.parametrize(
    ("day", "months", "moved"),
    [
        (date(2020, 11, 30), 3, date(2021, 2, 28)),
        (date(2019, 11, 30), 3, date(2020, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
        (date(2026, 9, 15), 3, date(2026, 12, 15)),
        (date(2026, 10, 15), 3, date(2027, 1, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_months_clamp_to_the_last_day(day: date, months: int, moved: date) -> None:
    assert add_months(day, months) == moved


ANCHOR = date(2020, 11, 30)


@pytest.mark.parametrize(
    ("code", "target", "opens", "closes"),
    [
        ("SCREENING", date(2020, 11, 29), date(2020, 11, 16), date(2020, 11, 29)),  # -14 to -1
        ("D0", ANCHOR, ANCHOR, ANCHOR),
        ("D7", date(2020, 12, 7), date(2020, 12, 6), date(2020, 12, 8)),  # 6 to 8
        ("WITHDRAWAL", date(2020, 12, 1), ANCHOR, date(2020, 12, 3)),  # 0 to +3, aimed at +1
        ("M1", date(2020, 12, 30), date(2020, 12, 23), date(2021, 1, 6)),  # 7 either way
        ("M2", date(2021, 1, 30), date(2021, 1, 23), date(2021, 2, 6)),
        ("M3", date(2021, 2, 28), date(2021, 2, 28), date(2021, 3, 14)),  # -0/+14
    ],
)
def test_window_of_each_visit(code: str, target: date, opens: date, closes: date) -> None:
    assert plan(current().visit(code), ANCHOR) == PlannedWindow(target, opens, closes)


def test_a_window_includes_its_first_and_last_day() -> None:
    window = plan(current().visit("M3"), ANCHOR)

    assert not window.contains(date(2021, 2, 27))
    assert window.contains(date(2021, 2, 28))
    assert window.contains(date(2021, 3, 14))
    assert not window.contains(date(2021, 3, 15))


days = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))


@given(days, st.integers(-60, 60))
def test_adding_months_lands_in_the_right_month(day: date, months: int) -> None:
    moved = add_months(day, months)

    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == day.day or (
        moved.day < day.day and (moved + timedelta(days=1)).month != moved.month
    )
