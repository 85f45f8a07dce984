"""When a planned dose is due, late, held or open, and where the next injection goes."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing.rules.timing import SlotState, is_open, next_site, slot_state
from trial_site.protocol import current

PLANNED_AT = dt.datetime(2026, 3, 18, 0, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
SECOND = dt.timedelta(seconds=1)


@pytest.mark.parametrize(
    ("since", "state"),
    [
        (-61 * MINUTE, SlotState.PLANNED),
        (-60 * MINUTE - SECOND, SlotState.PLANNED),
        (-60 * MINUTE, SlotState.DUE),
        (dt.timedelta(0), SlotState.DUE),
        (60 * MINUTE - SECOND, SlotState.DUE),
        (60 * MINUTE, SlotState.LATE),
        (dt.timedelta(days=3), SlotState.LATE),
    ],
)
def test_due_an_hour_before_and_late_an_hour_after(since: dt.timedelta, state: SlotState) -> None:
    now = PLANNED_AT + since
    assert slot_state(PLANNED_AT, now=now, recorded=None, is_held=False) is state


@pytest.mark.parametrize("hours", [-12, 0, 5])
def test_a_held_dose_is_held_whatever_the_hour(hours: int) -> None:
    now = PLANNED_AT + dt.timedelta(hours=hours)
    assert slot_state(PLANNED_AT, now=now, recorded=None, is_held=True) is SlotState.HELD


@pytest.mark.parametrize("recorded", ["given", "partial", "not_given"])
def test_what_was_recorded_comes_before_everything(recorded: str) -> None:
    state = slot_state(PLANNED_AT, now=PLANNED_AT, recorded=recorded, is_held=True)
    assert state == recorded
    assert state.is_recorded


def test_late_due_held_planned_done() -> None:
    ranks = [state.urgency for state in SlotState]
    assert ranks == [0, 1, 2, 3, 4, 4, 4]


@pytest.mark.parametrize(("minutes", "is_it"), [(61, False), (60, True), (0, True), (-600, True)])
def test_a_slot_opens_an_hour_before_its_time(minutes: int, is_it: bool) -> None:
    assert is_open(PLANNED_AT, PLANNED_AT - minutes * MINUTE) is is_it


@given(st.integers(min_value=-3000, max_value=3000))
def test_only_a_slot_that_is_open_is_due_or_late(minutes: int) -> None:
    now = PLANNED_AT + minutes * MINUTE
    state = slot_state(PLANNED_AT, now=now, recorded=None, is_held=False)
    assert (state in {SlotState.DUE, SlotState.LATE}) is is_open(PLANNED_AT, now)


@pytest.mark.parametrize(
    ("last", "following"),
    [
        (None, "abdomen_left"),
        ("", "abdomen_left"),
        ("a site of an older protocol", "abdomen_left"),
        ("abdomen_left", "abdomen_right"),
        ("thigh_right", "abdomen_left"),
    ],
)
def test_injection_sites_rotate(last: str | None, following: str) -> None:
    assert next_site(last, current().il2) == following


def test_six_injections_use_six_sites() -> None:
    used, last = [], None
    for _ in range(6):
        last = next_site(last, current().il2)
        used.append(last)
    assert sorted(used) == sorted(code for code, _ in current().il2.injection_sites)
