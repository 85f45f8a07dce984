"""From the field to the verdict: each threshold below, at, above and missing."""

import pytest
from django.test import Client

from enrollment.models import Screening
from tests.enrollment.pages import page, send, text, verdict_of
from tests.enrollment.thresholds import (
    THRESHOLDS,
    WARNINGS,
    Answers,
    Badges,
    methylprednisolone,
    told,
)

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("R25")
@pytest.mark.parametrize(("answers", "badges"), THRESHOLDS)
def test_thresholds_through_the_form(
    desk: Client, draft: Screening, answers: Answers, badges: Badges
) -> None:
    response = send(desk, page(draft, "edit"), **told(answers), confirmed="on")
    assert response.redirect_chain[-1][0] == page(draft), text(response)
    for criterion, badge in badges.items():
        assert badge in verdict_of(response, criterion)
    frozen = Screening.objects.get().verdict
    assert {code: frozen.verdict(code).passes for code in badges} == {
        code: "passes" in badge for code, badge in badges.items()
    }


@pytest.mark.parametrize(("answers", "badges"), WARNINGS)
def test_the_label_warns_and_does_not_block(
    desk: Client, draft: Screening, answers: Answers, badges: Badges
) -> None:
    response = send(desk, page(draft, "edit"), **told(answers), confirmed="on")
    assert badges["S1"] in verdict_of(response, "S1")
    assert Screening.objects.get().verdict.eligible


def test_the_computation_is_shown(desk: Client, draft: Screening) -> None:
    response = send(desk, page(draft, "edit"), **told(methylprednisolone("48", "60.0")))
    card = verdict_of(response, "I3")
    for step in (
        "Methylprednisolone 48 mg × 5 ÷ 4",
        "60 mg prednisone on the highest day",
        "÷ 60.0 kg",
        "1.00 mg/kg/d",
        "“Apply corticosteroid less than 1.0mg/kg/d.”",
        "Exactly 1.0 does not pass.",
        "17 Mar 2026 · highest Methylprednisolone 48 mg 60 1.00",
        "Highest day 60 1.00 Mean of 7 days 8.57 0.14",
    ):
        assert step in card


def test_a_value_from_before_the_consent_is_flagged_and_does_not_decide(
    desk: Client, draft: Screening
) -> None:
    response = send(desk, page(draft, "edit"), liver_collected_on="2026-03-15")
    flag = "collected 2026-03-15, before the consent of 2026-03-16"
    assert f"ALT, AST: {flag}" in verdict_of(response, "E4c")
    assert f"Total bilirubin: {flag}" in verdict_of(response, "E4d")
    assert Screening.objects.get().status == "eligible"
