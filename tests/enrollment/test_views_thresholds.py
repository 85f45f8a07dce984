"""From the field to the verdict: each threshold below, at, above and missing."""

import datetime as dt

import pytest
from django.test import Client

from enrollment.models import Screening
from tests.enrollment.pages import (
    day,
    page,
    send,
    text,
    verdict_of,
)
from trial_site import clock

pytestmark = pytest.mark.django_db


YESTERDAY, EIGHT_DAYS_AGO, BORN_68_YEARS_AGO = "yesterday", "8 days ago", "68 years ago"


def told(answers: dict[str, str]) -> dict[str, str]:
    """The answers with the days that they mean on the day of the test."""
    sample = clock.today() - dt.timedelta(days=1)
    days = {
        YESTERDAY: day(1),
        EIGHT_DAYS_AGO: day(8),
        # The first of the month, so that the birthday is past on the day of the sample.
        BORN_68_YEARS_AGO: sample.replace(year=sample.year - 68, day=1).isoformat(),
    }
    return {name: days.get(value, value) for name, value in answers.items()}


def methylprednisolone(mg: str, weight: str = "60") -> dict[str, str]:
    return {
        "steroids-0-agent": "methylprednisolone",
        "steroids-0-dose_mg": mg,
        "steroids-0-on": YESTERDAY,
        "no_steroids": "",
        "weight_kg": weight,
    }


def man_of_68(creatinine: str) -> dict[str, str]:
    """DOMAIN 3: M 68 y 60 kg 2.0 mg/dL is exactly 30 mL/min."""
    return {
        "birth_date": BORN_68_YEARS_AGO,
        "sex": "male",
        "weight_kg": "60",
        "creatinine": creatinine,
        "creatinine_unit": "mg/dL",
    }


THRESHOLDS: list[tuple[dict[str, str], dict[str, str]]] = [
    ({"cmv_value": "999"}, {"I2": "Not met · blocks", "E1": "Met · blocks"}),
    ({"cmv_value": "1000"}, {"I2": "Not met · blocks", "E1": "Not met · passes"}),
    ({"cmv_value": "1000.01"}, {"I2": "Met · passes", "E1": "Not met · passes"}),
    (
        {"cmv_operator": "<", "cmv_value": "1000"},
        {"I2": "Not met · blocks", "E1": "Met · blocks"},
    ),
    ({"cmv_operator": "<", "cmv_value": "1000.01"}, {"I2": "Unknown · blocks"}),
    ({"cmv_operator": ">", "cmv_value": "1000"}, {"I2": "Met · passes"}),
    (
        {"cmv_operator": "ND", "cmv_value": "", "cmv_lod": "1000"},
        {"I2": "Not met · blocks", "E1": "Met · blocks"},
    ),
    ({"cmv_operator": "ND", "cmv_value": "", "cmv_lod": ""}, {"I2": "Unknown · blocks"}),
    ({"cmv_unit": "IU/mL"}, {"I2": "Unknown · blocks", "E1": "Unknown · blocks"}),
    ({"cmv_specimen": "whole_blood"}, {"I2": "Unknown · blocks"}),
    ({"cmv_collected_on": EIGHT_DAYS_AGO}, {"I2": "Unknown · blocks"}),
    (methylprednisolone("40"), {"I3": "Met · passes"}),
    (methylprednisolone("48"), {"I3": "Not met · blocks"}),
    (methylprednisolone("47.99"), {"I3": "Met · passes"}),
    (methylprednisolone("48", weight=""), {"I3": "Unknown · blocks"}),
    (methylprednisolone("48") | {"steroids-0-every_days": "2"}, {"I3": "Met · passes"}),
    (man_of_68("2.0"), {"E4b": "Met · blocks", "E7": "Not met · passes"}),
    (man_of_68("1.99"), {"E4b": "Not met · passes"}),
    (man_of_68(""), {"E4b": "Unknown · blocks"}),
    ({"alt": "120", "alt_uln": "40"}, {"E4c": "Not met · passes"}),
    ({"alt": "120.01", "alt_uln": "40"}, {"E4c": "Met · blocks"}),
    ({"alt": "120.01", "alt_uln": "40", "ast": ""}, {"E4c": "Met · blocks"}),
    ({"ast": ""}, {"E4c": "Unknown · blocks"}),
    ({"bilirubin": "21.0", "bilirubin_uln": "21.0"}, {"E4d": "Not met · passes"}),
    ({"bilirubin": "21.01", "bilirubin_uln": "21.0"}, {"E4d": "Met · blocks"}),
    ({"heart_failure": "yes", "nyha": "2"}, {"E4a": "Not met · passes"}),
    ({"heart_failure": "yes", "nyha": "3"}, {"E4a": "Met · blocks"}),
    ({"heart_failure": "yes", "nyha": ""}, {"E4a": "Unknown · blocks"}),
    ({"infection_hiv_ag_ab": "not_done"}, {"E2": "Unknown · blocks"}),
    ({"infection_hbsag": "positive"}, {"E2": "Met · blocks"}),
    ({"malignancy": ""}, {"E5": "Unknown · blocks"}),
    ({"hcg": "positive"}, {"E7": "Met · blocks"}),
]


@pytest.mark.requirement("R25")
@pytest.mark.parametrize(("answers", "badges"), THRESHOLDS)
def test_thresholds_through_the_form(
    desk: Client, draft: Screening, answers: dict[str, str], badges: dict[str, str]
) -> None:
    response = send(desk, page(draft, "edit"), **told(answers), confirmed="on")
    assert response.redirect_chain[-1][0] == page(draft), text(response)
    for criterion, badge in badges.items():
        assert badge in verdict_of(response, criterion)
    frozen = Screening.objects.get().verdict
    assert {code: frozen.verdict(code).passes for code in badges} == {
        code: "passes" in badge for code, badge in badges.items()
    }


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
    ):
        assert step in card
