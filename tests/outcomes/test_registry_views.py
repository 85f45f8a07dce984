"""The page of the registry's results and its files: who, which set, which day, what is noted."""

import csv
import datetime as dt
from collections.abc import Callable
from io import StringIO
from typing import Any
from xml.etree import ElementTree

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from oversight.trail import AuditEntry
from tests import factories
from tests.outcomes.courses import CONTROL, trial_of_ten
from tests.safety.harm import event
from trial_site.models import Site
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
PAGE = "/outcomes/registry/"
READERS = {Role.INVESTIGATOR, Role.STATISTICIAN, Role.MONITOR, Role.DATA_MANAGER}
FILES = [
    *(f"{PAGE}{name}.csv" for name in ("flow", "baseline", "outcomes", "events", "results")),
    f"{PAGE}results.xml",
]


def text(client: Client, url: str = PAGE, data: dict[str, Any] | None = None) -> str:
    return " ".join(client.get(url, data).content.decode().split())


@pytest.mark.parametrize("address", [PAGE, *FILES])
def test_it_is_for_those_who_read_outcomes(login: Login, address: str) -> None:
    answers = {role: login(role).get(address).status_code for role in PEOPLE}
    assert {role for role, status in answers.items() if status == 200} == READERS
    assert set(answers.values()) == {200, 403}


@pytest.mark.parametrize("address", [PAGE, *FILES])
def test_it_is_for_reading(login: Login, address: str) -> None:
    assert login(Role.STATISTICIAN).post(address).status_code == 405


def test_an_unknown_section_is_not_found(login: Login) -> None:
    assert login(Role.STATISTICIAN).get(f"{PAGE}names.csv").status_code == 404


def test_an_empty_trial_says_what_comes(login: Login, site: Site) -> None:
    page = text(login(Role.STATISTICIAN))
    assert "Nobody is allocated yet" in page
    assert "Participant flow" in page


def test_the_page_has_all_four_sections(
    login: Login, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    event(trial_of_ten(site)[0], term="Nausea", criteria_code="")
    client = login(Role.INVESTIGATOR)
    with django_assert_max_num_queries(30):
        page = text(client)
    assert '9.32 <span class="quiet">(3.31)</span>' in page
    assert "+8.00" in page
    assert "+2.70 to +12.70" in page
    assert "Total, all-cause mortality" in page
    assert f"{reverse('safety:events')}?q=Nausea" in page
    assert page.count("Rows it was computed from") == 7
    with django_assert_max_num_queries(10):
        client.get(PAGE)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("", "All allocated, as allocated (primary)"),
        ("per_protocol", "Per protocol"),
        ("safety", "Safety, as treated"),
        ("everybody", "All allocated, as allocated (primary)"),
    ],
)
def test_the_set_is_chosen(login: Login, site: Site, asked: str, name: str) -> None:
    factories.on_treatment(site)
    assert f"Analysis set: {name}." in text(login(Role.MONITOR), PAGE, {"set": asked})


def test_a_past_day_is_told_and_has_no_links(login: Login, site: Site) -> None:
    factories.on_treatment(site)
    client = login(Role.INVESTIGATOR)
    with time_machine.travel(dt.datetime(2026, 3, 20, 4, tzinfo=dt.UTC)):
        client.force_login(factories.user(Role.INVESTIGATOR, site))
        past = text(client, PAGE, {"as_of": "2026-03-18", "set": "safety"})
        assert "As the record stood at the end of" in past
        assert "Rows it was computed from" not in past
        assert "Nobody is allocated yet" in text(client, PAGE, {"as_of": "2026-03-01"})
        lines = client.get(f"{PAGE}flow.csv", {"as_of": "2026-03-01"}).getvalue().decode()
        assert "Nobody is allocated yet." in lines


def test_a_day_that_is_not_over_leads_to_now_with_the_same_set(login: Login) -> None:
    response = login(Role.MONITOR).get(PAGE, {"as_of": "2030-01-01", "set": "safety"})
    assert (response.status_code, response.headers["Location"]) == (302, f"{PAGE}?set=safety")


@pytest.mark.parametrize("address", FILES)
def test_a_file_is_noted_and_names_nobody(login: Login, site: Site, address: str) -> None:
    participant = factories.on_treatment(site, CONTROL)
    event(participant, term="=HYPERLINK(1)", criteria_code="")
    body = login(Role.DATA_MANAGER).get(address, {"set": "safety"}).getvalue().decode()
    [noted] = AuditEntry.objects.filter(event="exported")
    assert noted.changes["analysis_set"] == "safety"
    assert participant.subject not in body
    if address.endswith(".csv"):
        rows = list(csv.reader(StringIO(body)))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert not any(cell.startswith("=") for row in rows for cell in row)
    else:
        ElementTree.fromstring(body)  # noqa: S314 - our own


def test_another_sites_participants_are_in_no_number(login: Login, other_site: Site) -> None:
    factories.on_treatment(other_site)
    assert "Nobody is allocated yet" in text(login(Role.STATISTICIAN))
