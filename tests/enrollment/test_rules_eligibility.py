"""The whole: every criterion is judged, and nothing missing ever makes anyone eligible."""

from dataclasses import fields, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrollment.facts import ScreeningFacts
from enrollment.rules.criteria import RULES
from enrollment.rules.eligibility import evaluate
from enrollment.rules.verdicts import Counts, State
from tests.enrollment.eligible import (
    CMV,
    CONSENT_ON,
    ELIGIBLE,
    JUDGED_ON,
    TESTS,
    judge,
)
from trial_site.protocol import current
from trial_site.protocol.definition import CriterionKind

DECIDING = [row.id for row in current().criteria if row.kind is not CriterionKind.SAFETY]

# What may be missing without a decision being left open, for this screening.
OPTIONAL = {
    "diagnosis_text",
    "no_steroids",  # doses are listed
    "other_infection_text",
    "infection_reasons",
    "uncontrolled_psychiatric_text",
    "ganciclovir_allergy",  # warns only
    "nyha",  # no heart failure
    "other_severe_disease_text",
    "malignancy_override_reason",
    "anc",
    "hemoglobin",
    "platelets",
}
NEEDED = [row.name for row in fields(ScreeningFacts) if row.name not in OPTIONAL]
NEEDED.remove("birth_day_known")  # cannot be missing


def test_the_protocol_and_the_rules_name_the_same_criteria() -> None:
    assert set(RULES) == set(DECIDING)


def test_every_criterion_is_judged_once_in_the_order_of_the_protocol() -> None:
    judged = [verdict.criterion_id for verdict in judge(ELIGIBLE).verdicts]

    assert judged == DECIDING
    assert " ".join(judged) == "A1 A2 I1 I2 I3 E1 E2 E3 E4a E4b E4c E4d E4e E5 E6 E7"


def test_the_eligible_screening_is_eligible() -> None:
    judged = judge(ELIGIBLE)

    assert judged.eligible
    assert judged.counts == Counts(passed=16, failed=0, unknown=0)
    assert judged.warnings == ()
    assert judged.protocol_version == "1.0"
    assert judged.judged_on == JUDGED_ON


def test_every_decided_verdict_says_why() -> None:
    assert all(verdict.steps for verdict in judge(ELIGIBLE).verdicts)


def test_an_empty_form_is_unknown_throughout_and_says_what_is_needed() -> None:
    judged = judge(ScreeningFacts(), consent_on=None)

    assert {verdict.state for verdict in judged.verdicts} == {State.UNKNOWN}
    assert all(verdict.needed for verdict in judged.verdicts)
    assert not judged.eligible


@pytest.mark.parametrize("name", NEEDED)
def test_without_any_single_needed_value_nobody_is_eligible(name: str) -> None:
    empty = getattr(ScreeningFacts(), name)
    judged = judge(replace(ELIGIBLE, **{name: empty}))

    assert not judged.eligible
    assert judged.failed == ()  # missing is unknown, never a failure
    assert judged.unknown


@pytest.mark.parametrize("name", sorted(OPTIONAL))
def test_optional_values_may_be_missing(name: str) -> None:
    assert judge(replace(ELIGIBLE, **{name: getattr(ScreeningFacts(), name)})).eligible


@pytest.mark.parametrize("name", ["operator", "value", "unit", "specimen", "collected_on"])
def test_without_any_needed_part_of_the_pcr_nobody_is_eligible(name: str) -> None:
    assert not judge(replace(ELIGIBLE, cmv=replace(CMV, **{name: None}))).eligible


@pytest.mark.parametrize("name", ["assay", "lloq", "lod"])
def test_parts_of_a_numeric_pcr_that_do_not_decide(name: str) -> None:
    assert judge(replace(ELIGIBLE, cmv=replace(CMV, **{name: None}))).eligible


@pytest.mark.parametrize("test", sorted(TESTS))
def test_without_any_single_infection_test_nobody_is_eligible(test: str) -> None:
    others = {code: result for code, result in TESTS.items() if code != test}

    assert not judge(replace(ELIGIBLE, infections=others)).eligible


@pytest.mark.parametrize("test", sorted(TESTS))
def test_without_the_date_of_any_single_infection_test_nobody_is_eligible(test: str) -> None:
    others = {code: on for code, on in ELIGIBLE.infection_dates.items() if code != test}

    assert not judge(replace(ELIGIBLE, infection_dates=others)).eligible


@given(st.sets(st.sampled_from(NEEDED), min_size=1))
def test_no_set_of_missing_values_makes_anyone_eligible_or_fail(names: set[str]) -> None:
    empty = ScreeningFacts()
    judged = judge(replace(ELIGIBLE, **{name: getattr(empty, name) for name in names}))

    assert not judged.eligible
    assert judged.failed == ()


FAILING: list[tuple[str, dict[str, Any]]] = [
    ("A1", {"birth_date": date(2010, 1, 1)}),
    ("I1", {"diagnosis_attested": False}),
    ("I2", {"cmv": replace(CMV, value=Decimal("1000"))}),
    ("I3", {"weight_kg": Decimal("50")}),
    ("E2", {"other_infection": True}),
    ("E3", {"il2_allergy": True}),
    ("E4a", {"heart_failure": True, "nyha": 3}),
    ("E4b", {"creatinine": Decimal("250")}),
    ("E4c", {"alt": Decimal("121")}),
    ("E4d", {"bilirubin": Decimal("21.1")}),
    ("E4e", {"other_severe_disease": True, "other_severe_disease_text": "COPD, GOLD IV"}),
    ("E5", {"malignancy": True}),
    ("E6", {"uncontrolled_psychiatric": True, "uncontrolled_psychiatric_text": "psychosis"}),
    ("E7", {"breastfeeding": True}),
]


@pytest.mark.parametrize(("criterion_id", "changes"), FAILING)
def test_each_criterion_alone_keeps_a_patient_out(
    criterion_id: str, changes: dict[str, Any]
) -> None:
    judged = judge(replace(ELIGIBLE, **changes))

    assert not judged.eligible
    assert [verdict.criterion_id for verdict in judged.failed] == [criterion_id]
    assert judged.unknown == ()


def test_a_negative_pcr_fails_both_criteria_of_the_virus() -> None:
    judged = judge(replace(ELIGIBLE, cmv=replace(CMV, value=Decimal("999"))))

    assert [verdict.criterion_id for verdict in judged.failed] == ["I2", "E1"]


def test_eligibility_expires_with_its_values() -> None:
    eighth_day = JUDGED_ON + timedelta(days=7)  # samples and weight are 8 days old
    judged = judge(ELIGIBLE, judged_on=eighth_day)

    assert [verdict.criterion_id for verdict in judged.unknown] == ["I2", "I3", "E1", "E7"]


def test_limits_come_from_the_protocol_that_is_passed() -> None:
    protocol = current()
    stricter = tuple(
        replace(row, limits=(replace(row.limits[0], value=Decimal("100")),))
        if row.id == "E4b"
        else row
        for row in protocol.criteria
    )
    amended = replace(protocol, version="9.9", criteria=stricter)
    judged = evaluate(ELIGIBLE, consent_on=CONSENT_ON, judged_on=JUDGED_ON, protocol=amended)

    assert [verdict.criterion_id for verdict in judged.failed] == ["E4b"]  # 99.98 mL/min
    assert judged.protocol_version == "9.9"


def test_a_criterion_without_a_rule_is_an_error_and_no_pass() -> None:
    protocol = current()
    extra = replace(protocol.criterion("E3"), id="E9")
    amended = replace(protocol, criteria=(*protocol.criteria, extra))

    with pytest.raises(KeyError, match="E9"):
        evaluate(ELIGIBLE, consent_on=CONSENT_ON, judged_on=JUDGED_ON, protocol=amended)
