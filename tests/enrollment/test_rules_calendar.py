"""Visit windows (DOMAIN 9)."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.calendar import (
    PlannedWindow,
    add_months,
    deviation,
    monday,
    plan,
    week_name,
    week_named,
    weeks_of_month,
)
from trial_site.protocol import current
from trial_site.protocol.definition import Anchor, VisitRule


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


@given(days, st.sampled_from(current().visits))
def test_a_window_holds_its_target_and_nothing_comes_before_its_anchor(
    anchor: date, rule: VisitRule
) -> None:
    window = plan(rule, anchor)

    assert window.opens <= window.target <= window.closes
    assert window.contains(window.target)
    assert (window.closes - window.opens).days == rule.days_before + rule.days_after
    if rule.never_early:
        assert window.opens == window.target > anchor


@given(days)
def test_the_visits_of_one_anchor_keep_the_order_of_the_protocol(anchor: date) -> None:
    for kind in Anchor:
        targets = [plan(rule, anchor).target for rule in current().visits if rule.anchor is kind]
        assert targets == sorted(targets)


@pytest.mark.parametrize(
    ("by", "said"),
    [(2, "2 days late"), (1, "1 day late"), (-1, "1 day early"), (-3, "3 days early")],
)
def test_a_deviation_in_words(by: int, said: str) -> None:
    assert str(deviation(by)) == said
    assert deviation(0) is None


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("2026-W12", date(2026, 3, 16)),
        ("2026-W01", date(2025, 12, 29)),
        ("2026-W53", date(2026, 12, 28)),
        ("2025-W53", None),  # a year of 52 weeks
        ("2026-W00", None),
        ("2026-W54", None),
        ("1999-W12", None),
        ("2101-W12", None),
        ("2026-w12", None),
        ("2026-W1", None),
        ("W12", None),
        ("", None),
    ],
)
def test_weeks_have_names(name: str, begins: date | None) -> None:
    assert week_named(name) == begins


@given(days)
def test_a_day_lies_in_the_week_of_its_name(day: date) -> None:
    begins = monday(day)

    assert begins.weekday() == 0
    assert 0 <= (day - begins).days <= 6
    if 2000 <= begins.isocalendar().year <= 2100:
        assert week_named(week_name(day)) == begins


@given(days)
def test_a_month_is_shown_in_whole_weeks(day: date) -> None:
    weeks = weeks_of_month(day)
    shown = [one for week in weeks for one in week]

    assert all(len(week) == 7 and week[0].weekday() == 0 for week in weeks)
    assert [b - a for a, b in pairwise(shown)] == [timedelta(days=1)] * (len(shown) - 1)
    assert day in shown
