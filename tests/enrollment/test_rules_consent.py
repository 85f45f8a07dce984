"""A value collected before the consent is flagged with its criterion; it does not decide."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.enrollment.eligible import (
    CMV,
    CONSENT_ON,
    ELIGIBLE,
    POSITIVE,
    SAMPLED_ON,
    judge,
    verdict,
    words,
)

BEFORE = CONSENT_ON - timedelta(days=1)
SAID = "collected 2026-03-15, before the consent of 2026-03-16"


def early(criterion_id: str, **changes: Any) -> list[str]:
    """The flags of one criterion that speak of the consent."""
    return [flag for flag in words(verdict(criterion_id, **changes).flags) if "consent" in flag]


@pytest.mark.parametrize(
    ("changes", "flags"),
    [
        ({"cmv": replace(CMV, collected_on=BEFORE)}, {"I2": "CMV-DNA", "E1": "CMV-DNA"}),
        ({"weight_on": BEFORE}, {"I3": "Weight", "E4b": "Weight"}),
        ({"weight_on": BEFORE, "steroids": (), "no_steroids": True}, {"E4b": "Weight"}),
        ({"creatinine_collected_on": BEFORE}, {"E4b": "Creatinine"}),
        ({"liver_collected_on": BEFORE}, {"E4c": "ALT, AST", "E4d": "Total bilirubin"}),
        ({"hcg_on": BEFORE}, {"E7": "Pregnancy test (β-hCG)"}),
        (
            {"infection_dates": ELIGIBLE.infection_dates | {"hbsag": BEFORE, "rpr": BEFORE}},
            {"E2": "HBsAg, RPR"},
        ),
    ],
)
def test_each_dated_value_is_compared_with_the_consent(
    changes: dict[str, Any], flags: dict[str, str]
) -> None:
    judged = judge(replace(ELIGIBLE, **changes))

    found = {
        row.criterion_id: [flag for flag in words(row.flags) if "consent" in flag]
        for row in judged.verdicts
    }
    assert {code: said for code, said in found.items() if said} == {
        code: [f"{what}: {SAID}"] for code, what in flags.items()
    }
    assert judged.eligible  # a flag does not decide


@pytest.mark.parametrize(("days", "flagged"), [(-1, True), (0, False), (1, False)])
def test_only_the_days_before_the_consent_are_flagged(days: int, flagged: bool) -> None:
    on = CONSENT_ON + timedelta(days=days)

    assert bool(early("E4b", creatinine_collected_on=on)) is flagged


def test_several_days_are_told_apart() -> None:
    found = early("E4b", creatinine_collected_on=BEFORE, weight_on=BEFORE - timedelta(days=1))

    assert found == [
        "Weight: collected 2026-03-14, before the consent of 2026-03-16",
        f"Creatinine: {SAID}",
    ]


def test_a_positive_test_is_flagged_too_and_one_not_done_is_not() -> None:
    days = {"hbsag": BEFORE, "rpr": BEFORE}

    assert early("E2", infections={"hbsag": POSITIVE, "rpr": "not_done"}, infection_dates=days) == [
        f"HBsAg: {SAID}"
    ]


def test_without_a_consent_nothing_is_flagged() -> None:
    facts = replace(ELIGIBLE, creatinine_collected_on=date(2026, 3, 5))
    judged = judge(facts, consent_on=None)

    assert not any("consent" in flag for row in judged.verdicts for flag in words(row.flags))


def test_the_eligible_screening_follows_its_consent() -> None:
    assert SAMPLED_ON > CONSENT_ON
    assert not any(
        "consent" in flag for row in judge(ELIGIBLE).verdicts for flag in words(row.flags)
    )
