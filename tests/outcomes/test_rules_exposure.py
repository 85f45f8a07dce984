"""Doses as spans of days."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.rules.exposure import DayState, DoseDay, Span, day_state, merged, spans

GIVEN, PARTIAL, NOT = "given", "partial", "not_given"


def dose(
    day: int, delivery: str = GIVEN, drug: str = "ganciclovir", course: str = "first"
) -> DoseDay:
    return DoseDay(drug, course, day, delivery)


@pytest.mark.parametrize(
    ("deliveries", "state"),
    [
        ([GIVEN], DayState.FULL),
        ([GIVEN, GIVEN], DayState.FULL),
        ([GIVEN, PARTIAL], DayState.PARTIAL),
        ([GIVEN, NOT], DayState.PARTIAL),
        ([PARTIAL], DayState.PARTIAL),
        ([PARTIAL, NOT], DayState.PARTIAL),
        ([NOT, NOT], DayState.MISSED),
    ],
)
def test_a_day_is_what_became_of_all_its_doses(deliveries: list[str], state: DayState) -> None:
    assert day_state(deliveries) is state


def test_neighbouring_days_of_one_state_are_one_span() -> None:
    found = spans([dose(0), dose(0), dose(1), dose(2, NOT), dose(3), dose(5)])
    assert [(span.first, span.last, span.state) for span in found] == [
        (0, 1, DayState.FULL),
        (2, 2, DayState.MISSED),
        (3, 3, DayState.FULL),
        (5, 5, DayState.FULL),  # nothing is recorded of day 4
    ]
    assert found[0].days == 2


def test_drugs_and_courses_have_their_own_spans() -> None:
    found = spans([dose(0), dose(0, drug="il2"), dose(1, course="rescue")])
    assert {(span.drug, span.course) for span in found} == {
        ("ganciclovir", "first"),
        ("il2", "first"),
        ("ganciclovir", "rescue"),
    }


@given(st.lists(st.builds(dose, st.integers(-3, 20), st.sampled_from([GIVEN, PARTIAL, NOT]))))
def test_spans_cover_each_recorded_day_once(doses: list[DoseDay]) -> None:
    found: tuple[Span, ...] = spans(doses)
    days = [day for span in found for day in range(span.first, span.last + 1)]
    assert sorted(days) == sorted({one.day for one in doses})


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ([], ()),
        ([(3, 3)], ((3, 3),)),
        ([(5, 6), (1, 2)], ((1, 2), (5, 6))),
        ([(1, 2), (3, 4)], ((1, 4),)),  # they touch
        ([(1, 9), (3, 4)], ((1, 9),)),
    ],
)
def test_holds_that_touch_are_one(
    days: list[tuple[int, int]], expected: tuple[tuple[int, int], ...]
) -> None:
    assert merged(days) == expected
