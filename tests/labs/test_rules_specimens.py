"""When a specimen can have been collected and received, and results printed and read again."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labs.rules.pcr import Operator, parse_result, printed_text
from labs.rules.specimens import sampling_faults

NOW = dt.datetime(2026, 3, 17, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def faults(collected: dt.timedelta, received: dt.timedelta | None) -> list[str]:
    moment = None if received is None else NOW + received
    return [name for name, _ in sampling_faults(NOW + collected, moment, now=NOW)]


@pytest.mark.parametrize(
    ("collected", "received", "expected"),
    [
        (-2 * MINUTE, -MINUTE, []),
        (-MINUTE, -MINUTE, []),
        (0 * MINUTE, 0 * MINUTE, []),
        (-MINUTE, None, []),
        (MINUTE, None, ["collected_at"]),
        (-MINUTE, MINUTE, ["received_at"]),
        (-MINUTE, -2 * MINUTE, ["collected_at"]),
        (2 * MINUTE, MINUTE, ["collected_at", "received_at", "collected_at"]),
    ],
)
def test_a_specimen_is_collected_then_received_then_now(
    collected: dt.timedelta, received: dt.timedelta | None, expected: list[str]
) -> None:
    assert faults(collected, received) == expected


@pytest.mark.parametrize(
    ("collected", "expected"),
    [(-MINUTE, ["collected_at"]), (0 * MINUTE, []), (MINUTE, []), (None, [])],
)
def test_nothing_is_collected_before_the_day_of_birth(
    collected: dt.timedelta | None, expected: list[str]
) -> None:
    born = None if collected is None else NOW - dt.timedelta(days=365 * 40)
    at = NOW - MINUTE if born is None or collected is None else born + collected
    assert [name for name, _ in sampling_faults(at, None, now=NOW, born=born)] == expected


@pytest.mark.parametrize(
    ("operator", "value", "text"),
    [
        ("=", "52000", "52000"),
        ("=", "30.0", "30.0"),
        ("=", "5.2E+4", "52000"),
        ("<", "500", "<500"),
        (">", "9100000", ">9100000"),
        ("ND", None, "not detected"),
    ],
)
def test_a_result_is_printed_digit_for_digit(operator: str, value: str | None, text: str) -> None:
    assert printed_text(operator, None if value is None else Decimal(value)) == text


@given(
    st.sampled_from([Operator.EQUAL, Operator.BELOW, Operator.ABOVE]),
    st.decimals(min_value=0, max_value=10**12, places=4),
)
def test_what_is_printed_is_read_again(operator: Operator, value: Decimal) -> None:
    read_operator, number = parse_result(printed_text(operator, value))
    assert (read_operator, str(number)) == (operator, str(value))


def test_not_detected_is_read_again() -> None:
    assert parse_result(printed_text("ND", None)) == (Operator.NOT_DETECTED, None)
