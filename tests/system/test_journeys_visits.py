"""Visits: what is due, what was late, what nobody planned, and the week that shows all of it."""

from collections.abc import Callable

import pytest
import time_machine
from playwright.sync_api import Page, expect

from tests import factories
from tests.system.conftest import PHONE
from tests.system.steps import choose, fill, follow, press, says
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser

WHY = "The train was late"


def test_a_late_visit_is_recorded_with_its_reason_and_seen_everywhere(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    # Given a participant whose first dose was nine days ago, so that day 7 closed yesterday,
    factories.on_treatment(site, days_ago=9)
    page = sign_in(Role.COORDINATOR)
    # when the coordinator looks at the week,
    page.goto("/visits/")
    says(page, "Visits of week 2026-W12", "Late: window closed")
    # and records day 7 as done today, a day late, without a reason,
    follow(page, "Record · PKU-001, Day 7")
    choose(page, "What became of the visit?", "Done")
    fill(page, {"When was it done?": "2026-03-18"})
    press(page, "Record visit")
    # then the reason is asked for, and nothing that was typed is lost;
    says(page, "Not saved", "Say why the visit was done outside its window")
    expect(page.get_by_label("When was it done?")).to_have_value("2026-03-18")
    # with it the deviation stands in the list, in the casebook and in the week.
    fill(page, {"Why was it missed, or done outside its window?": WHY})
    press(page, "Record visit")
    says(page, "The visit is recorded.", "Done, 1 day late", WHY)
    page.goto("/participants/PKU-001/?kind=visit")
    says(page, "Done, 1 day late", f"Outside its window, 2026-03-15 to 2026-03-17: {WHY}")
    page.goto("/visits/")
    says(page, "Done, 1 day late")


def test_an_unscheduled_visit_is_added_and_taken_back_on_a_phone(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    # Given a participant on treatment, and a nurse with a phone,
    factories.on_treatment(site, days_ago=3)
    page = sign_in(Role.NURSE, width=PHONE)
    # when a visit that nobody planned is recorded,
    page.goto("/participants/PKU-001/visits/")
    follow(page, "Record an unscheduled visit")
    fill(page, {"When was it done?": "2026-03-17", "Why was the visit made?": "Fever at night"})
    press(page, "Record visit")
    # then it stands among the planned ones;
    says(page, "Unscheduled visit 1", "Fever at night")
    # when it turns out to be another participant's,
    follow(page, "Correct · Unscheduled visit 1")
    choose(page, "What became of the visit?", "Recorded by mistake")
    fill(page, {"When was it done?": "", "Why is the record changed?": "Another participant’s"})
    press(page, "Save correction")
    # then it is taken back, and nothing is deleted.
    says(page, "The visit is corrected.", "Recorded by mistake")


def test_the_visit_card_prints_on_one_page(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    # Given a participant in follow-up, with every visit planned,
    participant = factories.on_treatment(site, days_ago=9)
    investigator = factories.user(Role.INVESTIGATOR, site)
    factories.withdrawn(participant, "Converted", by=investigator)
    page = sign_in(Role.COORDINATOR)
    page.goto("/participants/PKU-001/visits/")
    follow(page, "Visit card")
    # then the card fits on the paper that goes into a pocket, and names no arm.
    says(page, "Your visits", "Participant PKU-001", "Month 3 after withdrawal")
    for paper in ("A4", "A5"):
        assert page.pdf(format=paper).count(b"/Type /Page\n") == 1
    card = page.locator(".visit-card").inner_text()
    assert "IL-2" not in card
    assert "Interleukin" not in card
