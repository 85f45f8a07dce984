"""From the verdict to the arm: confirmed, enrolled, allocated, once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from enrollment.models import Allocation
from tests import factories
from tests.system.steps import again, follow, press, says
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser

ALLOCATE = "Allocate PKU-001 now"
RECEIPT = ("Allocation of PKU-001", "IL-2 + ganciclovir", "1 of list", "by coordinator-pku")


def test_a_confirmed_patient_becomes_a_participant(
    sign_in: Callable[..., Page], site: Site
) -> None:
    # Given an eligible screening,
    factories.submitted(site)
    # when the investigator confirms it,
    investigator = sign_in(Role.INVESTIGATOR)
    follow(investigator, "· SCR-001")
    press(investigator, "Confirm eligibility")
    says(investigator, "Eligibility is confirmed.")
    # then the coordinator can enrol the patient, and the page before allocation says it all.
    coordinator = sign_in(Role.COORDINATOR)
    follow(coordinator, "· SCR-001")
    press(coordinator, "Enrol the patient")
    says(coordinator, "The patient is enrolled.", "Allocate an arm to PKU-001", "16 pass")
    # Without a list nothing can be allocated.
    says(coordinator, "No allocation list has been generated yet")
    expect(coordinator.get_by_role("button", name="Allocate")).to_have_count(0)


def test_one_participant_gets_one_arm(sign_in: Callable[..., Page], site: Site) -> None:
    # Given an enrolled participant, a sealed list, and the page open in two windows,
    factories.allocation_list()
    factories.enrolled(site)
    page = sign_in(Role.COORDINATOR)
    follow(page, "· PKU-001")
    second = again(page)
    # when the button is clicked twice, the page loaded again, and the other window used too,
    page.get_by_role("button", name=ALLOCATE).dblclick()
    says(page, "The participant is allocated.", *RECEIPT)
    page.reload()
    says(page, *RECEIPT)
    press(second, ALLOCATE)
    # then there is one allocation, and every window shows its receipt.
    says(second, "This participant is allocated already; this is the receipt.", *RECEIPT)
    assert Allocation.objects.count() == 1
