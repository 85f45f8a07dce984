"""What people answer: A2, I1, E3, E4a, E4e, E5, E6 (DOMAIN 1.1, 12)."""

from datetime import date
from typing import Any

import pytest

from enrollment.rules.verdicts import State
from tests.enrollment.eligible import verdict, words

MET, NOT_MET, UNKNOWN = State.MET, State.NOT_MET, State.UNKNOWN


@pytest.mark.parametrize(("sex", "state"), [("female", MET), ("male", MET), (None, UNKNOWN)])
def test_any_sex_that_is_known(sex: str | None, state: State) -> None:
    assert verdict("A2", sex=sex).state is state


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({"diagnosis_attested": None}, ["the investigator's attestation of the diagnosis"]),
        ({"diagnosis_on": None}, ["the date of diagnosis"]),
        (
            {"diagnosis_on": date(2026, 3, 19)},
            ["a date that is not after the day of the decision (not 2026-03-19)"],
        ),
        ({"criteria_set": None}, ["a classification criteria set for the diagnosis"]),
        ({"criteria_set": "ACR 1987"}, ["a classification criteria set for the diagnosis"]),
        (
            {"diagnosis": None},
            ["a diagnosis of the list", "a classification criteria set for the diagnosis"],
        ),
        (
            {"diagnosis": "gout"},
            ["a diagnosis of the list", "a classification criteria set for the diagnosis"],
        ),
        ({"diagnosis_on": None, "diagnosis_attested": False}, ["the date of diagnosis"]),
    ],
)
def test_anything_missing_of_the_diagnosis_is_unknown(
    changes: dict[str, Any], needed: list[str]
) -> None:
    found = verdict("I1", **changes)

    assert found.state is UNKNOWN
    assert words(found.needed) == needed


@pytest.mark.parametrize(("attested", "state"), [(True, MET), (False, NOT_MET)])
def test_the_investigator_decides_the_diagnosis(attested: bool, state: State) -> None:
    assert verdict("I1", diagnosis_attested=attested).state is state


@pytest.mark.parametrize(("text", "state"), [("", UNKNOWN), ("  ", UNKNOWN), ("IgG4-RD", MET)])
def test_another_disease_must_be_named(text: str, state: State) -> None:
    found = verdict(
        "I1",
        diagnosis="other",
        criteria_set="Other, named by the investigator",
        diagnosis_text=text,
    )

    assert found.state is state


def test_steps_of_the_diagnosis() -> None:
    assert words(verdict("I1", diagnosis_text="class IV nephritis").steps) == [
        "Systemic lupus erythematosus by EULAR/ACR 2019, diagnosed 2019-06-01",
        "“class IV nephritis”",
        "attested by the investigator",
    ]


@pytest.mark.parametrize(
    ("criterion_id", "field"),
    [
        ("E3", "il2_allergy"),
        ("E5", "malignancy"),
    ],
)
@pytest.mark.parametrize(("answer", "state"), [(True, MET), (False, NOT_MET), (None, UNKNOWN)])
def test_plain_questions(criterion_id: str, field: str, answer: bool | None, state: State) -> None:
    found = verdict(criterion_id, **{field: answer})

    assert found.state is state
    assert bool(found.steps) is (answer is not None)
    assert bool(found.needed) is (answer is None)


@pytest.mark.parametrize(
    ("criterion_id", "field", "unexplained"),
    [
        ("E4e", "other_severe_disease", "which disease, and why it is severe"),
        ("E6", "uncontrolled_psychiatric", "which disorder, and why it is uncontrolled"),
    ],
)
@pytest.mark.parametrize(
    ("answer", "text", "state"),
    [
        (True, "in words", MET),
        (True, "", UNKNOWN),
        (True, "  ", UNKNOWN),
        (False, "", NOT_MET),
        (False, "in words", NOT_MET),
        (None, "", UNKNOWN),
        (None, "in words", UNKNOWN),
    ],
)
def test_a_judgement_against_the_patient_takes_a_reason(
    criterion_id: str, field: str, unexplained: str, answer: bool | None, text: str, state: State
) -> None:
    found = verdict(criterion_id, **{field: answer, f"{field}_text": text})

    assert found.state is state
    assert bool(found.needed) is (state is UNKNOWN)
    assert (unexplained in words(found.needed)) is (state is UNKNOWN and answer is True)


def test_a_judgement_is_told_in_words() -> None:
    found = verdict("E4e", other_severe_disease=True, other_severe_disease_text="COPD, GOLD IV")

    assert words(found.steps) == ["other severe disease: COPD, GOLD IV"]


@pytest.mark.parametrize(
    ("criterion_id", "field", "flag"),
    [
        (
            "E4e",
            "other_severe_disease_text",
            "Another disease, judged not to exclude: controlled on metformin",
        ),
        (
            "E6",
            "uncontrolled_psychiatric_text",
            "A disorder, judged to be controlled: controlled on metformin",
        ),
    ],
)
def test_what_a_no_has_weighed_is_flagged(criterion_id: str, field: str, flag: str) -> None:
    found = verdict(criterion_id, **{field: "controlled on metformin"})

    assert (found.state, words(found.flags)) == (NOT_MET, [flag])


@pytest.mark.parametrize(
    ("failing", "nyha", "state"),
    [
        (False, None, NOT_MET),
        (True, 1, NOT_MET),
        (True, 2, NOT_MET),
        (True, 3, MET),
        (True, 4, MET),
        (True, None, UNKNOWN),
        (None, None, UNKNOWN),
        (None, 3, UNKNOWN),
        (False, 3, UNKNOWN),  # contradicts itself
    ],
)
def test_heart_failure(failing: bool | None, nyha: int | None, state: State) -> None:
    assert verdict("E4a", heart_failure=failing, nyha=nyha).state is state


@pytest.mark.parametrize(
    ("reason", "state"), [("", MET), (" ", MET), ("basal cell, excised 2010", NOT_MET)]
)
def test_malignancy_can_be_overridden_with_a_reason(reason: str, state: State) -> None:
    found = verdict("E5", malignancy=True, malignancy_override_reason=reason)

    assert found.state is state


def test_the_override_is_flagged_with_its_reason() -> None:
    found = verdict("E5", malignancy=True, malignancy_override_reason="excised 2010")

    assert words(found.flags) == [
        "Malignancy in the history, overridden by the investigator: excised 2010"
    ]


@pytest.mark.parametrize("malignancy", [None, False])
def test_a_reason_alone_overrides_nothing(malignancy: bool | None) -> None:
    found = verdict("E5", malignancy=malignancy, malignancy_override_reason="excised 2010")

    assert found.state is State.of(malignancy)
    assert found.flags == ()
