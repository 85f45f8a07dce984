"""Blood under ganciclovir: every 2 days while it is given every 12 hours, else weekly (label)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.rules.bloods import Treatment, blood_checks
from outcomes.rules.flags import DatedRecord, DueFlag, FlagKind, Urgency, urgency
from trial_site.protocol import current
from trial_site.protocol.definition import Frequency

PROTOCOL = current()
BEGUN = date(2026, 1, 1)
COUNT = ("anc", "hemoglobin", "platelets")
Q12H, Q24H = Frequency.EVERY_12_HOURS, Frequency.EVERY_24_HOURS


def order(
    begins: int = 1, ends: int | None = None, often: Frequency = Q12H, number: int = 1
) -> Treatment:
    """From and to a day of January."""
    last = date(2026, 1, ends) if ends else None
    return Treatment(date(2026, 1, begins), last, often, f"order:{number}")


def drawn(day: int, *analytes: str) -> dict[str, DatedRecord]:
    return {
        code: DatedRecord(date(2026, 1, day), f"result:{day}-{code}") for code in analytes or COUNT
    }


def due(
    *orders: Treatment, latest: dict[str, DatedRecord] | None = None, today: int = 1
) -> dict[str, DueFlag]:
    flags = blood_checks(orders, latest or {}, today=date(2026, 1, today), protocol=PROTOCOL)
    return {flag.key: flag for flag in flags}


def days(found: Collection[str], code: str) -> list[int]:
    return [int(key.rpartition("-")[2]) for key in found if key.startswith(code)]


def test_nobody_is_examined_without_an_order() -> None:
    assert due(latest=drawn(1)) == {}


@pytest.mark.parametrize(
    ("often", "count", "creatinine"),
    [(Q12H, 3, 8), (Q24H, 8, 8), (Frequency.THREE_TIMES_A_WEEK, 8, 8)],
)
def test_the_first_check_counts_from_the_order(
    often: Frequency, count: int, creatinine: int
) -> None:
    found = due(order(often=often))
    assert days(found, "blood_count") == [count]
    assert days(found, "creatinine") == [creatinine]
    assert found[f"blood_count:2026-01-0{count}"].evidence == ("order:1",)


def test_a_result_moves_the_next_check_and_says_so() -> None:
    found = due(order(), latest=drawn(3), today=4)
    flag = found["blood_count:2026-01-05"]
    assert str(flag.rule) == (
        "Last result 2026-01-03 + 2 d = 2026-01-05 (ganciclovir every 12 hours)"
    )
    assert flag.kind is FlagKind.BLOODS
    assert flag.evidence == ("result:3-anc", "order:1")
    assert flag.window_opens == flag.due_on == flag.window_closes


def test_a_count_is_as_old_as_its_oldest_value() -> None:
    latest = drawn(7, "anc", "hemoglobin") | drawn(5, "platelets")
    assert days(due(order(), latest=latest, today=7), "blood_count") == [7]


def test_a_count_without_one_value_is_none() -> None:
    assert days(due(order(), latest=drawn(9, "anc", "hemoglobin"), today=9), "blood_count") == [3]


def test_blood_from_before_the_order_does_not_count() -> None:
    assert days(due(order(begins=5), latest=drawn(4)), "blood_count") == [7]
    assert days(due(order(begins=5), latest=drawn(5)), "blood_count") == [7]
    assert days(due(order(begins=5), latest=drawn(6)), "blood_count") == [8]


@pytest.mark.parametrize(
    ("today", "expected"), [(4, Urgency.SOON), (5, Urgency.DUE), (6, Urgency.LATE)]
)
def test_there_is_no_slack(today: int, expected: Urgency) -> None:
    flag = due(order(), latest=drawn(3), today=today)["blood_count:2026-01-05"]
    assert urgency(flag, date(2026, 1, today)) is expected


def test_a_later_order_of_another_frequency_asks_less_often() -> None:
    orders = order(ends=10), order(begins=10, often=Q24H, number=2)
    # On the tenth the count of the ninth is a day old, and from that day on a week will do.
    assert days(due(*orders, latest=drawn(9), today=10), "blood_count") == [16]
    # The count of the seventh was due on the ninth, under the order before.
    assert days(due(*orders, latest=drawn(7), today=10), "blood_count") == [9]


def test_a_week_begun_under_one_order_goes_on_under_the_next() -> None:
    orders = order(ends=5), order(begins=6, number=2)
    assert days(due(*orders, latest=drawn(4), today=6), "blood_count") == [6]


def test_after_the_last_order_nothing_is_asked_for() -> None:
    assert due(order(ends=10), latest=drawn(3), today=10) == {}
    assert days(due(order(ends=10), latest=drawn(3), today=9), "blood_count") == [5]


def test_a_check_that_would_be_due_after_the_end_is_not() -> None:
    assert due(order(ends=10), latest=drawn(9) | drawn(9, "creatinine"), today=9) == {}


def test_a_second_course_counts_from_its_own_beginning() -> None:
    orders = order(ends=5), order(begins=20, number=2)
    assert days(due(*orders, latest=drawn(4), today=12), "blood_count") == [22]


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=30),
    st.sampled_from(list(Frequency)),
    st.integers(5, 60),
)
def test_what_was_examined_is_never_asked_for_again(
    gaps: list[int], often: Frequency, length: int
) -> None:
    """Day after day, blood on some of them: a key that has gone does not come back."""
    drawings, day = set(), BEGUN
    for gap in gaps:
        day += timedelta(days=gap)
        drawings.add(day)
    course = [Treatment(BEGUN, BEGUN + timedelta(days=length), often, "order:1")]
    latest: dict[str, DatedRecord] = {}
    before: set[str] = set()
    gone: set[str] = set()
    for number in range(length + 3):
        today = BEGUN + timedelta(days=number)
        if today in drawings:
            latest = {
                code: DatedRecord(today, f"result:{number}") for code in (*COUNT, "creatinine")
            }
        now = {f.key for f in blood_checks(course, latest, today=today, protocol=PROTOCOL)}
        gone |= before - now
        assert not gone & now
        assert len(now) <= 2
        before = now
    assert before == set()
