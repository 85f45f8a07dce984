"""Relapse suspected and confirmed, a rise under treatment: as long as which they stand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.conversion import PcrObservation, assess_conversion
from labs.rules.pcr import PcrValue
from outcomes.rules.flags import DueFlag, FlagKind
from outcomes.rules.setbacks import setbacks
from trial_site.protocol import current

RULE = current().pcr
DAY0 = dt.date(2026, 1, 1)
MORNING = dt.datetime(2026, 1, 1, 8, tzinfo=dt.UTC)


def day(number: int) -> dt.date:
    return DAY0 + dt.timedelta(days=number)


def found(
    series: dict[int, int], *, rescues: tuple[int, ...] = (), withdrawn_on: int | None = None
) -> dict[str, DueFlag]:
    """The flags of copies/mL by the day since the first dose."""
    observations = [
        PcrObservation(
            MORNING + dt.timedelta(days=number),
            PcrValue("=", Decimal(copies), RULE.unit),
            number,
        )
        for number, copies in series.items()
    ]
    withdrawal = None if withdrawn_on is None else MORNING + dt.timedelta(days=withdrawn_on)
    conversion = assess_conversion(
        observations, day0=MORNING, rule=RULE, tz=dt.UTC, withdrawal=withdrawal
    )
    flags = setbacks(
        conversion,
        day0=DAY0,
        rescues=[day(number) for number in rescues],
        withdrawn=withdrawn_on is not None,
        rule=RULE,
    )
    return {flag.key: flag for flag in flags}


CONVERTED = {-1: 52000, 7: 640, 14: 500}


@pytest.mark.parametrize(
    ("series", "keys"),
    [
        (CONVERTED, set()),
        (CONVERTED | {21: 999}, set()),
        (CONVERTED | {21: 1000}, set()),  # exactly at the threshold is neither
        (CONVERTED | {21: 1001}, {"suspected:2026-01-22"}),
        (CONVERTED | {21: 1001, 24: 999}, set()),
        (CONVERTED | {21: 1001, 24: 1000}, set()),
        (CONVERTED | {21: 1001, 24: 1001}, {"relapse:2026-01-22"}),
        (CONVERTED | {21: 1001, 24: 999, 28: 4000}, {"suspected:2026-01-29"}),
        ({-1: 52000, 7: 3000}, set()),  # never converted
        ({-1: 52000}, set()),
    ],
)
def test_relapse_is_suspected_by_one_result_and_confirmed_by_two(
    series: dict[int, int], keys: set[str]
) -> None:
    assert set(found(series)) == keys


def test_a_suspicion_says_what_was_found_and_by_when_to_look_again() -> None:
    flag = found(CONVERTED | {21: 4200})["suspected:2026-01-22"]
    assert str(flag.rule) == (
        "4,200 copies/mL on 2026-01-22, after conversion: above 1000 copies/mL. Suspected until "
        "the next sample, due by 2026-01-25"
    ).replace(" copies/mL on", "\N{NO-BREAK SPACE}copies/mL on")
    assert (flag.kind, flag.title) == (FlagKind.RELAPSE, "Relapse suspected")
    assert flag.evidence == ("result:21",)
    assert (flag.window_opens, flag.window_closes) == (day(21), day(24))


def test_a_confirmed_relapse_stands_until_a_rescue_begins() -> None:
    series = CONVERTED | {21: 4200, 24: 5000}
    assert set(found(series, rescues=(20,))) == {"relapse:2026-01-22"}
    assert found(series, rescues=(21,)) == {}
    assert found(series, rescues=(30,)) == {}


def test_a_confirmed_relapse_is_not_undone_by_a_later_negative() -> None:
    series = CONVERTED | {21: 4200, 24: 5000, 28: 300}
    assert set(found(series)) == {"relapse:2026-01-22"}


def test_a_second_relapse_is_found_after_the_first() -> None:
    series = CONVERTED | {21: 4200, 24: 5000, 40: 300, 60: 2000, 63: 2500}
    assert set(found(series, rescues=(25,))) == {"relapse:2026-03-02"}
    assert set(found(series)) == {"relapse:2026-01-22", "relapse:2026-03-02"}


@pytest.mark.parametrize(
    ("series", "keys"),
    [
        ({-1: 2000, 13: 20001}, set()),  # a day too early
        ({-1: 2000, 14: 20000}, set()),  # exactly one log10
        ({-1: 2000, 14: 20001}, {"refractory:2026-01-15"}),
        ({-1: 2000, 14: 20001, 18: 999}, set()),
        ({-1: 2000, 14: 20001, 18: 5000}, {"refractory:2026-01-15"}),
    ],
)
def test_a_rise_of_more_than_one_log_after_two_weeks(
    series: dict[int, int], keys: set[str]
) -> None:
    assert set(found(series)) == keys


def test_a_rise_stands_until_the_drugs_are_withdrawn() -> None:
    assert found({-1: 2000, 14: 20001}, withdrawn_on=15) == {}
    flag = found({-1: 2000, 14: 20001})["refractory:2026-01-15"]
    assert flag.kind is FlagKind.REFRACTORY
    assert str(flag.rule).endswith(
        "more than 1 log10 above baseline after 14 days or more of treatment"
    )


@given(st.lists(st.sampled_from([300, 999, 1000, 1001, 40000, 900000]), min_size=1, max_size=14))
def test_what_is_settled_is_not_asked_again(values: list[int]) -> None:
    """Sample after sample, a finding that went does not come back."""
    before: set[str] = set()
    gone: set[str] = set()
    for number in range(len(values)):
        series = {-1: 5000} | {3 * (place + 1): v for place, v in enumerate(values[: number + 1])}
        now = set(found(series))
        gone |= before - now
        assert not gone & now
        before = now
