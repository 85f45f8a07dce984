"""The endpoint and its rows, the flags of the scheduled task, the casebook."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from enrollment.models import Participant
from tests import factories
from tests.labs.examples import BASELINE, DAY_7, entered, pcr, plated, safety
from tests.system.steps import choose, fill, follow, press, says
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser


def test_an_endpoint_leads_to_its_rows(sign_in, site):
    for arm in ("il2_gcv", "gcv"):
        for n in range(2):
            p = factories.on_treatment(site, arm, days_ago=8)
            day0 = clock.today() - dt.timedelta(days=8)
            plated(p, BASELINE, at=factories.local(day0, dt.time(7)))
            plated(p, DAY_7, at=factories.local(day0 + dt.timedelta(days=7), dt.time(7,30)))
            entered(p, pcr("52000"), hours=190)
            entered(p, pcr("800"), hours=50)
    page = sign_in(Role.INVESTIGATOR)
    follow(page, "Outcomes")
    expect(page.locator(".figure-live svg")).to_have_count(2)
    print(page.locator("main").inner_text())
    page.screenshot(path="/tmp/w/journeys/o1.png", full_page=True)
    follow(page, "Rows it was computed from")
    print(page.locator("main").inner_text())
    follow(page, "20.74")
    print(page.locator("main").inner_text())
    assert 0

def test_flags(sign_in, site):
    p = factories.on_treatment(site, days_ago=7)
    call_command("flag_due")
    page = sign_in(Role.COORDINATOR)
    print(page.locator("main").inner_text())
    follow(page, "Follow-up")
    print(page.locator("main").inner_text())
    follow(page, "Record visit · PKU-001, Day 7")
    print(page.locator("main").inner_text())
    choose(page, "What became of the visit?", "Done")
    fill(page, {"When was it done?": "2026-03-18"})
    press(page, "Record visit")
    print(page.locator("main").inner_text())
    call_command("flag_due")
    follow(page, "Follow-up")
    print(page.locator("main").inner_text())
    entered(p, pcr("52000"))
    entered(p, safety("anc", "0.46", "10^9/L"))
    plated(p)
    follow(page, "PKU-001")
    print(page.locator("main").inner_text())
    assert 0
