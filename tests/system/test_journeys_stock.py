"""Stock on a phone and at a desk: a box is scanned in, counted, given from, and recalled."""

import datetime as dt
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from dosing.models import Lot
from tests import factories
from tests.dosing import stocked
from tests.system.conftest import PHONE
from tests.system.steps import fill, follow, press, says
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser

CODE = "(01)09506000134352(17)270300(10)GCV-2601"
TEN = dt.time(10)  # half an hour before the journeys begin


def is_accessible(page: Page) -> None:
    """axe-core finds nothing, and nothing needs sideways scrolling."""
    assert [found["id"] for found in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_box_is_scanned_received_and_counted(sign_in: Callable[..., Page], site: Site) -> None:
    # Given an empty stock, and a nurse with a phone and a scanner that types and presses Enter,
    page = sign_in(Role.NURSE, width=PHONE)
    follow(page, "Stock")
    says(page, "No lot here yet")
    is_accessible(page)
    # when the box is scanned, it is unknown,
    page.get_by_label("Scan or type a lot").fill(CODE)
    page.keyboard.press("Enter")
    says(page, "Lot GCV-2601 is not in stock.")
    # and its form has lot and last day, of a month without a day, filled in;
    follow(page, "Receive it as ganciclovir")
    says(page, "Read from the box: compare with the label.")
    expect(page.get_by_label("Expiry")).to_have_value("2027-03-31")
    is_accessible(page)
    fill(
        page,
        {
            "Product": "Cymevene, Roche",
            "Content of a vial": "500",
            "Storage": "Below 25 °C",
            "How many vials?": "20",
        },
    )
    press(page, "Receive Ganciclovir")
    says(page, "Cymevene, Roche GCV-2601: The lot is in stock.")
    is_accessible(page)
    # when the shelf holds one fewer than the ledger, it is asked before it is saved,
    follow(page, "Count")
    fill(page, {"How many vials lie there?": "19"})
    press(page, "Count")
    says(page, "By the ledger 20, counted 19.")
    is_accessible(page)
    page.get_by_label("Yes, this is right").check()
    press(page, "Count")
    # and the worklist asks how it came about, until somebody says so.
    says(page, "The count is saved.", "By the ledger 20, counted 19")
    follow(page, "Worklist")
    says(page, "Ledger and shelf disagree", "Vials by the ledger: 20; counted: 19")
    follow(page, "Explain · GCV-2601")
    fill(page, {"How did ledger and shelf come to differ?": "One vial broke on arrival"})
    press(page, "Explain a discrepancy")
    says(page, "The discrepancy is explained.")
    is_accessible(page)
    # A second scan leads straight to the lot.
    follow(page, "Stock")
    is_accessible(page)
    page.get_by_label("Scan or type a lot").fill(CODE)
    page.keyboard.press("Enter")
    says(page, "Lot GCV-2601", "One vial broke on arrival")


def test_a_recall_says_who_received_the_lot(sign_in: Callable[..., Page], site: Site) -> None:
    # Given a lot of which a participant received two vials,
    lot = stocked.lot(site)
    participant = factories.allocated(site, "gcv")
    ten = factories.local(clock.today(), TEN)
    stocked.from_lot(factories.order(participant, starts_at=ten), ten, lot, vials=2)
    page = sign_in(Role.INVESTIGATOR)
    # when the investigator recalls it,
    follow(page, "Stock")
    follow(page, "GCV-2601")
    follow(page, "Recall the lot")
    fill(page, {"Why is the lot recalled?": "Particles, by the maker's letter"})
    press(page, "Recall the lot")
    # then it says who received it, and the worklist asks what was done for them.
    says(page, "Recalled: do not give", participant.subject)
    follow(page, "Worklist")
    says(page, "Participants who received it: 1. Particles, by the maker's letter")
    follow(page, "See who received it")
    follow(page, "Follow up the recall")
    fill(page, {"What was done for those who received it?": "Seen today, well"})
    press(page, "Follow up the recall")
    says(page, "The recall is followed up.", "Seen today, well")
    # The report counts every vial, at a desk and on a phone.
    follow(page, "Stock")
    follow(page, "Accountability")
    says(page, "Drug accountability", "−2")
    page.set_viewport_size({"width": PHONE, "height": 900})
    is_accessible(page)
    follow(page, "By participant")
    says(page, participant.subject)
    is_accessible(page)
    assert Lot.objects.get().follow_up == "Seen today, well"
