"""The laboratory types a batch without a mouse; what it finds holds a drug on the ward."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.labs.examples import BASELINE, entered, pcr, plated
from tests.system.conftest import PHONE
from tests.system.steps import (
    follow,
    press_key,
    rest,
    says,
    tab_to,
    type_down,
    type_into,
    type_moment,
)
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser

ARM = "IL-2 + ganciclovir"


def open_entry(page: Page, link: str, title: str) -> None:
    press_key(page, "Labs")
    says(page, "Arms are not shown here.")
    press_key(page, link)
    says(page, title)


def choose_participant(page: Page, subject: str) -> None:
    """Also wait for what was last entered for the participant."""
    with page.expect_response(re.compile(f"participant={subject}")):
        type_into(page, {"Participant": subject})
    rest(page)


def test_cmv_dna_is_typed_as_it_was_printed(sign_in: Callable[..., Page], site: Site) -> None:
    # Given a participant on treatment, and a laboratory that touches no mouse,
    factories.on_treatment(site)
    page = sign_in(Role.LAB)
    open_entry(page, "CMV-DNA", "Enter CMV-DNA")
    # when a result below the limit of quantification is typed,
    choose_participant(page, "PKU-001")
    type_moment(page, "Collected", "03182026", "0800AM")
    assay = {
        "Assay": "PCR-CMV-2",
        "Limit of detection": "200",
        "Lower limit of quantification": "500",
    }
    type_into(page, {"What is the result?": "<500", **assay})
    press_key(page, "Save result")
    # then it stays what was printed, and counts as negative.
    says(page, "Saved for PKU-001")
    says(page, "<500 copies/mL", "Negative")


def test_wells_give_the_lysis_with_its_steps(sign_in: Callable[..., Page], site: Site) -> None:
    # Given a participant whose first dose was yesterday at eight,
    factories.on_treatment(site)
    page = sign_in(Role.LAB)
    open_entry(page, "NK cytotoxicity", "Enter NK cytotoxicity")
    # when the wells of half an hour before are typed down the columns,
    choose_participant(page, "PKU-001")
    type_moment(page, "Collected", "03172026", "0730AM")
    tab_to(page, "Targets alone, well 1, dead %")
    for spontaneous, maximum, endpoint in zip(*BASELINE, strict=True):
        type_down(page, spontaneous, maximum, "", endpoint, "", "")
    for _well in range(3):
        type_down(page, "9,000", "9,000", "", "9,000", "", "")
    # then the lysis is computed before anything is saved, and saved as computed.
    press_key(page, "Compute")
    says(page, "(25.50 − 6.00) ÷ (100 − 6.00) × 100", "20.74 %", "Nothing to check.")
    press_key(page, "Save result")
    says(page, "Saved for PKU-001", "19.50 ÷ 94.00 × 100", "20.74 %", "Controls pass")


def test_low_neutrophils_hold_ganciclovir(sign_in: Callable[..., Page], site: Site) -> None:
    # Given a participant with both drugs ordered,
    factories.on_treatment(site, "il2_gcv")
    page = sign_in(Role.LAB)
    open_entry(page, "Safety blood", "Enter safety blood")
    # when the laboratory enters neutrophils of 0.46,
    choose_participant(page, "PKU-001")
    type_moment(page, "Collected", "03182026", "0800AM")
    tab_to(page, "Neutrophils (ANC)")
    type_down(page, "0.46", "", "112", "180")
    press_key(page, "Save result")
    # then they are graded,
    says(page, "Saved for PKU-001", "0.46 is below 0.5: grade 4", "Grade 4")
    # and the nurse sees ganciclovir held, with the result that holds it.
    nurse = sign_in(Role.NURSE, width=PHONE)
    follow(nurse, "Dosing")
    says(nurse, "Held: do not give", "0.46", "blood of 18 Mar 08:00")
    expect(nurse.get_by_role("link", name="Given as ordered")).to_have_count(0)


def test_the_laboratory_never_sees_an_arm(sign_in: Callable[..., Page], site: Site) -> None:
    # Given a participant of the IL-2 arm with results, whose arm the nurse reads,
    participant = factories.on_treatment(site, "il2_gcv")
    entered(participant, pcr("52000"))
    plated(participant)
    nurse = sign_in(Role.NURSE)
    follow(nurse, "Participants")
    expect(nurse.locator("main")).to_contain_text(ARM)
    # when the laboratory reads every page it may open about participants,
    page = sign_in(Role.LAB)
    for path in ("/", "/participants/", "/follow-up/", "/labs/", *links_to_results(page)):
        page.goto(path)
        # then none says the arm,
        expect(page.locator("main")).not_to_contain_text(ARM)
    # and those that would are closed.
    for path in ("/participants/PKU-001/", "/dosing/", "/outcomes/"):
        page.goto(path)
        says(page, "Not open to your role")


def links_to_results(page: Page) -> list[str]:
    page.goto("/labs/")
    links = page.get_by_role("table").get_by_role("link").filter(has_text=re.compile("CMV|NK"))
    expect(links).to_have_count(2)
    return [link.evaluate("link => link.pathname") for link in links.all()]
