"""From what the record shows to an assessed deviation; a medicine that warns and is counted."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from safety.models import ConcomitantMedication, DeclinedOffer, Deviation
from tests.safety.conducted import day, treated
from tests.system.conftest import PHONE
from tests.system.steps import choose, fill, follow, press, says
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser


def test_a_missed_record_becomes_an_assessed_deviation(
    sign_in: Callable[..., Page], site: Site
) -> None:
    subject = treated(site, days_ago=2).subject  # three doses of earlier days, not recorded
    page = sign_in(Role.COORDINATOR, width=PHONE)
    says(page, "3 possible deviations")
    follow(page, "Look and decide")
    expect(page.get_by_role("heading", name="Protocol deviations")).to_be_visible()
    page.get_by_text("3 times").click()  # they stand together, one below the other
    follow(page, "Look and decide")
    says(page, f"{subject} · Is this a deviation?", "nobody recorded what became of it")
    fill(page, {"What else is there to say?": "The ward was moved that evening"})
    press(page, "Record the deviation")
    says(page, "The deviation is recorded; the investigator assesses it.")
    page.get_by_text("2 times").click()
    follow(page, "Look and decide")
    follow(page, "It is no deviation")
    press(page, "Decline")
    says(page, "Not saved")
    fill(page, {"Why is this no deviation?": "Given in the operating theatre, see the chart"})
    press(page, "Decline")
    says(page, "The offer is declined; the log keeps the reason.")
    assert DeclinedOffer.objects.count() == 1

    page = sign_in(Role.INVESTIGATOR)
    says(page, "Deviation: Dose not recorded")
    follow(page, "Assess")
    choose(page, "How severe is it?", "Major")
    fill(
        page,
        {
            "Assessment": "The dose is unknown",
            "Corrective and preventive action": "The ward keeps a paper sheet when it moves",
        },
    )
    press(page, "Save the assessment")
    says(page, "The assessment is saved.", "The ward keeps a paper sheet when it moves")
    [made] = Deviation.objects.all()
    assert (made.severity, made.kind) == ("major", "unrecorded_dose")
    page.goto("/safety/deviations/log/")
    says(page, "The dose is unknown", "Given in the operating theatre, see the chart")


def test_a_medicine_that_warns_and_a_corticosteroid_that_counts(
    sign_in: Callable[..., Page], site: Site
) -> None:
    subject = treated(site, days_ago=1).subject
    page = sign_in(Role.COORDINATOR, width=PHONE)
    page.goto(f"/participants/{subject}/")
    follow(page, "Medication and history")
    follow(page, "Add a medicine")
    imipenem = {
        "Medicine": "Imipenem/cilastatin",
        "Route": "Intravenous",
        "What for?": "Pneumonia",
        "First day": day(1).isoformat(),
    }
    fill(page, imipenem)
    press(page, "Record the medicine")
    says(page, "Imipenem: Seizures have been reported together with ganciclovir")
    expect(page.get_by_label("What for?")).to_have_value("Pneumonia")
    page.get_by_label("Yes, record it").check()
    press(page, "Record the medicine")
    says(page, "The medicine is recorded.", "Seizures have been reported")
    assert len(ConcomitantMedication.objects.get().interactions) == 1

    follow(page, "Add a medicine")
    dexamethasone = {
        "Medicine": "Dexamethasone",
        "Corticosteroid": "Dexamethasone",
        "Dose": "9",
        "What for?": "Lupus nephritis",
        "First day": day(1).isoformat(),
    }
    fill(page, dexamethasone)
    press(page, "Record the medicine")
    # 9 mg × 5 ÷ 0.75 = 60 mg of prednisone, for 60 kg exactly the limit
    says(page, "Not below the limit", "Dexamethasone 9 mg × 5 ÷ 0.75", "1.00 mg/kg/d")
    page.get_by_role("link", name="Stop · Dexamethasone").click()
    fill(page, {"On which day was it taken last?": day(0).isoformat()})
    press(page, "Stop the medicine")
    says(page, "The medicine is stopped.")
