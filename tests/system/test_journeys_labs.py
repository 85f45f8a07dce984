"""The laboratory types a batch without a mouse; what it finds holds a drug on the ward."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests import factories
from tests.system.steps import press_key, says, tab_to, type_down, type_into, type_moment
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser

BRITISH = {"locale": "en-GB"}  # how a browser takes dates that are typed


def test_cmv_dna_is_typed_as_it_was_printed(sign_in, site):
    factories.on_treatment(site)
    page = sign_in(Role.LAB, **BRITISH)
    press_key(page, "Labs")
    press_key(page, "CMV-DNA")
    type_into(page, {"Participant": "PKU-001"})
    type_moment(page, "Collected", "18032026", "0800")
    type_into(page, {"What is the result?": "<500", "Assay": "PCR-CMV-2", "Limit of detection": "200", "Limit of quantification": "500"})
    page.screenshot(path="/tmp/w/journeys/l1.png", full_page=True)
    press_key(page, "Save result")
    page.wait_for_timeout(500)
    print(page.url, page.locator("main").inner_text())
    page.screenshot(path="/tmp/w/journeys/l2.png", full_page=True)
    assert 0

def test_wells(sign_in, site):
    factories.on_treatment(site)
    page = sign_in(Role.LAB, **BRITISH)
    page.goto("/labs/cytotoxicity/new/")
    type_into(page, {"Participant": "PKU-001"})
    type_moment(page, "Collected", "17032026", "0730")
    tab_to(page, "Targets alone, well 1, dead %")
    for s, m, e in (("5.8","95.2","24.9"),("6.1","96.4","26.1"),("6.1","96.4","25.5")):
        type_down(page, s, m, "", e, "", "")
    for _ in range(3):
        type_down(page, "9000","9000","","9000","","")
    page.screenshot(path="/tmp/w/journeys/l3.png", full_page=True)
    print(page.evaluate("document.activeElement.outerHTML"))
    press_key(page, "Compute")
    page.wait_for_timeout(800)
    page.screenshot(path="/tmp/w/journeys/l4.png", full_page=True)
    print(page.url, page.locator("main").inner_text())
    print(page.evaluate("document.activeElement.outerHTML"))
    press_key(page, "Save result")
    page.wait_for_timeout(800)
    print(page.url, page.locator("main").inner_text())
    assert 0

def test_safety(sign_in, site):
    factories.on_treatment(site, "il2_gcv")
    page = sign_in(Role.LAB, **BRITISH)
    page.goto("/labs/safety/new/")
    type_into(page, {"Participant": "PKU-001"})
    type_moment(page, "Collected", "18032026", "0800")
    tab_to(page, "Neutrophils (ANC)")
    type_down(page, "0.46", "112", "180")
    page.screenshot(path="/tmp/w/journeys/l5.png", full_page=True)
    press_key(page, "Save result")
    page.wait_for_timeout(800)
    page.screenshot(path="/tmp/w/journeys/l6.png", full_page=True)
    print(page.url, page.locator("main").inner_text())
    assert 0
