"""A tube is expected, comes, and is measured; what it says reaches the investigator at once."""

from collections.abc import Callable

import pytest
import time_machine
from playwright.sync_api import Page, expect

from tests import factories
from tests.labs.examples import entered, plated, safety
from tests.system.conftest import PHONE
from tests.system.steps import fill, follow, press, says
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser


def test_a_tube_that_was_expected_is_received_and_measured(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    # Given a participant whose day 7 is today,
    factories.on_treatment(site, days_ago=7)
    page = sign_in(Role.LAB)
    page.goto("/labs/inbox/?visit=D7")
    says(page, "NK cytotoxicity", "NK subsets", "Cytokines", "until March 19")
    # when the serum comes and is registered,
    follow(page, "Register the tube · PKU-001, Cytokines, Day 7")
    says(page, "Register a specimen")
    expect(page.get_by_label("Participant", exact=True)).to_have_value("PKU-001")
    fill(page, {"Collected": "2026-03-18T08:00", "Laboratory number": "L-2201"})
    press(page, "Register")
    says(page, "The specimen is registered.", "Nothing is measured in it yet.", "Awaiting results")
    # then the inbox waits for its results alone, and its form knows the tube.
    page.goto("/labs/inbox/?visit=D7&state=received")
    says(page, "No result yet")
    follow(page, "Enter results · PKU-001, Cytokines")
    expect(page.get_by_label("Collected", exact=True)).to_have_value("2026-03-18T08:00")
    # When it turns out to be haemolysed, the visit asks for another.
    page.goto("/labs/inbox/?visit=D7&state=received")
    follow(page, "Open the specimen")
    follow(page, "Cannot be used")
    page.get_by_label("Haemolysed").check()
    press(page, "Mark as not to be used")
    says(page, "Marked as not to be used.", "Cannot be used:")
    page.goto("/labs/inbox/?visit=D7&state=unusable")
    says(page, "Haemolysed")


def test_an_empty_inbox_and_a_severe_result_on_the_investigators_list(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    # Given a participant before the first dose, of whom all but the PCR of day 0 came,
    participant = factories.allocated(site)
    plated(participant)
    page = sign_in(Role.LAB)
    page.goto(f"/labs/inbox/?participant={participant.subject}&visit=D0")
    follow(page, f"Enter results · {participant.subject}, CMV-DNA")
    # when its result is entered on the form that the row leads to,
    fill(page, {"Collected": "2026-03-18T08:00", "What is the result?": "52000"})
    page.get_by_role("combobox", name="Assay").fill("PCR-CMV-2")
    press(page, "Save result")
    says(page, f"Saved for {participant.subject}")
    # then the inbox no longer waits for it;
    page.goto(f"/labs/inbox/?participant={participant.subject}&visit=D0")
    expect(page.get_by_role("link", name="CMV-DNA, Day 0")).to_have_count(0)
    # and severe neutrophils stand first on the investigator's list, on a phone too,
    entered(participant, safety("anc", "0.46", "10^9/L", lln="1.8"))
    investigator = sign_in(Role.INVESTIGATOR, width=PHONE)
    first = investigator.locator(".work-row").first
    says(first, "Grade 4", "Neutrophils (ANC) 0.46")
    # until it is said what was decided.
    follow(first, "Acknowledge")
    says(investigator, "CTCAE grade 4", "below 0.5: hold")
    fill(investigator, {"What was decided?": "Not started; count repeated tomorrow"})
    press(investigator, "Acknowledge")
    says(investigator, f"Acknowledged for {participant.subject}")
    expect(investigator.get_by_text("Neutrophils (ANC) 0.46")).to_have_count(0)
