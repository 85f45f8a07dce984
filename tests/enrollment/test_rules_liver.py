"""E4c ALT or AST and E4d bilirubin (DOMAIN 1.1, 1.3 row 10)."""

from datetime import timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.rules.verdicts import State
from tests.enrollment.eligible import JUDGED_ON, verdict, words

MET, NOT_MET, UNKNOWN = State.MET, State.NOT_MET, State.UNKNOWN

# value of an enzyme with ULN 40, and whether it is above 3 x ULN
BELOW, AT, ABOVE, MISSING = "119.9", "120", "120.1", None
ANSWER = {BELOW: False, AT: False, ABOVE: True, MISSING: None}


def number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.mark.parametrize(("alt", "ast"), list(product(ANSWER, ANSWER)))
def test_three_valued_or(alt: str | None, ast: str | None) -> None:
    answers = {ANSWER[alt], ANSWER[ast]}
    expected = MET if True in answers else UNKNOWN if None in answers else NOT_MET

    found = verdict(
        "E4c",
        alt=number(alt),
        ast=number(ast),
        alt_uln=Decimal("40"),
        ast_uln=Decimal("40"),
    )

    assert found.state is expected


def test_each_enzyme_is_held_against_its_own_limit() -> None:
    assert verdict("E4c", alt=Decimal("110"), alt_uln=Decimal("35")).state is MET
    assert verdict("E4c", alt=Decimal("110"), alt_uln=Decimal("40")).state is NOT_MET


@pytest.mark.parametrize(
    ("missing", "needed"),
    [
        ({"ast": None}, ["AST"]),
        ({"ast_uln": None}, ["the ULN of AST"]),
        ({"alt": None, "alt_uln": None}, ["ALT", "the ULN of ALT"]),
        ({"alt_uln": Decimal(0)}, ["a ULN of ALT above 0"]),
        ({"alt": Decimal(-1)}, ["a value of ALT that is possible"]),
        ({"liver_collected_on": None}, ["the date of collection"]),
    ],
)
def test_what_is_missing_is_named(missing: dict[str, Any], needed: list[str]) -> None:
    found = verdict("E4c", **missing)

    assert found.state is UNKNOWN
    assert words(found.needed) == needed


def test_an_enzyme_that_exceeds_asks_for_nothing_more() -> None:
    assert verdict("E4c", alt=Decimal("130"), ast=None).needed == ()


@pytest.mark.parametrize("criterion_id", ["E4c", "E4d"])
@pytest.mark.parametrize(("age_days", "known"), [(-1, False), (0, True), (14, True), (15, False)])
def test_sample_inside_the_screening_window(criterion_id: str, age_days: int, known: bool) -> None:
    found = verdict(criterion_id, liver_collected_on=JUDGED_ON - timedelta(days=age_days))

    assert found.state is (NOT_MET if known else UNKNOWN)


def test_an_old_result_does_not_exclude_either() -> None:
    found = verdict("E4c", alt=Decimal("400"), liver_collected_on=JUDGED_ON - timedelta(days=15))

    assert found.state is UNKNOWN


def test_steps_of_the_enzymes() -> None:
    assert words(verdict("E4c", ast=None).steps) == [
        "collected 2026-03-17, 1 d old",
        "ALT 46 ÷ 40 U/L",
        "1.15 × ULN",
    ]


def test_a_multiple_just_above_the_limit_does_not_read_as_the_limit() -> None:
    found = verdict("E4c", alt=Decimal("120.1"), alt_uln=Decimal("40"))

    assert "3.003 × ULN" in words(found.steps)


@pytest.mark.parametrize(
    ("value", "unit", "uln", "state"),
    [
        ("20.9", "µmol/L", "21", NOT_MET),
        ("21.0", "µmol/L", "21", NOT_MET),  # equal is allowed
        ("21.1", "µmol/L", "21", MET),  # literal: no factor of 1.5
        ("31.5", "µmol/L", "21", MET),
        ("1.2", "mg/dL", "1.2", NOT_MET),
        ("1.3", "mg/dL", "1.2", MET),
    ],
)
def test_bilirubin(value: str, unit: str, uln: str, state: State) -> None:
    found = verdict(
        "E4d", bilirubin=Decimal(value), bilirubin_unit=unit, bilirubin_uln=Decimal(uln)
    )

    assert found.state is state


@pytest.mark.parametrize(
    ("missing", "needed"),
    [
        ({"bilirubin": None}, ["Total bilirubin"]),
        ({"bilirubin_uln": None}, ["the ULN of Total bilirubin"]),
        ({"bilirubin_uln": Decimal("0")}, ["a ULN of Total bilirubin above 0"]),
        ({"bilirubin_unit": None}, ["the unit of Total bilirubin and of its ULN"]),
        ({"bilirubin_unit": "g/L"}, ["the unit of Total bilirubin and of its ULN"]),
        ({"bilirubin": Decimal("-1")}, ["a value of Total bilirubin that is possible"]),
        ({"liver_collected_on": None}, ["the date of collection"]),
    ],
)
def test_what_bilirubin_lacks_is_named(missing: dict[str, Any], needed: list[str]) -> None:
    found = verdict("E4d", **missing)

    assert found.state is UNKNOWN
    assert words(found.needed) == needed


def test_steps_of_bilirubin() -> None:
    assert words(verdict("E4d").steps) == [
        "collected 2026-03-17, 1 d old",
        "Total bilirubin 12.4 ÷ 21.0 µmol/L",
        "0.59 × ULN",
    ]


values = st.decimals("0", "5000", places=1)
limits = st.decimals("0.1", "200", places=1)


@given(values, limits, st.integers(2, 9))
def test_scaling_a_value_with_its_limit_changes_nothing(
    value: Decimal, uln: Decimal, times: int
) -> None:
    once = verdict("E4d", bilirubin=value, bilirubin_uln=uln)
    scaled = verdict("E4d", bilirubin=value * times, bilirubin_uln=uln * times)

    assert once.state is scaled.state is State.of(value > uln)
