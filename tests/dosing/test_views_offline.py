"""What the scripts of the bedside ask the server, and what it answers them (ADR 24)."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from dosing.models import Administration, Order
from tests import factories
from tests.dosing.conftest import at
from trial_site.models import Site
from trial_site.roles import Role

Login = Callable[[Role], Client]
SLOT = at(8)
WORKER = reverse("dosing:service-worker")


def give_url(order: Order) -> str:
    return reverse("dosing:give", args=[order.pk, SLOT])


def record_url(order: Order) -> str:
    return reverse("dosing:record", args=[order.pk, SLOT])


def send(client: Client, url: str, key: object, when: str = "later", **fields: str) -> Any:
    headers = {"Entry-Sent": when}
    return client.post(url, {"entry_key": str(key), **fields}, headers=headers)


def shown(client: Client) -> list[str]:
    """The messages that the next page shows."""
    response = client.get(reverse("dosing:sheet"))
    return [str(message) for message in get_messages(response.wsgi_request)]


# --- the service worker -----------------------------------------------------------------------


@pytest.mark.django_db
def test_the_worker_is_a_script_of_the_ward_that_is_always_asked_for_anew(client: Client) -> None:
    response = client.get(WORKER)
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/javascript")
    assert "no-store" in response["Cache-Control"]
    assert WORKER.startswith(reverse("dosing:sheet"))
    assert "Service-Worker-Allowed" not in response  # its scope is the ward and nothing above it
    assert client.post(WORKER).status_code == 405


@pytest.mark.django_db
def test_the_worker_names_the_addresses_that_it_serves(client: Client) -> None:
    script = client.get(WORKER).content.decode()
    assert f'"{reverse("dosing:offline")}"' in script
    assert f'"{settings.STATIC_URL}"' in script
    assert f"{settings.SESSION_ABSOLUTE_HOURS} * 3600" in script


def test_pages_of_those_who_record_doses_and_of_nobody_keep_entries(
    login: Login, client: Client
) -> None:
    for role in sorted(set(Role) - {Role.SYSTEM}):
        page = login(role).get(reverse("protocol")).content.decode()
        assert ("js/offline.js" in page) is (role == Role.NURSE), role
    client.logout()
    assert 'data-user=""' in client.get(reverse("account_login")).content.decode()


def test_the_page_that_stands_in_is_the_nurses(login: Login) -> None:
    assert "No connection" in login(Role.NURSE).get(reverse("dosing:offline")).content.decode()
    assert login(Role.COORDINATOR).get(reverse("dosing:offline")).status_code == 403


# --- who is there, and what is saved ----------------------------------------------------------


def test_who_is_there_and_which_entries_are_saved(login: Login, order: Order) -> None:
    client, key = login(Role.NURSE), uuid4()
    send(client, give_url(order), key)
    query = {"key": [str(key), str(uuid4()), "nonsense"]}
    response = client.get(reverse("dosing:waiting"), query)
    answer = response.json()
    assert answer["user"] == "nurse-pku"
    assert answer["saved"] == [str(key)]
    assert "no-store" in response["Cache-Control"]


def test_another_nurses_entries_are_not_told(login: Login, order: Order, site: Site) -> None:
    client, key = login(Role.NURSE), uuid4()
    send(client, give_url(order), key)
    client.force_login(factories.user(Role.NURSE, site, username="nurse-two"))
    assert client.get(reverse("dosing:waiting"), {"key": str(key)}).json()["saved"] == []


def test_the_token_is_one_to_send_with(site: Site, order: Order) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(factories.user(Role.NURSE, site))
    assert send(client, give_url(order), uuid4()).status_code == 403
    token = client.get(reverse("dosing:waiting")).json()["token"]
    headers = {"Entry-Sent": "later", "X-CSRFToken": token}
    response = client.post(give_url(order), {"entry_key": str(uuid4())}, headers=headers)
    assert response.json()["saved"] is True


# --- an entry that is sent --------------------------------------------------------------------


def test_a_saved_entry_says_so_and_where_to_go(login: Login, order: Order) -> None:
    client = login(Role.NURSE)
    answer = send(client, give_url(order), uuid4(), "now").json()
    assert answer == {"saved": True, "next": f"{reverse('dosing:sheet')}#PKU-001"}
    assert shown(client) == ["PKU-001, Ganciclovir: Given: 300\u00a0mg"]


def test_what_waited_leaves_no_message_behind(login: Login, order: Order) -> None:
    client = login(Role.NURSE)
    assert send(client, give_url(order), uuid4()).json()["saved"] is True
    assert shown(client) == []


@pytest.mark.parametrize("when", ["now", "later"])
def test_a_second_attempt_is_saved_already(login: Login, order: Order, when: str) -> None:
    client, key = login(Role.NURSE), uuid4()
    send(client, give_url(order), key)
    assert send(client, give_url(order), key, when).json()["saved"] is True
    assert Administration.objects.count() == 1


def test_what_waited_is_saved_as_of_when_it_was_taken(login: Login, order: Order) -> None:
    taken = at(9, 10)
    answer = send(login(Role.NURSE), give_url(order), uuid4(), queued_at=taken.isoformat())
    assert answer.json()["saved"] is True
    saved = Administration.objects.get()
    assert (saved.given_at, saved.queued_at, saved.recorded_at) == (taken, taken, at(9, 42))


def test_the_same_key_of_another_entry_is_not_mistaken(login: Login, order: Order) -> None:
    factories.dose(order, SLOT)
    answer = send(login(Role.NURSE), give_url(order), uuid4(), queued_at=at(9).isoformat()).json()
    assert answer["saved"] is False
    assert answer["says"][0].startswith("Recorded already by nurse-pku at 09:42")
    assert Administration.objects.count() == 1


def test_a_form_in_the_way_is_told_with_its_errors(login: Login, order: Order) -> None:
    client = login(Role.NURSE)
    answer = send(client, record_url(order), uuid4(), status="not_given").json()
    assert answer["saved"] is False
    assert any("Say why the dose was not given in full" in text for text in answer["says"])
    assert not Administration.objects.exists()


def test_a_question_is_told_and_nothing_is_saved(login: Login, order: Order) -> None:
    fields = {"status": "given", "amount": "400", "given_at": "2026-03-18T09:00"}
    answer = send(login(Role.NURSE), record_url(order), uuid4(), **fields).json()
    assert answer["saved"] is False
    assert any("400" in text for text in answer["says"])


def test_a_dose_that_is_not_planned_any_more_is_told(login: Login, order: Order) -> None:
    nowhere = reverse("dosing:give", args=[order.pk, SLOT + dt.timedelta(minutes=1)])
    answer = send(login(Role.NURSE), nowhere, uuid4()).json()
    assert answer == {"saved": False, "says": ["No dose is planned at this time any more"]}


def test_another_sites_dose_is_not_planned_at_all(
    login: Login, other_site: Site, order: Order
) -> None:
    foreign = factories.order(factories.allocated(other_site))
    assert send(login(Role.NURSE), give_url(foreign), uuid4()).json()["saved"] is False
    assert not Administration.objects.exists()


def test_without_a_login_the_login_answers(client: Client, order: Order) -> None:
    assert send(client, give_url(order), uuid4()).status_code == 302


def test_a_key_that_is_none_is_refused(login: Login, order: Order) -> None:
    assert send(login(Role.NURSE), give_url(order), "none").json()["saved"] is False
    assert not Administration.objects.exists()
