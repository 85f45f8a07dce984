"""I2 and E1: what each kind of PCR result says about the threshold (DOMAIN 1.1, 1.3, 6)."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.facts import Operator, ViralLoad
from enrollment.rules.verdicts import State
from enrollment.rules.viral_load import holds
from tests.enrollment.eligible import CMV, JUDGED_ON, verdict, words
from trial_site.protocol.definition import Bound, above, at_least, at_most, below

MET, NOT_MET, UNKNOWN = State.MET, State.NOT_MET, State.UNKNOWN


def result(operator: str, number: str | None, lod: str | None = None) -> ViralLoad:
    return replace(
        CMV,
        operator=operator,
        value=None if number is None else Decimal(number),
        lod=None if lod is None else Decimal(lod),
    )


@pytest.mark.parametrize(
    ("operator", "number", "lod", "positive", "negative"),
    [
        ("=", "52000", None, MET, NOT_MET),
        ("=", "1000.1", None, MET, NOT_MET),
        ("=", "1000", None, NOT_MET, NOT_MET),  # neither: repeat
        ("=", "999.9", None, NOT_MET, MET),
        ("=", "999", None, NOT_MET, MET),  # log10 displays 3.00
        ("=", "500", None, NOT_MET, MET),
        ("<", "500", None, NOT_MET, MET),
        ("<", "1000", None, NOT_MET, MET),
        ("<", "1000.1", None, UNKNOWN, UNKNOWN),
        ("<", "1500", None, UNKNOWN, UNKNOWN),
        (">", "10000000", None, MET, NOT_MET),
        (">", "1000", None, MET, NOT_MET),
        (">", "999", None, UNKNOWN, UNKNOWN),
        ("ND", None, "100", NOT_MET, MET),
        ("ND", None, "1000", NOT_MET, MET),
        ("ND", None, "1001", UNKNOWN, UNKNOWN),
        ("ND", None, None, UNKNOWN, UNKNOWN),
        ("=", None, None, UNKNOWN, UNKNOWN),
        ("<", None, "100", UNKNOWN, UNKNOWN),
        (">", None, "100", UNKNOWN, UNKNOWN),
        ("=", "0", None, UNKNOWN, UNKNOWN),  # never a raw 0
        ("=", "-5", None, UNKNOWN, UNKNOWN),
        ("<", "0", None, UNKNOWN, UNKNOWN),
        ("ND", None, "0", UNKNOWN, UNKNOWN),
    ],
)
def test_against_the_threshold(
    operator: str, number: str | None, lod: str | None, positive: State, negative: State
) -> None:
    load = result(operator, number, lod)

    assert verdict("I2", cmv=load).state is positive
    assert verdict("E1", cmv=load).state is negative


@pytest.mark.parametrize("criterion_id", ["I2", "E1"])
@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({"unit": "IU/mL"}, "a result in copies/mL (other units are not converted)"),
        ({"unit": None}, "a result in copies/mL (other units are not converted)"),
        ({"specimen": "whole_blood"}, "a result from plasma"),
        ({"specimen": None}, "a result from plasma"),
        ({"collected_on": None}, "the date of collection"),
        ({"value": None}, "the number of the CMV-DNA result"),
        ({"operator": None}, "a CMV-DNA result"),
        ({"operator": "ND", "lod": None}, "the assay's limit of detection"),
        ({"operator": "<", "value": Decimal("1500")}, "told apart from 1,000 copies/mL"),
    ],
)
def test_what_cannot_be_judged_is_unknown(
    criterion_id: str, changes: dict[str, Any], needed: str
) -> None:
    found = verdict(criterion_id, cmv=replace(CMV, **changes))

    assert found.state is UNKNOWN
    assert len(found.needed) == 1
    assert needed in words(found.needed)[0]


@pytest.mark.parametrize("criterion_id", ["I2", "E1"])
def test_no_result_is_unknown(criterion_id: str) -> None:
    found = verdict(criterion_id, cmv=None)

    assert found.state is UNKNOWN
    assert words(found.needed) == ["a CMV-DNA result"]


@pytest.mark.parametrize(("age_days", "state"), [(-1, UNKNOWN), (0, MET), (7, MET), (8, UNKNOWN)])
def test_at_most_seven_days_old(age_days: int, state: State) -> None:
    load = replace(CMV, collected_on=JUDGED_ON - timedelta(days=age_days))

    assert verdict("I2", cmv=load).state is state


def test_an_old_result_says_how_old() -> None:
    found = verdict("I2", cmv=replace(CMV, collected_on=JUDGED_ON - timedelta(days=9)))

    assert words(found.needed) == ["a value at most 7 d old (this one is 9 d old)"]


@pytest.mark.parametrize(
    ("operator", "number", "lod", "steps"),
    [
        ("=", "52000", None, ["52,000 copies/mL"]),
        (
            "=",
            "1000",
            None,
            ["1,000 copies/mL", "at the limit: not negative and not allocatable, repeat"],
        ),
        (
            "=",
            "640",
            None,
            [
                "640 copies/mL",
                "detected, but not above 1,000 copies/mL: positive, not allocatable",
            ],
        ),
        (
            "<",
            "500",
            None,
            [
                "< 500 copies/mL",
                "detected, but not above 1,000 copies/mL: positive, not allocatable",
            ],
        ),
        ("ND", None, "91", ["not detected, limit of detection 91 copies/mL", "negative"]),
        ("ND", None, None, ["not detected"]),
    ],
)
def test_steps(operator: str, number: str | None, lod: str | None, steps: list[str]) -> None:
    found = verdict("I2", cmv=result(operator, number, lod))

    assert words(found.steps) == ["collected 2026-03-17, 1 d old", *steps]


def test_a_numeric_result_shows_its_number_and_not_the_limit_of_detection() -> None:
    assert CMV.lod == 100
    assert words(verdict("I2").steps) == ["collected 2026-03-17, 1 d old", "52,000 copies/mL"]


numbers = st.decimals("0.1", "1e6", places=1)
bounds = st.builds(
    lambda make, value: make(str(value), "copies/mL"),
    st.sampled_from([above, at_least, at_most, below]),
    numbers,
)


@given(bounds, numbers, numbers, st.sampled_from([Operator.BELOW, Operator.NOT_DETECTED]))
def test_a_decided_upper_bound_holds_for_every_value_below_it(
    bound: Bound, top: Decimal, true_value: Decimal, operator: Operator
) -> None:
    answer = holds(bound, ViralLoad(operator=operator, value=top, lod=top))

    if answer is not None and true_value < top:
        assert bound.holds(true_value) is answer


@given(bounds, numbers, numbers)
def test_a_decided_lower_bound_holds_for_every_value_above_it(
    bound: Bound, bottom: Decimal, true_value: Decimal
) -> None:
    answer = holds(bound, ViralLoad(operator=Operator.ABOVE, value=bottom))

    if answer is not None and true_value > bottom:
        assert bound.holds(true_value) is answer


@given(bounds, numbers)
def test_a_bound_is_undecided_only_when_the_limit_lies_inside(bound: Bound, top: Decimal) -> None:
    answer = holds(bound, ViralLoad(operator=Operator.BELOW, value=top))

    assert (answer is None) is (bound.value < top)


@given(numbers.filter(lambda number: number > 0))
def test_never_both_positive_and_negative(number: Decimal) -> None:
    load = result("=", str(number))
    states = verdict("I2", cmv=load).state, verdict("E1", cmv=load).state

    assert states == ((MET, NOT_MET) if number > 1000 else (NOT_MET, State.of(number < 1000)))
