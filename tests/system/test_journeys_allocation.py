"""From the verdict to the arm: confirmed, enrolled, allocated, once."""

import hashlib
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from enrollment.models import Allocation, AllocationList
from tests import factories
from tests.system.steps import again, choose, fill, follow, press, says
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
    # when the investigator confirms it, first with a wrong password,
    investigator = sign_in(Role.INVESTIGATOR)
    follow(investigator, "· SCR-001")
    says(investigator, "investigator-pku confirms with this signature", "Criterion by criterion")
    fill(investigator, {"Your password": "something else"})
    press(investigator, "Sign and confirm")
    says(investigator, "The password is wrong; nothing was signed")
    fill(investigator, {"Your password": factories.PASSWORD})
    press(investigator, "Sign and confirm")
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


def test_a_list_is_sealed_used_closed_and_published(
    sign_in: Callable[..., Page], site: Site
) -> None:
    # Given a statistician who generates the list on the page,
    statistician = sign_in(Role.STATISTICIAN)
    follow(statistician, "Allocation list")
    follow(statistician, "Generate the list")
    press(statistician, "Generate and seal")
    says(statistician, "The list is sealed, and its hash is published here.", "0 of ")
    made = AllocationList.objects.get()
    says(statistician, made.sha256)
    # when a participant is allocated from it and allocation is closed,
    factories.enrolled(site)
    coordinator = sign_in(Role.COORDINATOR)
    follow(coordinator, "· PKU-001")
    press(coordinator, ALLOCATE)
    says(coordinator, "The participant is allocated.", made.sha256)
    statistician.reload()
    follow(statistician, "Close allocation")
    fill(statistician, {"Why?": "Target reached"})
    press(statistician, "Close allocation")
    says(statistician, "Allocation is closed; the lists can be downloaded.")
    # then the file is there, and it is the one whose hash was published before the first use.
    with statistician.expect_download() as downloaded:
        follow(statistician, "Download")
    file = downloaded.value.path().read_bytes()
    assert hashlib.sha256(file).hexdigest() == made.sha256


def test_the_investigator_assigns_where_the_plan_says_so(
    sign_in: Callable[..., Page], site: Site
) -> None:
    # Given a plan to assign, and an enrolled participant,
    statistician = sign_in(Role.STATISTICIAN)
    follow(statistician, "Allocation list")
    follow(statistician, "Plan the allocation")
    choose(statistician, "Who decides the arm?", "Assigned")
    fill(statistician, {"Why?": "The registry says Non-Randomized"})
    press(statistician, "Record the plan")
    says(statistician, "The plan is recorded.", "The investigator chooses the arm, with a reason.")
    factories.enrolled(site)
    # when the investigator chooses without a reason, nothing happens;
    investigator = sign_in(Role.INVESTIGATOR)
    follow(investigator, "· PKU-001")
    choose(investigator, "Arm", "Ganciclovir")
    press(investigator, "Assign PKU-001 now")
    says(investigator, "Not assigned")
    # with one, the receipt names mode and reason,
    fill(investigator, {"Why this arm?": "Low platelets"})
    press(investigator, "Assign PKU-001 now")
    says(investigator, "The arm is assigned.", "Assigned", "Reason: Low platelets")
    # and an error that is noticed later is noted on it.
    follow(investigator, "Allocated in error")
    fill(investigator, {"What was wrong?": "Meant for another participant"})
    press(investigator, "Note the error")
    says(investigator, "Allocated in error.", "Meant for another participant")
