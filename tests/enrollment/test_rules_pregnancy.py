"""E7: pregnant or breast-feeding (DOMAIN 1.1)."""

from datetime import timedelta
from typing import Any

import pytest

from enrollment.rules.verdicts import State
from tests.enrollment.eligible import JUDGED_ON, verdict, words

MET, NOT_MET, UNKNOWN = State.MET, State.NOT_MET, State.UNKNOWN
UNTESTED: dict[str, Any] = {"hcg": None, "hcg_on": None}
UNASKED: dict[str, Any] = {"childbearing_potential": None, "breastfeeding": None, **UNTESTED}


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, NOT_MET),
        ({"hcg": "positive"}, MET),
        ({"breastfeeding": True}, MET),
        ({"breastfeeding": True, **UNTESTED}, MET),
        ({"breastfeeding": None}, UNKNOWN),
        (UNTESTED, UNKNOWN),
        ({"hcg": "not_done"}, UNKNOWN),
        ({"hcg_on": None}, UNKNOWN),
        ({"childbearing_potential": None}, UNKNOWN),
        ({"childbearing_potential": None, "hcg": "positive"}, MET),
        ({"sex": None}, UNKNOWN),
    ],
)
def test_with_child_bearing_potential(changes: dict[str, Any], state: State) -> None:
    assert verdict("E7", **changes).state is state


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, NOT_MET),
        (UNTESTED, NOT_MET),
        ({**UNTESTED, "breastfeeding": None}, NOT_MET),
        ({"breastfeeding": True}, MET),
        ({"hcg": "positive"}, MET),  # a fresh positive test is believed
    ],
)
def test_without_child_bearing_potential(changes: dict[str, Any], state: State) -> None:
    assert verdict("E7", childbearing_potential=False, **changes).state is state


def test_men_are_not_asked() -> None:
    found = verdict("E7", sex="male", **UNASKED)

    assert found.state is NOT_MET
    assert (found.passes, found.applies) == (True, False)
    assert words(found.steps) == ["male at birth: not applicable"]


@pytest.mark.parametrize(
    "answer",
    [
        {"hcg": "negative"},
        {"hcg": "positive"},
        {"hcg": "not_done"},
        {"hcg_on": JUDGED_ON},
        {"breastfeeding": False},
        {"breastfeeding": True},
        {"childbearing_potential": False},
        {"childbearing_potential": True},
    ],
)
def test_a_man_with_an_answer_about_pregnancy_contradicts_himself(answer: dict[str, Any]) -> None:
    found = verdict("E7", sex="male", **{**UNASKED, **answer})

    assert found.state is UNKNOWN
    assert words(found.needed) == [
        "either male at birth or answers about pregnancy: both are entered"
    ]


@pytest.mark.parametrize(
    ("changes", "applies"),
    [
        ({}, True),
        ({"childbearing_potential": False}, False),
        ({"childbearing_potential": False, **UNTESTED}, False),
    ],
)
def test_without_child_bearing_potential_it_does_not_apply(
    changes: dict[str, Any], applies: bool
) -> None:
    found = verdict("E7", **changes)

    assert found.passes
    assert found.applies is applies


@pytest.mark.parametrize(
    ("age_days", "negative", "positive"),
    [
        (-1, UNKNOWN, UNKNOWN),
        (0, NOT_MET, MET),
        (7, NOT_MET, MET),
        (8, UNKNOWN, UNKNOWN),
    ],
)
def test_a_test_counts_for_seven_days(age_days: int, negative: State, positive: State) -> None:
    tested_on = JUDGED_ON - timedelta(days=age_days)

    assert verdict("E7", hcg="negative", hcg_on=tested_on).state is negative
    assert verdict("E7", hcg="positive", hcg_on=tested_on).state is positive


def test_an_old_positive_test_is_not_waved_through() -> None:
    old = JUDGED_ON - timedelta(days=30)
    found = verdict("E7", childbearing_potential=False, hcg="positive", hcg_on=old)

    assert found.state is UNKNOWN


def test_all_that_is_missing_is_named() -> None:
    found = verdict("E7", childbearing_potential=None, breastfeeding=None, **UNTESTED)

    assert words(found.needed) == [
        "a pregnancy test (β-hCG)",
        "whether child-bearing is possible",
        "whether the patient is breast-feeding",
    ]


def test_steps() -> None:
    assert words(verdict("E7").steps) == ["collected 2026-03-17, 1 d old", "β-hCG negative"]
