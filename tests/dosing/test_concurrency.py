"""Nurses side by side at one bed: exactly one administration a slot, and its vials once."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from dosing.models import Administration, DrugChoice, Order, StockEntry
from dosing.stock import balances
from enrollment.models import Participant
from oversight import verification
from tests import factories
from tests.dosing import stocked
from tests.dosing.conftest import at
from tests.enrollment.crowd import at_once, one_crowd_at_a_time
from trial_site.models import Site
from trial_site.roles import Role

NURSES, CLICKS_EACH = 4, 6

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.requirement("R24"),
]


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_crowd_at_a_time():
        yield


@pytest.fixture
def clients(transactional_db: None) -> list[Client]:
    site = factories.site()
    clients = []
    for number in range(NURSES):
        client = Client()
        client.force_login(factories.user(Role.NURSE, site, username=f"nurse-{number}"))
        clients.append(client)
    return clients


def beside(clients: list[Client], number: int) -> Client:
    """A browser of its own for each click, of one of the nurses."""
    client = Client()
    client.cookies = clients[number % NURSES].cookies
    return client


@pytest.fixture
def order(clients: list[Client]) -> Order:
    participant = factories.allocated(Site.objects.get(), "il2_gcv")
    return factories.order(participant)


def test_one_dose_a_slot_and_its_vials_once(clients: list[Client], order: Order) -> None:
    lot = stocked.lot(order.participant.site)
    url = reverse("dosing:give", args=[order.pk, at(8)])
    keys = [str(uuid4()) for _ in range(NURSES)]

    def click(number: int) -> str:
        form = {"entry_key": keys[number % NURSES], "lot": str(lot.pk)}
        return str(beside(clients, number).post(url, form).status_code)

    outcomes = at_once(click, NURSES * CLICKS_EACH)
    assert set(outcomes) <= {"302", "200"}
    saved = Administration.objects.get()
    assert (saved.lot, saved.vials) == (lot, 1)
    assert StockEntry.objects.filter(kind=StockEntry.Kind.DISPENSED).count() == 1
    assert balances([lot])[lot.pk] == 19
    participant = Participant.objects.get()
    assert participant.day0_at == saved.given_at
    assert participant.moves.filter(after="on_treatment").count() == 1
    assert not list(verification.verify())


def test_unplanned_doses_of_one_minute_are_one(clients: list[Client], order: Order) -> None:
    url = reverse("dosing:unplanned", args=[order.participant.subject, DrugChoice.IL2])

    def click(number: int) -> str:
        form = {"entry_key": str(uuid4()), "given_at": "2026-03-18T09:00", "amount": "1"}
        form |= {"injection_site": "arm_left", "confirmed": "on"}
        return str(beside(clients, number).post(url, form).status_code)

    assert at_once(click, NURSES * CLICKS_EACH)["302"] == 1
    assert Administration.objects.count() == 1


def test_one_undo_and_the_vials_come_back_once(clients: list[Client], order: Order) -> None:
    lot = stocked.lot(order.participant.site)
    form = {"entry_key": str(uuid4()), "lot": str(lot.pk)}
    clients[0].post(reverse("dosing:give", args=[order.pk, at(8)]), form)
    undo = reverse("dosing:undo", args=[Administration.objects.get().pk])

    def click(number: int) -> str:
        return str(beside(clients, 0).post(undo).status_code)

    at_once(click, NURSES * CLICKS_EACH)
    assert Administration.objects.in_force().count() == 0
    assert balances([lot])[lot.pk] == 20
    assert StockEntry.objects.filter(kind=StockEntry.Kind.REVERSED).count() == 1
    assert not list(verification.verify())
