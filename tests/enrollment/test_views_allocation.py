"""Allocation in the browser, and what nobody may read there."""

import datetime as dt
from uuid import uuid4

import pytest
from django.test import Client

from enrollment.models import Allocation, AllocationList, Participant
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
from trial_site.models import Site
from trial_site.protocol import current
from trial_site.roles import PEOPLE, Role

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
    assert "No allocation list yet" in text(login(Role.MONITOR).get(LIST))
