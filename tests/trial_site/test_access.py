"""The role × page × method table: every registered URL has a decided answer, and gives it."""

import datetime as dt
import re
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests import factories
from trial_site.access import ANYONE, pages
from trial_site.models import Site
from trial_site.roles import PEOPLE, Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R11")]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Any value does where the page asks who you are before it looks the object up.
SAMPLES = {
    "number": "SCR-999",
    "subject": "PKU-999",
    "code": "M1",
    "pk": 999_999,
    "order": 999_999,
    "slot": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    "drug": "ganciclovir",
    "name": "nk",
    "form": "json",
    "analyte": "cmv_dna",
    "measure": "tnf_alpha",
    "visit": "D7",
    "model": "labs.result",
    "username": "nobody",
    "stratum": "ALL",
    "source": "reaction:999999",
    "page": "1",
    "cut": 999_999,
}


def named_urls(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from named_urls(entry, inner)
        else:
            yield f"{namespace}{entry.name}", entry


URLS = dict(named_urls(get_resolver()))


def address(name: str) -> str:
    parameters = URLS[name].pattern.regex.groupindex
    return reverse(name, kwargs={key: SAMPLES[key] for key in parameters})


def test_every_url_is_decided_and_every_decision_has_a_url() -> None:
    assert set(URLS) == set(pages())


def test_every_room_has_its_table() -> None:
    decided = {name.partition(":")[0] for name in pages() if ":" in name}
    assert decided == set(settings.ROOMS) - {"trial_site"}


@pytest.mark.parametrize("name", sorted(name for name in URLS if pages()[name] is not ANYONE))
def test_each_page_answers_each_role_and_method_as_decided(
    name: str, client: Client, staff: dict[Role, object]
) -> None:
    url, decided = address(name), pages()[name] or {}
    for method in METHODS:
        assert_sent_to_login(client, method, url, allowed=method in decided)
    for role in sorted(PEOPLE):
        client.force_login(staff[role])  # type: ignore[arg-type]
        for method in METHODS:
            status = client.generic(method, url).status_code
            if method not in decided:
                assert status == 405, (name, role, method)
            elif role not in decided[method]:
                assert status == 403, (name, role, method)
            else:
                assert status not in {403, 405, 500}, (name, role, method)
            if name == "account_logout":
                client.force_login(staff[role])  # type: ignore[arg-type]


def assert_sent_to_login(client: Client, method: str, url: str, *, allowed: bool) -> None:
    response = client.generic(method, url)
    if allowed:
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("account_login"))
    else:
        assert response.status_code == 405


@pytest.mark.parametrize("name", sorted(name for name in URLS if pages()[name] is ANYONE))
def test_open_pages_never_fail_for_a_stranger(name: str, client: Client) -> None:
    assert client.get(address(name)).status_code in {200, 302, 404, 405}


def test_an_undecided_page_is_closed_to_everybody(
    login: Callable[[Role], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = dict(pages())
    del table["protocol"]
    monkeypatch.setattr("trial_site.access.pages", lambda: table)
    assert login(Role.INVESTIGATOR).get("/protocol/").status_code == 403


def test_another_sites_participant_does_not_exist(
    login: Callable[[Role], Client], other_site: Site
) -> None:
    foreign = factories.enrolled(other_site)
    client = login(Role.COORDINATOR)
    assert client.get(reverse("outcomes:casebook", args=[foreign.subject])).status_code == 404
    listing = client.get(reverse("enrollment:participants")).content.decode()
    assert not re.search(rf"\b{foreign.subject}\b", listing)
