"""From a reaction to a serious event, its clock on the worklists, and the report on paper."""

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from playwright.sync_api import Page, expect

from safety.models import AdverseEvent, SafetyReport
from tests import factories
from tests.system.conftest import PHONE
from tests.system.steps import choose, fill, follow, press, question, says
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser


def test_a_reaction_becomes_a_reported_serious_event(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    who = factories.on_treatment(site, "gcv")
    dose = who.administrations.get()
    page = sign_in(Role.NURSE, width=PHONE)
    page.goto(f"/dosing/administrations/{dose.pk}/reaction/?kind=chills")
    question(page, "CTCAE grade").get_by_role("radio").nth(2).check()
    press(page, "Record: ")
    page.goto("/")
    says(page, "Chills: is it an adverse event?")
    follow(page, "Decide")
    assert not AdverseEvent.objects.exists()  # offered, not made
    follow(page, "Report as an event")
    expect(page.get_by_label("What happened?")).to_have_value("Chills")
    # Another term brings its own criteria, and keeps the grade that was chosen.
    fill(page, {"What happened?": "Fever"})
    page.get_by_label("What happened?").press("Tab")
    says(page, "Grade 3: Above 40.0 °C for 24 hours or less")
    grades = question(page, "How severe is it?")
    expect(grades.get_by_role("radio").nth(2)).to_be_checked()
    choose(page, "Outcome so far", "Not recovered")
    serious = question(page, "Is it serious?")
    serious.get_by_label("Hospitalisation or its prolongation").check()
    press(page, "Report the event")
    says(page, "Enter when somebody at the site first knew that it is serious")
    fill(page, {"Known to be serious since": "2026-03-18T10:30"})
    press(page, "Report the event")
    says(page, "The event is reported", "Not assessed yet")

    page = sign_in(Role.INVESTIGATOR)
    says(page, "Report to the sponsor: Fever", "23 h 5")
    row = page.locator(".work-row", has_text="how the drugs are related is not assessed")
    follow(row, "Assess")
    choose(page, "Ganciclovir: how is it related?", "Unlikely")
    choose(page, "Ganciclovir: what was done?", "Dose not changed")
    choose(page, "Interleukin-2: how is it related?", "The drug was not given")
    choose(page, "Interleukin-2: what was done?", "The drug was not given")
    press(page, "Save assessment")
    says(page, "The event is assessed", "Report to the sponsor")
    expect(page.get_by_text("Report to the authority")).to_have_count(0)  # no SUSAR

    morning.move_to(dt.datetime(2026, 3, 19, 2, 31, tzinfo=dt.UTC))
    page = sign_in(Role.COORDINATOR)  # the others' sessions have ended overnight
    first = page.locator(".work-row").first
    expect(first).to_contain_text("Overdue")
    expect(first).to_contain_text("1 min over")
    says(page.get_by_role("navigation", name="Main"), "1 late")
    follow(first, "Report")
    says(page, "What the report says", "2026-03-18 10:30 +08:00")
    fill(page, {"Narrative": "Fever of 40.4 °C after ganciclovir, admitted, blood cultures."})
    press(page, "Keep as sent")
    says(page, "Initial report 1", "blood cultures", "Signature")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.get_by_text("Signature")).to_be_visible()
    page.emulate_media(media="screen")
    [report] = SafetyReport.objects.all()
    assert (report.recipient, report.number) == ("sponsor", 1)
    page.goto("/")
    expect(page.get_by_text("Report to the sponsor")).to_have_count(0)
    page.goto(f"/participants/{who.subject}/?kind=safety")
    says(page, "Grade 3, serious", "Initial report to Sponsor: Fever")
