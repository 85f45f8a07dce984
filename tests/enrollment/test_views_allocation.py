"""Allocation in the browser, and what nobody may read there."""

import csv
import datetime as dt
import io
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from enrollment.actions.allocation import note_allocation_error
from enrollment.actions.allocation_lists import close_allocation, plan_allocation
from enrollment.facts import Operator
from enrollment.models import Allocation, AllocationList, Participant
from oversight.trail import AuditEntry
from tests import factories
from tests.enrollment.conftest import Login
from tests.enrollment.pages import (
    ARMS,
    LIST,
    LOG,
    PARTICIPANTS,
    page,
    send,
    text,
    typed,
)
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import PEOPLE, SEES_ARM, Role

pytestmark = pytest.mark.django_db


def test_before_the_click_the_page_says_what_will_happen(
    desk: Client, waiting: Participant
) -> None:
    shown = text(desk.get(page(waiting, "allocate")))
    assert AllocationList.objects.get().sha256 in shown
    assert "16 pass" in shown
    assert "Allocate PKU-001 now" in shown
    assert not Allocation.objects.exists()


def test_the_receipt_names_who_when_arm_slot_and_verdict(
    desk: Client, waiting: Participant
) -> None:
    shown = text(send(desk, page(waiting, "allocate")))
    receipt = Allocation.objects.get()
    for fact in (
        "IL-2 + ganciclovir",
        "1 of list NCT04225780|ALL|v1",
        receipt.eligibility_digest,
        AllocationList.objects.get().sha256,
        "by coordinator-pku",
        "Protocol 1.0",
    ):
        assert fact in shown


@pytest.mark.requirement("R24")
def test_a_second_click_shows_the_receipt_in_a_plain_sentence(
    desk: Client, waiting: Participant
) -> None:
    url = page(waiting, "allocate")
    data = typed(desk.get(url))
    desk.post(url, data)
    same = desk.post(url, data, follow=True)
    assert "This was saved already." in text(same)
    other = desk.post(url, data | {"entry_key": str(uuid4())}, follow=True)
    assert "This participant is allocated already; this is the receipt." in text(other)
    for response in (same, other):
        assert "Allocation of PKU-001" in text(response)
    assert Allocation.objects.count() == 1


def test_expired_values_are_named_before_and_after_the_click(
    desk: Client, waiting: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = typed(desk.get(page(waiting, "allocate")))
    later = clock.today() + dt.timedelta(days=7)
    monkeypatch.setattr(clock, "today", lambda: later)
    shown = text(desk.get(page(waiting, "allocate")))
    assert "as of today the screening does not show eligibility" in shown
    assert "now</button>" not in shown
    refused = text(desk.post(page(waiting, "allocate"), data))
    assert "As of today the screening no longer shows eligibility" in refused
    assert "a value at most 7 d old (this one is 8 d old)" in refused
    assert not Allocation.objects.exists()


def test_without_a_list_nobody_can_be_allocated(desk: Client, site: Site) -> None:
    shown = text(desk.get(page(factories.enrolled(site), "allocate")))
    assert "No allocation list has been generated yet" in shown
    assert "now</button>" not in shown


@pytest.mark.requirement("R24")
def test_no_page_shows_an_unused_slot(login: Login, site: Site, waiting: Participant) -> None:
    """With one arm revealed to nobody yet, no page names an arm as anybody's."""
    sealed = list(AllocationList.objects.get().slots.values_list("sealed_arm", flat=True))
    for role in sorted(PEOPLE):
        client = login(role)
        for url in (LIST, PARTICIPANTS, page(waiting), page(waiting, "allocate"), LOG):
            shown = text(client.get(url))
            assert not [token for token in sealed if token in shown]
            assert not [arm for arm in current().allocation.arms if f'"{arm}"' in shown]
            if not url.endswith("allocate/"):  # there both arms stand as what may come out
                assert not [arm for arm in ARMS if f">{arm}</span>" in shown], (role, url)


def test_the_list_page_shows_the_commitment(login: Login, waiting: Participant) -> None:
    made = AllocationList.objects.get()
    shown = text(login(Role.STATISTICIAN).get(LIST))
    for fact in (made.label, made.sha256, f"0 of {made.length} places", "by statistician-list"):
        assert fact in shown


def test_without_a_list_its_page_says_who_makes_it(login: Login) -> None:
    shown = text(login(Role.MONITOR).get(LIST))
    assert "Waits for a list" in shown
    assert "Generate the list" not in shown
    assert "Generate the list" in text(login(Role.STATISTICIAN).get(LIST))


REGISTRY = ("Non-Randomized", "it will be randomly distributed", "Decision D1:", "Randomise 1:1")


def test_the_contradiction_of_the_registry_stands_wherever_an_arm_is_given(
    desk: Client, waiting: Participant
) -> None:
    for url in (LIST, page(waiting, "allocate")):
        shown = text(desk.get(url))
        assert not [words for words in REGISTRY if words not in shown], url
    receipt = text(send(desk, page(waiting, "allocate")))
    assert not [words for words in REGISTRY if words not in receipt]
    lines = desk.get("/allocation/allocations.csv").getvalue().decode()
    [row] = csv.DictReader(io.StringIO(lines))
    assert (row["registry_says"], row["decision"]) == ("Non-Randomized", "D1")
    assert row["decided"].startswith("Randomise 1:1")
    assert (row["subject"], row["mode"], row["arm"], row["place"]) == (
        "PKU-001", "randomised", "il2_gcv", "1",
    )  # fmt: skip
    assert AuditEntry.objects.filter(event="exported").count() == 1


# --- the receipt -------------------------------------------------------------------------------


@pytest.mark.requirement("R08")
def test_the_receipt_names_the_audit_entry_that_binds_it(
    desk: Client, waiting: Participant
) -> None:
    shown = text(send(desk, page(waiting, "allocate")))
    entry = AuditEntry.objects.get(model="enrollment.allocation")
    assert entry.hash in shown
    assert f"Entry {entry.sequence} of the audit chain {entry.chain_id}" in shown


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_whoever_sees_arms_reads_receipts(login: Login, site: Site, role: Role) -> None:
    url = page(factories.allocated(site), "receipt")
    response = login(role).get(url)
    assert response.status_code == (200 if role in SEES_ARM.roles else 403)


def test_before_allocation_there_is_no_receipt(desk: Client, waiting: Participant) -> None:
    shown = text(desk.get(page(waiting, "receipt"), follow=True))
    assert "This participant is not allocated." in shown


def test_a_receipt_takes_few_queries(
    desk: Client, site: Site, django_assert_max_num_queries: Any
) -> None:
    url = page(factories.allocated(site), "receipt")
    with django_assert_max_num_queries(12):
        desk.get(url)


# --- closed ------------------------------------------------------------------------------------


def test_after_closing_the_page_offers_no_click(
    desk: Client, waiting: Participant, staff: dict[Role, User]
) -> None:
    close_allocation(reason="Done", by=staff[Role.STATISTICIAN], confirmed=True)
    shown = text(desk.get(page(waiting, "allocate")))
    assert "Allocation is closed: nobody is allocated any more." in shown
    assert "now</button>" not in shown


def test_an_unknown_stratum_is_said_before_the_click(
    desk: Client, site: Site, staff: dict[Role, User]
) -> None:
    plan_allocation(
        mode="randomised", factor="cmv_dna", reason="Agreed", by=staff[Role.STATISTICIAN]
    )
    factories.allocation_list()
    facts = factories.eligible_facts()
    assert facts.cmv
    load = replace(facts.cmv, operator=Operator.ABOVE, value=Decimal("5000"))
    participant = factories.enrolled(site, replace(facts, cmv=load))
    shown = text(desk.get(page(participant, "allocate")))
    assert "it needs a result that can be told apart from 10,000 copies/mL" in shown
    assert "now</button>" not in shown


# --- assigned ----------------------------------------------------------------------------------


@pytest.fixture
def to_assign(site: Site, staff: dict[Role, User]) -> Participant:
    plan_allocation(mode="assigned", factor="", reason="As registered", by=staff[Role.STATISTICIAN])
    return factories.enrolled(site)


def test_the_investigator_chooses_and_the_receipt_says_why(
    login: Login, to_assign: Participant
) -> None:
    client = login(Role.INVESTIGATOR)
    shown = text(send(client, page(to_assign, "assign"), arm="gcv", why="Low platelets"))
    for fact in ("The arm is assigned.", "Assigned", "Reason: Low platelets", "Ganciclovir"):
        assert fact in shown
    assert Allocation.objects.get().reason == "Low platelets"


def test_an_assignment_without_a_reason_keeps_the_arm_that_was_chosen(
    login: Login, to_assign: Participant
) -> None:
    shown = text(send(login(Role.INVESTIGATOR), page(to_assign, "assign"), arm="gcv"))
    assert re.search(r'value="gcv"[^>]* checked', shown)
    assert not Allocation.objects.exists()


def test_one_assignment_sent_twice_is_saved_once(login: Login, to_assign: Participant) -> None:
    client, url = login(Role.INVESTIGATOR), page(to_assign, "assign")
    data = typed(client.get(url)) | {"arm": "gcv", "why": "Low platelets"}
    client.post(url, data)
    assert "This was saved already." in text(client.post(url, data, follow=True))
    other = client.post(url, data | {"entry_key": str(uuid4()), "arm": "il2_gcv"}, follow=True)
    assert "This participant is allocated already; this is the receipt." in text(other)
    assert Allocation.objects.get().arm == "gcv"


def test_the_coordinators_page_says_who_assigns(desk: Client, to_assign: Participant) -> None:
    shown = text(desk.get(page(to_assign, "allocate")))
    assert "In this trial the investigator assigns the arm, with a reason." in shown
    assert "now</button>" not in shown
    assert desk.get(page(to_assign, "assign")).status_code == 403


def test_the_investigators_worklist_leads_to_the_assignment(
    login: Login, to_assign: Participant
) -> None:
    shown = text(login(Role.INVESTIGATOR).get("/"))
    assert "An arm is to be assigned" in shown
    assert page(to_assign, "assign") in shown


def test_where_a_list_decides_nobody_assigns(login: Login, waiting: Participant) -> None:
    shown = text(login(Role.INVESTIGATOR).get(page(waiting, "assign")))
    assert "In this trial the sealed list decides; nobody chooses an arm." in shown
    assert "now</button>" not in shown


# --- allocated in error ------------------------------------------------------------------------


def test_an_error_is_noted_and_shown_wherever_the_arm_is(login: Login, site: Site) -> None:
    participant = factories.allocated(site)
    client, url = login(Role.INVESTIGATOR), page(participant, "allocation-error")
    shown = text(send(client, url, what="The wrong patient was open"))
    assert "The error is noted." in shown
    for address in (page(participant, "receipt"), page(participant), PARTICIPANTS):
        assert "Allocated in error" in text(client.get(address)), address
    assert "The wrong patient was open" in text(client.get(page(participant)))
    again = text(client.get(url, follow=True))
    assert "There is nothing to note: not allocated, or noted already." in again


def test_the_laboratory_does_not_read_the_words_of_the_note(
    login: Login, site: Site, staff: dict[Role, User]
) -> None:
    participant = factories.allocated(site)
    note_allocation_error(participant, what="Was to get IL-2", by=staff[Role.INVESTIGATOR])
    shown = text(login(Role.LAB).get(PARTICIPANTS))
    assert "Allocated in error" not in shown
    assert "Was to get IL-2" not in shown


def test_an_error_needs_words(login: Login, site: Site) -> None:
    url = page(factories.allocated(site), "allocation-error")
    shown = text(send(login(Role.COORDINATOR), url, what=" "))
    assert "This field is required" in shown


# --- every page, the boring way ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("allocate", Role.COORDINATOR),
        ("assign", Role.INVESTIGATOR),
        ("receipt", Role.COORDINATOR),
        ("allocation-error", Role.INVESTIGATOR),
    ],
)
def test_another_sites_participant_is_not_found(
    login: Login, other_site: Site, name: str, role: Role
) -> None:
    participant = factories.allocated(other_site)
    assert login(role).get(page(participant, name)).status_code == 404


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("allocate", Role.INVESTIGATOR),
        ("assign", Role.COORDINATOR),
        ("receipt", Role.LAB),
        ("allocation-error", Role.NURSE),
    ],
)
def test_another_role_is_refused(login: Login, site: Site, name: str, role: Role) -> None:
    assert login(role).get(page(factories.allocated(site), name)).status_code == 403


def test_a_receipt_is_only_read(desk: Client, site: Site) -> None:
    assert desk.post(page(factories.allocated(site), "receipt")).status_code == 405
