"""From the first question to the verdict: the coordinator screens, the page says why."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page

from tests import factories
from tests.system.steps import choose, fill, follow, press, question, says
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser

YESTERDAY = "2026-03-17"


def answer_the_questions(page: Page, *, ast: str) -> None:
    """A patient who passes every criterion once ``ast`` is known."""
    fill(page, {"Date of birth": "1985-03-01", "Sex at birth": "Female"})
    fill(
        question(page, "rheumatic disease"),
        {
            "Diagnosis": "Systemic lupus erythematosus",
            "Classification criteria": "EULAR/ACR 2019",
            "Date of diagnosis": "2024-04-01",
        },
    )
    choose(page, "attest the diagnosis", "Yes")
    fill(
        question(page, "CMV-DNA"),
        {
            "CMV-DNA": "52000",
            "Unit": "copies/mL",
            "Specimen": "Plasma",
            "Collected": YESTERDAY,
            "Assay": "PCR-CMV-2",
            "Limit of quantification": "500",
            "Limit of detection": "200",
        },
    )
    choose(page, "None at all on any of these days?", "Yes")
    fill(page, {"Weight": "60.0", "Weighed": YESTERDAY})
    fill(
        question(page, "serum creatinine"),
        {"Creatinine": "62", "Unit": "µmol/L", "Collected": YESTERDAY},
    )
    fill(page, {"ALT": "22", "ALT ULN": "40", "AST": ast, "AST ULN": "35"})
    fill(page, {"Collected, with bilirubin": YESTERDAY})
    fill(question(page, "bilirubin"), {"Total bilirubin": "12.4", "ULN": "21.0", "Unit": "µmol/L"})
    no(page, "fever", "another active infection", "intolerance to IL-2", "heart failure")
    no(page, "another severe disease", "malignancy", "psychiatric", "intolerance to ganciclovir")
    tests = ("HBsAg", "Anti-HCV", "HIV antigen/antibody", "Treponemal antibody", "RPR", "EBV DNA")
    fill(page, dict.fromkeys(tests, "Negative"))
    choose(page, "Is child-bearing possible?", "Yes")
    fill(page, {"Pregnancy test (β-hCG)": "Negative", "Tested": YESTERDAY})
    no(page, "Is she breast-feeding?")


def no(page: Page, *questions: str) -> None:
    for words in questions:
        choose(page, words, "No")


def record_consent(page: Page) -> None:
    choose(page, "In which language?", "Simplified Chinese")
    fill(
        page,
        {
            "When was the consent signed?": YESTERDAY,
            "Which version of the consent form?": "1.1",
            "Who explained the trial?": "Dr Wang",
        },
    )
    press(page, "Record consent")


def verdict(page: Page, criterion: str) -> Locator:
    return page.locator(f"#verdict-{criterion}")


def test_a_missing_value_blocks_until_it_is_entered(sign_in: Callable[..., Page]) -> None:
    # Given a coordinator with a patient whose AST has not come back,
    page = sign_in(Role.COORDINATOR)
    follow(page, "Screening")
    follow(page, "New screening")
    # when the form is filled in, kept as a draft, and submitted after the consent,
    answer_the_questions(page, ast="")
    press(page, "Save draft")
    says(page, "The draft is saved.", "no consent recorded")
    says(verdict(page, "A1"), "Unknown · blocks", "the date of consent")
    press(page, "Save and record consent")
    record_consent(page)
    press(page, "Submit for confirmation")
    # then the page says what is missing, and that unknown is not good;
    says(page, "The screening is submitted.", "Cannot be allocated.", "1 unknown")
    says(verdict(page, "E4c"), "Unknown · blocks", "Hepatic insufficiency", "ALT 22 ÷ 40 U/L")
    says(verdict(page, "E4b"), "(140 − 41) × 60.0 × 0.85 ÷ (72 × 0.7014)", "99.98 mL/min")
    # when the value arrives,
    follow(page, "Correct")
    fill(page, {"AST": "20", "Why is the record changed?": "AST arrived from the laboratory"})
    press(page, "Save correction")
    # then every criterion passes.
    says(page, "All criteria pass.", "Waits for the investigator’s confirmation")
    says(verdict(page, "E4c"), "Not met · passes", "AST 20 ÷ 35 U/L")


def test_a_steroid_dose_is_converted_before_it_is_judged(
    sign_in: Callable[..., Page], site: Site
) -> None:
    # Given a draft without the corticosteroid, of a patient of 60 kg,
    factories.screening(site, factories.eligible_facts(no_steroids=None))
    page = sign_in(Role.COORDINATOR)
    follow(page, "· SCR-001")
    # when methylprednisolone 48 mg is entered, which is 0.80 mg/kg as it stands,
    choose(page, "None at all on any of these days?", "No")
    fill(
        question(page, "Dose 1"),
        {"Agent": "Methylprednisolone", "Dose that day": "48", "Day": "2026-03-14"},
    )
    press(page, "Submit for confirmation")
    # then it counts as prednisone 60 mg, which is 1.00 mg/kg and fails.
    says(page, "Screen failure", "Cannot be allocated.", "1 blocks")
    says(
        verdict(page, "I3"),
        "Not met · blocks",
        "Methylprednisolone 48 mg × 5 ÷ 4",
        "60 mg prednisone",
        "1.00 mg/kg/d",
        "Exactly 1.0 does not pass.",
    )
