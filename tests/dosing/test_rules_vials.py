"""Whole vials, and how a lot stands."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing.rules.vials import (
    EXPIRES_SOON,
    LotFacts,
    LotState,
    expected_vials,
    is_expired,
    lot_faults,
    lot_state,
)

LAST_DAY = date(2026, 3, 31)
FACTS = LotFacts("Cymevene", "GCV-2601", Decimal(500), LAST_DAY, "Below 25 °C")


@pytest.mark.parametrize(
    ("amount", "content", "vials"),
    [
        ("0", "500", 0),
        ("0.1", "500", 1),
        ("300", "500", 1),
        ("499.9", "500", 1),
        ("500", "500", 1),
        ("500.1", "500", 2),
        ("1000", "500", 2),
        ("1", "18", 1),
        ("1", "1", 1),
        ("1", "0.5", 2),
        ("1", "0.3", 4),
    ],
)
def test_a_dose_takes_whole_vials(amount: str, content: str, vials: int) -> None:
    assert expected_vials(Decimal(amount), Decimal(content)) == vials


@pytest.mark.parametrize(("amount", "content"), [("-1", "500"), ("1", "0"), ("1", "-5")])
def test_no_dose_and_no_vial_is_below_0(amount: str, content: str) -> None:
    with pytest.raises(ValueError, match="from vials of"):
        expected_vials(Decimal(amount), Decimal(content))


POSITIVE = st.decimals(Decimal("0.001"), Decimal(6000), places=3)


@given(POSITIVE, POSITIVE)
def test_the_vials_hold_the_dose_and_one_fewer_would_not(amount: Decimal, content: Decimal) -> None:
    vials = expected_vials(amount, content)
    assert (vials - 1) * content < amount <= vials * content


@pytest.mark.parametrize(
    ("days", "state"),
    [
        (-31, LotState.USABLE),
        (-30, LotState.EXPIRES_SOON),
        (-1, LotState.EXPIRES_SOON),
        (0, LotState.EXPIRES_SOON),
        (1, LotState.EXPIRED),
    ],
)
def test_how_a_lot_stands_around_its_last_day(days: int, state: LotState) -> None:
    on = LAST_DAY + timedelta(days=days)
    assert lot_state(LAST_DAY, on=on, is_recalled=False) is state
    assert is_expired(LAST_DAY, on) is (state is LotState.EXPIRED)
    assert lot_state(LAST_DAY, on=on, is_recalled=True) is LotState.RECALLED


def test_soon_is_thirty_days() -> None:
    assert timedelta(days=30) == EXPIRES_SOON


def test_an_ordinary_label_has_no_fault() -> None:
    assert lot_faults(FACTS) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("product", " "),
        ("number", ""),
        ("storage", ""),
        ("content", Decimal(0)),
        ("content", Decimal(-1)),
        ("diluent_ml", Decimal(0)),
    ],
)
def test_what_cannot_stand_on_a_label(name: str, value: object) -> None:
    faults = lot_faults(LotFacts(**vars(FACTS) | {name: value}))
    assert [field for field, _ in faults] == [name]
