"""From the first question to the verdict: the coordinator screens, the page says why."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Locator, Page, expect

from enrollment.facts import ScreeningFacts
from tests import factories
from tests.system.steps import (
    MOST_TABS,
    NAME_OF_FOCUSED,
    choose,
    fill,
    follow,
    press,
    press_key,
    question,
    says,
    tab_to,
    type_into,
)
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
    for test in tests:
        choose(page, test, "Negative")
    fill(page, {"HBsAg: day of the test": YESTERDAY})
    press(page, "Use the first day for every result without one")
    choose(page, "Is child-bearing possible?", "Yes")
    fill(page, {"Pregnancy test (β-hCG)": "Negative", "Tested": YESTERDAY})
    no(page, "Is she breast-feeding?")


def no(page: Page, *questions: str) -> None:
    for words in questions:
        choose(page, words, "No")


def record_consent(page: Page) -> None:
    fill(
        page,
        {"When was it signed?": f"{YESTERDAY}T09:00", "Who explained the trial?": "Dr Wang"},
    )
    press(page, "Record consent")


def verdict(page: Page, criterion: str) -> Locator:
    return page.locator(f"#verdict-{criterion}")


def test_a_missing_value_blocks_until_it_is_entered(sign_in: Callable[..., Page]) -> None:
    # Given a coordinator with a patient whose AST has not come back,
    factories.consent_form()
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


def test_verdicts_follow_what_is_typed(sign_in: Callable[..., Page], site: Site) -> None:
    # Given a draft without the AST and without a day for the test of HIV,
    facts = factories.eligible_facts(ast=None)
    days = {test: on for test, on in facts.infection_dates.items() if test != "hiv_ag_ab"}
    factories.screening(site, replace(facts, infection_dates=days))
    page = sign_in(Role.COORDINATOR)
    follow(page, "· SCR-001")
    # when what is still needed is opened and followed,
    page.get_by_text("Still needed").click()
    follow(page, "E4c: AST")
    expect(page.get_by_label("AST", exact=True)).to_be_focused()
    # and a value is typed that is no number,
    page.keyboard.type("2o")
    # then nothing passes, nothing typed is lost, and the focus stays;
    says(page.locator("#cards-E4c"), "AST: Enter a number.")
    says(verdict(page, "E4c"), "Unknown · blocks", "As typed, not saved yet")
    expect(page.get_by_label("AST", exact=True)).to_be_focused()
    expect(page.get_by_label("AST", exact=True)).to_have_value("2o")
    # when it is corrected and the day is entered,
    page.keyboard.press("Backspace")
    page.keyboard.type("0")
    says(verdict(page, "E4c"), "Not met · passes", "AST 20 ÷ 35 U/L")
    says(verdict(page, "E2"), "HIV antigen/antibody: the date of the test")
    fill(page, {"HIV antigen/antibody: day of the test": YESTERDAY})
    # then all criteria pass, and nothing of it is saved.
    says(page.get_by_role("status"), "16 pass", "As typed, not saved yet")
    page.reload()
    says(page.get_by_role("status"), "14 pass", "As last saved")


def test_what_is_not_asked_is_put_away_and_never_emptied(
    sign_in: Callable[..., Page], site: Site
) -> None:
    factories.screening(site)
    page = sign_in(Role.COORDINATOR)
    follow(page, "· SCR-001")
    # A reason is asked for where a test is positive.
    reason = page.get_by_label("Hepatitis C: why not active")
    expect(reason).to_be_hidden()
    choose(page, "Anti-HCV", "Positive")
    says(verdict(page, "E2"), "Met · blocks")
    reason.fill("cured 2018")
    says(verdict(page, "E2"), "Not met · passes", "decided by the investigator: cured 2018")
    choose(page, "Anti-HCV", "Negative")
    expect(reason).to_be_visible()
    # Answers about pregnancy contradict a man, and stay until they are taken away.
    fill(page, {"Sex at birth": "Male"})
    says(verdict(page, "E7"), "Unknown · blocks", "both are entered")
    tested = page.get_by_label("Pregnancy test (β-hCG)")
    expect(tested).to_be_visible()
    choose(page, "Is child-bearing possible?", "Not known")
    choose(page, "Is she breast-feeding?", "Not known")
    fill(page, {"Tested": "", "Pregnancy test (β-hCG)": "–"})
    expect(tested).to_be_hidden()
    says(verdict(page, "E7"), "Not applicable · passes")


def test_a_screening_by_keyboard_alone(sign_in: Callable[..., Page], site: Site) -> None:
    # Given a draft with consent and without an answer,
    made = factories.screening(site, ScreeningFacts())
    page = sign_in(Role.COORDINATOR)
    page.goto(f"/screening/{made.number}/edit/")
    day = "03172026"  # as an American browser takes it
    # when every question is answered with Tab, arrows, letters, Enter and the space bar alone,
    type_into(page, {"Date of birth": "03011985", "Sex at birth": "Female"})
    arrow(page, "Diagnosis", "ArrowDown")
    arrow(page, "Classification criteria", *["ArrowDown"] * 3)
    type_into(page, {"Date of diagnosis": "04012024"})
    radio(page, "attest the diagnosis", "Yes")
    type_into(page, {"CMV-DNA": "52000"})
    arrow(page, "Unit", "ArrowDown")
    type_into(page, {"Specimen": "Plasma", "Collected": day, "Assay": "PCR-CMV-2"})
    type_into(page, {"Limit of quantification": "500", "Limit of detection": "200"})
    type_into(page, {"Agent": "Methyl", "Dose that day": "40", "Day": "03142026"})
    press_key(page, "Add a line")
    page.keyboard.type("Hydro")  # the new line has the focus
    type_into(page, {"Dose that day": "20", "Day": "03142026"})
    radio(page, "None at all on any of these days?", "No")
    type_into(page, {"Weight": "60.0", "Weighed": day, "Creatinine": "62"})
    arrow(page, "Unit", "ArrowDown")
    type_into(page, {"Collected": day, "ALT": "22", "ALT ULN": "40", "AST": "20", "AST ULN": "35"})
    type_into(page, {"Collected, with bilirubin": day, "Total bilirubin": "12.4", "ULN": "21.0"})
    arrow(page, "Unit", "ArrowDown")
    radio(page, "fever", "No")
    radio(page, "HBsAg", "Negative")
    type_into(page, {"HBsAg: day of the test": day})
    for test in ("Anti-HCV", "HIV antigen", "Treponemal antibody", "RPR", "EBV DNA"):
        radio(page, test, "Negative")
    press_key(page, "Use the first day for every result without one")
    for words in ("another active infection", "intolerance to IL-2", "heart failure"):
        radio(page, words, "No")
    for words in ("another severe disease", "malignancy", "psychiatric"):
        radio(page, words, "No")
    radio(page, "child-bearing", "Yes")
    type_into(page, {"Pregnancy test (β-hCG)": "Negative", "Tested": day})
    radio(page, "breast-feeding?", "No")
    radio(page, "intolerance to ganciclovir", "No")
    says(page.get_by_role("status"), "16 pass")
    press_key(page, "Submit for confirmation")
    # then the verdict of the submitted screening stands there.
    says(page, "The screening is submitted.", "All criteria pass.")
    says(verdict(page, "I3"), "Met · passes", "55 mg prednisone", "0.92 mg/kg/d")


def arrow(page: Page, name: str, *keys: str) -> None:
    """Choose from the list with this name by its arrow keys."""
    tab_to(page, name)
    for key in keys:
        page.keyboard.press(key)


QUESTION_OF_FOCUSED = """() => {
  const legend = document.activeElement.closest("fieldset")?.querySelector("legend");
  return document.activeElement.type === "radio" ? legend.textContent.trim() : "";
}"""


def radio(page: Page, words: str, answer: str) -> None:
    """Tab to the question with these words, and go to the answer by the arrow keys."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if words in page.evaluate(QUESTION_OF_FOCUSED):
            break
    else:
        raise AssertionError(f"{words!r} cannot be reached with Tab")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
        if page.evaluate(NAME_OF_FOCUSED) == answer:
            return
    raise AssertionError(f"{answer!r} is no answer to {words!r}")
