"""The investigator's decisions: a dose that follows the kidneys, a hold, the end of the course."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
import time_machine
from playwright.sync_api import Page, expect

from labs.actions import Entry, Sample, record_results
from tests import factories
from tests.system.conftest import PHONE
from tests.system.steps import choose, fill, follow, press, says
from tests.system.test_accessibility import problems
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser


def test_a_new_creatinine_asks_for_a_review_that_changes_the_order(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    # Given a participant of the control arm whose ganciclovir is ordered as proposed,
    participant = factories.allocated(site, "gcv")
    subject = participant.subject
    page = sign_in(Role.INVESTIGATOR, width=PHONE)
    page.goto(f"/dosing/orders/{subject}/")
    follow(page, "Write the order · Ganciclovir")
    says(page, "creatinine clearance 99.98 mL/min, at least 70: 5 mg/kg q12h")
    press(page, f"Order Ganciclovir for {subject}")
    says(page, "300 mg every 12 hours")
    # when a laboratory reports worse kidneys,
    lab = factories.user(Role.LAB, site)
    creatinine = Entry("creatinine", "µmol/L", Decimal(150))
    sample = Sample("serum", clock.now())
    record_results(participant, sample=sample, entries=[creatinine], by=lab, confirmed=True)
    page.goto("/")
    # then the order waits on the worklist for a review,
    follow(page, f"Review · {subject}, Review the ganciclovir order")
    # which shows both computations,
    says(page, "As ordered", "300 mg every 12 hours", "As proposed now", "150 mg every 24 hours")
    assert problems(page) == []
    # and leads to the changed order.
    follow(page, "Change the order")
    expect(page.get_by_label("Dose", exact=True)).to_have_value("150")
    fill(page, {"Why does the order change?": "Creatinine clearance 41 mL/min"})
    press(page, f"Order Ganciclovir for {subject}")
    says(page, "150 mg every 24 hours", "Orders before")
    page.goto("/")
    expect(page.get_by_text("Review the ganciclovir order")).to_have_count(0)


def test_a_hold_stands_at_the_bedside_until_it_is_resumed(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    # Given a participant on treatment,
    participant = factories.on_treatment(site, "gcv")
    subject = participant.subject
    page = sign_in(Role.INVESTIGATOR, width=PHONE)
    page.goto(f"/dosing/orders/{subject}/")
    # when the investigator holds ganciclovir and forgets to say why,
    follow(page, "Hold · Ganciclovir")
    choose(page, "Why is the drug held?", "Adverse event")
    press(page, f"Hold Ganciclovir of {subject}")
    says(page, "Not saved", "Say why the drug is held")
    assert problems(page) == []
    fill(page, {"Explanation": "Rash on both arms"})
    press(page, f"Hold Ganciclovir of {subject}")
    # then the reason stands with the order and at the bedside;
    says(page, "Held: do not give", "Adverse event; Rash on both arms")
    assert problems(page) == []
    page.goto("/dosing/")
    says(page, "Held: do not give", "Rash on both arms")
    # when it is resumed, with a reason,
    page.goto(f"/dosing/orders/{subject}/")
    follow(page, "Resume · Ganciclovir")
    fill(page, {"Why?": "The rash is gone"})
    press(page, f"Resume Ganciclovir of {subject}")
    # then nothing is held any more, and both reasons can be read.
    says(page, "Held before", "Rash on both arms", "The rash is gone")
    expect(page.get_by_text("Held: do not give")).to_have_count(0)


def test_the_drugs_are_withdrawn_on_what_is_known_and_with_a_signature(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    # Given a participant whose CMV-DNA was negative twice, eight days apart,
    participant = factories.on_treatment(site, "il2_gcv", days_ago=12)
    subject = participant.subject
    for days, operator, value in ((10, "<", 500), (2, "<", 500)):
        lab = factories.user(Role.LAB, site)
        entry = Entry(
            "cmv_dna",
            "copies/mL",
            Decimal(value),
            operator,
            assay="PCR-CMV-2",
            lloq=Decimal(500),
        )
        sample = Sample("plasma", factories.local(clock.today() - dt.timedelta(days=days)))
        record_results(participant, sample=sample, entries=[entry], by=lab, confirmed=True)
    page = sign_in(Role.INVESTIGATOR, width=PHONE)
    page.goto(f"/dosing/withdraw/{subject}/")
    # then the page shows the course, the conversion, the doses and what follows;
    says(
        page,
        "Conversion confirmed",
        "first negative on day 2",
        "Doses to date",
        "What happens next",
        "Month 3 after withdrawal",
    )
    assert problems(page) == []
    # when it is signed with a wrong password,
    choose(page, "Why are the drugs withdrawn?", "CMV-DNA is negative")
    fill(page, {"In your words": "Negative since day 2", "Your password": "wrong"})
    press(page, f"Sign and withdraw · {subject}")
    # then nothing happens, and what was typed stands;
    says(page, "Nothing was withdrawn", "The password is wrong; nothing was signed")
    expect(page.get_by_label("In your words")).to_have_value("Negative since day 2")
    # with the right one the decision stands, and the order has ended.
    fill(page, {"Your password": factories.PASSWORD})
    press(page, f"Sign and withdraw · {subject}")
    says(page, "Drugs withdrawn: CMV-DNA is negative", "Negative since day 2", "In follow-up")
    assert problems(page) == []
