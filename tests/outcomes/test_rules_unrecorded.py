"""Doses whose day went by unrecorded become one flag a drug and day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcomes.rules.flags import FlagKind, Urgency, urgency
from outcomes.rules.unrecorded import DoseRecord, OrderedDoses, unrecorded_doses
from trial_site.protocol.definition import Drug, Frequency

TZ = ZoneInfo("Asia/Shanghai")
FIRST = date(2026, 1, 5)
GANCICLOVIR, IL2 = Drug.GANCICLOVIR.value, Drug.IL2.value


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=TZ)


def order(drug: str = GANCICLOVIR, **changes: Any) -> OrderedDoses:
    """From eight o'clock of the first day on: ganciclovir at 08 and 20, IL-2 at 08."""
    values: dict[str, Any] = {
        "drug": drug,
        "starts_at": at(FIRST, 8),
        "ends_at": None,
        "frequency": Frequency.EVERY_12_HOURS if drug == GANCICLOVIR else Frequency.EVERY_24_HOURS,
        "record": f"order:{drug}",
    }
    return OrderedDoses(**values | changes)


def keys(today: date, *orders: OrderedDoses, **record: Any) -> list[str]:
    found = unrecorded_doses(DoseRecord(orders, **record), today=today, tz=TZ)
    return [flag.key for flag in found]


def recorded(*slots: tuple[str, datetime]) -> frozenset[tuple[str, datetime]]:
    return frozenset(slots)


def test_nothing_ordered_is_nothing_forgotten() -> None:
    assert keys(FIRST) == []


def test_the_day_itself_is_not_over() -> None:
    assert keys(FIRST, order()) == []
    assert keys(FIRST + timedelta(days=1), order()) == [f"doses:ganciclovir:{FIRST}"]


def test_a_flag_says_which_slots_of_which_order() -> None:
    [flag] = unrecorded_doses(DoseRecord((order(),)), today=FIRST + timedelta(days=1), tz=TZ)
    assert flag.kind is FlagKind.DOSES
    assert flag.rule.params == {"day": "2026-01-05", "times": "08:00, 20:00"}
    assert flag.evidence == ("order:ganciclovir",)
    assert (flag.window_opens, flag.due_on, flag.window_closes) == (FIRST, FIRST, FIRST)
    assert urgency(flag, FIRST + timedelta(days=1)) is Urgency.LATE


def test_a_recorded_slot_is_not_named_and_a_whole_day_not_flagged() -> None:
    tomorrow = FIRST + timedelta(days=1)
    half = DoseRecord((order(),), recorded((GANCICLOVIR, at(FIRST, 8))))
    [flag] = unrecorded_doses(half, today=tomorrow, tz=TZ)
    assert flag.rule.params["times"] == "20:00"
    both = recorded((GANCICLOVIR, at(FIRST, 8)), (GANCICLOVIR, at(FIRST, 20)))
    assert keys(tomorrow, order(), recorded=both) == []


def test_the_other_drug_s_record_fills_no_slot() -> None:
    given_il2 = recorded((IL2, at(FIRST, 8)), (IL2, at(FIRST, 20)))
    assert keys(FIRST + timedelta(days=1), order(), recorded=given_il2) == [
        f"doses:ganciclovir:{FIRST}"
    ]


def test_each_drug_and_day_has_its_own_flag() -> None:
    assert keys(FIRST + timedelta(days=2), order(), order(IL2)) == [
        "doses:ganciclovir:2026-01-05",
        "doses:il2:2026-01-05",
        "doses:ganciclovir:2026-01-06",
        "doses:il2:2026-01-06",
    ]


@pytest.mark.parametrize(
    ("ends_at", "times"),
    [
        (at(FIRST, 7), None),
        (at(FIRST, 8), None),  # the order ran until just before that moment
        (at(FIRST, 9), "08:00"),
        (at(FIRST, 20), "08:00"),
        (at(FIRST, 21), "08:00, 20:00"),
    ],
)
def test_a_stop_takes_away_what_was_planned_after_it(ends_at: datetime, times: str | None) -> None:
    starts_at = min(at(FIRST, 8), ends_at)
    ordered = order(ends_at=ends_at, starts_at=starts_at if starts_at == ends_at else at(FIRST, 8))
    found = unrecorded_doses(DoseRecord((ordered,)), today=FIRST + timedelta(days=9), tz=TZ)
    assert [flag.rule.params["times"] for flag in found] == ([times] if times else [])


def test_nothing_is_planned_for_whoever_has_left() -> None:
    left = at(FIRST + timedelta(days=1), 12)
    found = keys(FIRST + timedelta(days=9), order(), left_at=left)
    assert found == ["doses:ganciclovir:2026-01-05", "doses:ganciclovir:2026-01-06"]
    assert keys(FIRST + timedelta(days=9), order(), left_at=at(FIRST, 7)) == []


def test_a_dose_after_haemodialysis_has_no_clock() -> None:
    assert keys(FIRST + timedelta(days=9), order(frequency=Frequency.THREE_TIMES_A_WEEK)) == []


def test_moments_need_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        keys(FIRST + timedelta(days=1), order(starts_at=datetime(2026, 1, 5, 8)))  # noqa: DTZ001


@given(
    days=st.integers(1, 20),
    done=st.sets(st.tuples(st.integers(0, 19), st.sampled_from([8, 20]))),
)
def test_flags_and_records_add_up_to_the_plan(days: int, done: set[tuple[int, int]]) -> None:
    slots = {(GANCICLOVIR, at(FIRST + timedelta(days=day), hour)) for day, hour in done}
    record = DoseRecord((order(),), frozenset(slots))
    found = unrecorded_doses(record, today=FIRST + timedelta(days=days), tz=TZ)
    named = sum(str(flag.rule.params["times"]).count(":") for flag in found)
    assert named + sum(day < days for day, _ in done) == 2 * days
    assert len({flag.key for flag in found}) == len(found)
