"""Which sample counts, and the comparison of the arms (DOMAIN 1.2, 10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from enrollment.rules.calendar import plan
from outcomes.rules.endpoints import (
    DatedSample,
    baseline_sample,
    compare,
    nk_change,
    sample_in_window,
)
from outcomes.rules.statistics import RankSum, ShiftEstimate, Undefined
from trial_site.protocol import current

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_DOSE = datetime(2026, 3, 1, 9, 30, tzinfo=SHANGHAI)
DAY7 = plan(current().visit("D7"), FIRST_DOSE.date())


def sample(
    record: str,
    collected_at: datetime,
    value: str | None = "20.7",
    *,
    after_dose: bool = False,
) -> DatedSample:
    number = None if value is None else Decimal(value)
    return DatedSample(record, collected_at, number, after_dose)


def on_day(day: int, value: str | None = "20.7", *, hour: int = 8) -> DatedSample:
    collected_at = (FIRST_DOSE + timedelta(days=day)).replace(hour=hour, minute=0)
    return sample(f"day {day} {hour} h", collected_at, value)


# --- day 7 ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "counts"), [(5, False), (6, True), (7, True), (8, True), (9, False)]
)
def test_the_day_7_window_is_6_to_8_days(day: int, counts: bool) -> None:
    choice = sample_in_window([on_day(day)], window=DAY7, tz=SHANGHAI)
    assert (choice.sample is not None) is counts


def test_the_nearest_to_the_target_counts() -> None:
    choice = sample_in_window([on_day(6), on_day(8), on_day(7)], window=DAY7, tz=SHANGHAI)
    assert choice.sample == on_day(7)
    assert str(choice.why) == (
        "collected 2026-03-08: of 3 in the window 2026-03-07 to 2026-03-09, "
        "the nearest to 2026-03-08 that counts"
    )


def test_of_two_equally_near_the_earlier_counts() -> None:
    assert sample_in_window([on_day(8), on_day(6)], window=DAY7, tz=SHANGHAI).sample == on_day(6)
    same_day = [on_day(7, hour=15), on_day(7, hour=8)]
    assert sample_in_window(same_day, window=DAY7, tz=SHANGHAI).sample == on_day(7, hour=8)


def test_a_sample_without_result_gives_way_to_the_next() -> None:
    choice = sample_in_window([on_day(7, None), on_day(8, "29.4")], window=DAY7, tz=SHANGHAI)
    assert choice.value == Decimal("29.4")


def test_a_result_of_zero_is_a_result() -> None:
    assert sample_in_window([on_day(7, "0")], window=DAY7, tz=SHANGHAI).value == 0


def test_a_sample_drawn_after_the_dose_of_the_day_does_not_count() -> None:
    late = sample("after", FIRST_DOSE + timedelta(days=7), after_dose=True)
    choice = sample_in_window([late], window=DAY7, tz=SHANGHAI)
    assert choice.sample is None
    assert str(choice.why) == "the sample of 2026-03-08 was drawn after that day's dose"
    assert sample_in_window([late, on_day(8)], window=DAY7, tz=SHANGHAI).sample == on_day(8)


def test_missing_stays_missing_and_says_why() -> None:
    nothing = sample_in_window([on_day(5), on_day(9)], window=DAY7, tz=SHANGHAI)
    assert (nothing.sample, nothing.value) == (None, None)
    assert str(nothing.why) == "no sample was collected from 2026-03-07 to 2026-03-09"
    failed = sample_in_window([on_day(7, None)], window=DAY7, tz=SHANGHAI)
    assert failed.sample is None
    assert str(failed.why) == "the sample of 2026-03-08 has no usable result"


# --- baseline -------------------------------------------------------------------------------


def test_the_baseline_is_the_last_sample_before_the_first_dose() -> None:
    samples = [on_day(-3, "18.0"), on_day(0, "18.4", hour=8), on_day(1, "25.0")]
    choice = baseline_sample(samples, first_dose_at=FIRST_DOSE, tz=SHANGHAI)
    assert choice.value == Decimal("18.4")
    assert str(choice.why) == "collected 2026-03-01, the last before the first dose"


@pytest.mark.parametrize(("minutes", "counts"), [(-1, True), (0, True), (1, False)])
def test_the_moment_of_the_first_dose_still_is_baseline(minutes: int, counts: bool) -> None:
    drawn = sample("only", FIRST_DOSE + timedelta(minutes=minutes))
    choice = baseline_sample([drawn], first_dose_at=FIRST_DOSE, tz=SHANGHAI)
    assert (choice.sample is not None) is counts


def test_an_earlier_result_stands_in_for_a_failed_one() -> None:
    samples = [on_day(-3, "18.0"), on_day(0, None)]
    assert baseline_sample(samples, first_dose_at=FIRST_DOSE, tz=SHANGHAI).value == Decimal("18.0")


def test_a_missing_baseline_says_why() -> None:
    def why(samples: list[DatedSample], first_dose_at: datetime | None = FIRST_DOSE) -> str:
        choice = baseline_sample(samples, first_dose_at=first_dose_at, tz=SHANGHAI)
        assert choice.sample is None
        return str(choice.why)

    assert why([on_day(0)], first_dose_at=None) == "no ganciclovir has been given yet"
    assert why([on_day(1)]) == "no sample was collected before the first dose"
    assert why([on_day(-1, None)]) == "the sample of 2026-02-28 has no usable result"


# --- change and comparison ------------------------------------------------------------------


def test_the_change_is_exact_and_keeps_its_sign() -> None:
    assert nk_change(Decimal("18.4"), Decimal("27.9")) == Decimal("9.5")
    assert nk_change(Decimal("16.8"), Decimal("15.2")) == Decimal("-1.6")
    assert nk_change(Decimal("0"), Decimal("-0.957")) == Decimal("-0.957")


def test_no_change_without_both_values() -> None:
    assert nk_change(None, Decimal("27.9")) is None
    assert nk_change(Decimal("18.4"), None) is None


def test_the_arms_are_compared_in_the_order_given() -> None:
    values = {
        "il2_gcv": [Decimal(v) for v in ("9.5", "13.5", "4.8", "11.1", "7.7")],
        "gcv": [Decimal(v) for v in ("2.1", "-1.6", "4.6", "-0.7", "3.1")],
    }
    found = compare(values)
    assert [arm.arm for arm in found.arms] == ["il2_gcv", "gcv"]
    assert isinstance(found.test, RankSum)
    assert isinstance(found.shift, ShiftEstimate)
    assert found.test.u == 25
    assert found.shift.estimate == 8
    back = compare({"gcv": values["gcv"], "il2_gcv": values["il2_gcv"]})
    assert isinstance(back.shift, ShiftEstimate)
    assert back.shift.estimate == -8


def test_missing_values_are_counted_and_never_imputed() -> None:
    found = compare({"il2_gcv": [Decimal(9), None, Decimal(5)], "gcv": [None, Decimal(2)]})
    assert [(arm.allocated, arm.missing, arm.description.n) for arm in found.arms] == [
        (3, 1, 2),
        (2, 1, 1),
    ]
    assert found.arms[0].description.mean == 7


def test_an_arm_of_nobody_leaves_the_other_described() -> None:
    found = compare({"il2_gcv": [Decimal(9)], "gcv": []})
    assert found.arms[0].description.mean == 9
    assert isinstance(found.test, Undefined)
    assert isinstance(found.shift, Undefined)


def test_anything_but_two_arms_is_refused() -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        compare({"il2_gcv": [Decimal(9)]})


@pytest.mark.parametrize(("hour", "counts"), [(15, True), (16, False)])
def test_days_are_counted_in_the_zone_of_the_site(hour: int, counts: bool) -> None:
    # Day 8 ends at 16:00 UTC in Shanghai.
    drawn = sample("evening", datetime(2026, 3, 9, hour, tzinfo=UTC))
    choice = sample_in_window([drawn], window=DAY7, tz=SHANGHAI)
    assert (choice.sample is not None) is counts
