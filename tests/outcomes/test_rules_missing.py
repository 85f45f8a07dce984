"""Why a value is missing, on each side of each day that decides."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.calendar import PlannedWindow
from outcomes.rules.endpoints import DatedSample, Lack, SampleChoice
from outcomes.rules.missing import Missing, Standing, counted, why_missing
from trial_site.messages import Message

# DOMAIN 9: day 7 of a first dose on 1 March, one day before to one day after.
WINDOW = PlannedWindow(date(2026, 3, 8), date(2026, 3, 7), date(2026, 3, 9))
NONE = SampleChoice(None, Message("none"), Lack.SAMPLE)
TAKEN = SampleChoice(
    DatedSample("1", datetime(2026, 3, 8, tzinfo=UTC), Decimal("27.9")), Message("taken")
)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 3, 6), Missing.NOT_DUE),
        (date(2026, 3, 7), Missing.OPEN),
        (date(2026, 3, 9), Missing.OPEN),
        (date(2026, 3, 10), Missing.NOT_TAKEN),
    ],
)
def test_the_calendar_decides_without_a_sample(today: date, expected: Missing) -> None:
    assert why_missing(NONE, WINDOW, Standing(today)) is expected


@pytest.mark.parametrize(
    ("left_on", "expected"),
    [
        (date(2026, 3, 5), Missing.LEFT),
        (date(2026, 3, 9), Missing.LEFT),
        (date(2026, 3, 10), Missing.NOT_TAKEN),
    ],
)
def test_who_left_before_the_window_closed_has_left(left_on: date, expected: Missing) -> None:
    assert why_missing(NONE, WINDOW, Standing(date(2026, 3, 20), left_on)) is expected


def test_nobody_is_due_before_the_first_dose() -> None:
    today = date(2026, 3, 8)
    assert why_missing(None, None, Standing(today)) is Missing.NO_DOSE
    assert why_missing(None, None, Standing(today, today)) is Missing.LEFT


@pytest.mark.parametrize(
    ("lack", "expected"),
    [
        (Lack.NO_RESULT, Missing.NO_RESULT),
        (Lack.AFTER_DOSE, Missing.AFTER_DOSE),
        (Lack.SET_ASIDE, Missing.SET_ASIDE),
    ],
)
def test_a_sample_that_does_not_count_is_the_reason(lack: Lack, expected: Missing) -> None:
    choice = SampleChoice(None, Message("no"), lack)
    assert why_missing(choice, WINDOW, Standing(date(2026, 3, 8))) is expected


@given(st.dates(date(2026, 2, 1), date(2026, 5, 1)), st.none() | st.dates(date(2026, 2, 1)))
def test_a_value_is_never_missing_and_no_value_always_has_a_reason(
    today: date, left_on: date | None
) -> None:
    standing = Standing(today, left_on)
    assert why_missing(TAKEN, WINDOW, standing) is None
    assert why_missing(NONE, WINDOW, standing) is not None


@given(st.lists(st.none() | st.sampled_from(Missing)))
def test_every_reason_is_counted(reasons: list[Missing | None]) -> None:
    found = counted(reasons)
    assert sum(number for _, number in found) == sum(reason is not None for reason in reasons)
    assert all(number > 0 and reason.text for reason, number in found)


def test_a_window_of_one_day_is_open_for_it() -> None:
    day = WINDOW.target
    window = PlannedWindow(day, day, day)
    assert why_missing(NONE, window, Standing(day)) is Missing.OPEN
    assert why_missing(NONE, window, Standing(day + timedelta(1))) is Missing.NOT_TAKEN
