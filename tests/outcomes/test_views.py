"""The outcome pages, their downloads and figures: who sees what, and what a bad address does."""

import csv
import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from enrollment.models import Participant
from outcomes import dashboard
from outcomes.actions import flag_due
from outcomes.figures import render
from outcomes.permissions import PAGES, READ_OUTCOMES
from oversight.accounts import system_actor
from oversight.kept import kept
from oversight.trail import AuditChain
from tests import factories
from tests.labs.examples import entered, pcr, plated, safety
from tests.outcomes.courses import CONTROL, IL2, day0, two_weeks_of_ganciclovir, with_lysis
from trial_site.models import Site
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
DASHBOARD = "/outcomes/"
BY_PERSON = ["nk", "ganciclovir", "conversion"]  # a row each
ENDPOINTS = [*BY_PERSON, "cytokines", "subsets", "igm", "igg"]
DOWNLOADS = [*ENDPOINTS, "viral-load"]
FIGURES = ["primary", "viral-load", "conversion", "ganciclovir"]
SIDE_BY_SIDE = ["primary", "viral-load", "ganciclovir"]  # panels that a phone puts below each other
ADDRESSES = {
    "outcomes:worklist": "/",
    "outcomes:dashboard": DASHBOARD,
    "outcomes:endpoint": "/outcomes/nk/",
    "outcomes:endpoint-download": "/outcomes/nk/rows.csv",
    "outcomes:figure": "/outcomes/figures/primary.json",
    "outcomes:follow-up": "/follow-up/",
}


def text(client: Client, url: str, data: dict[str, Any] | None = None) -> str:
    return " ".join(client.get(url, data).content.decode().split())


def table(client: Client, name: str) -> list[dict[str, str]]:
    response = client.get(reverse("outcomes:endpoint-download", args=[name]))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    return list(csv.DictReader(StringIO(response.content.decode())))


# --- who may look -----------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("name", ADDRESSES)
def test_a_page_is_for_its_roles(login: Login, name: str) -> None:
    methods = PAGES[name]
    assert methods is not None
    for role in PEOPLE:
        expected = 200 if role in methods["GET"] else 403
        assert login(role).get(ADDRESSES[name]).status_code == expected, role


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_page_is_for_reading(login: Login, name: str) -> None:
    assert login(Role.INVESTIGATOR).post(ADDRESSES[name]).status_code == 405


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_page_asks_for_a_login(client: Client, name: str) -> None:
    response = client.get(ADDRESSES[name])
    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize(
    "address",
    [
        "/outcomes/happiness/",
        "/outcomes/viral-load/",
        "/outcomes/happiness/rows.csv",
        "/outcomes/figures/happiness.json",
        "/outcomes/figures/primary.png",
    ],
)
def test_an_unknown_name_is_not_found(login: Login, address: str) -> None:
    assert login(Role.INVESTIGATOR).get(address).status_code == 404


@pytest.mark.requirement("R11")
def test_another_sites_participants_are_in_no_number(
    login: Login, site: Site, other_site: Site
) -> None:
    foreign = factories.on_treatment(other_site, days_ago=8)
    with_lysis(foreign, "18.4", "27.9")
    client = login(Role.INVESTIGATOR)
    assert "0 of 10 allocated" in text(client, DASHBOARD)
    for address in ("/outcomes/nk/", "/outcomes/figures/primary.json"):
        assert foreign.subject not in text(client, address)
    assert all(table(client, name) == [] for name in DOWNLOADS)


# --- what they show ---------------------------------------------------------------------------


def test_an_empty_trial_has_a_dashboard(login: Login) -> None:
    page = text(login(Role.INVESTIGATOR), DASHBOARD)
    assert "0 of 10 allocated" in page
    assert "Exploratory." in page


@pytest.mark.parametrize("name", ENDPOINTS)
def test_an_empty_trial_has_no_rows(login: Login, name: str) -> None:
    page = text(login(Role.MONITOR), reverse("outcomes:endpoint", args=[name]))
    assert "Nobody is allocated yet" in page


@pytest.mark.parametrize("name", ENDPOINTS)
def test_everybody_allocated_has_a_row(login: Login, site: Site, name: str) -> None:
    waiting, treated = factories.allocated(site), factories.on_treatment(site, days_ago=8)
    page = text(login(Role.STATISTICIAN), reverse("outcomes:endpoint", args=[name]))
    assert waiting.subject in page
    assert treated.subject in page


def test_the_total_stands_on_the_page_of_its_rows(login: Login, site: Site) -> None:
    participant = two_weeks_of_ganciclovir(site)
    page = text(login(Role.INVESTIGATOR), reverse("outcomes:endpoint", args=["ganciclovir"]))
    assert participant.subject in page
    assert "7,980 <span" in page
    assert "so far" in page
    assert ">133.0</td>" in page


@pytest.mark.parametrize("query", [{"page": "x"}, {"theme": "pink", "size": "huge"}])
@pytest.mark.parametrize("name", ADDRESSES)
def test_an_address_with_nonsense_still_answers(
    login: Login, name: str, query: dict[str, str]
) -> None:
    assert login(Role.INVESTIGATOR).get(ADDRESSES[name], query).status_code == 200


def test_the_table_beside_a_figure_holds_every_value(login: Login, treated: Participant) -> None:
    with_lysis(treated, "18.4", "27.9")
    entered(treated, pcr("52000"))
    page = text(login(Role.INVESTIGATOR), DASHBOARD)
    for cell in (">18.4</td>", ">27.9</td>", ">+9.5</td>", ">52,000 copies/mL</td>"):
        assert cell in page


def test_with_very_many_the_tables_stand_on_their_own_pages(
    login: Login, treated: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_lysis(treated, "18.4", "27.9")
    monkeypatch.setattr(dashboard, "MOST_TABLED", 0)
    page = text(login(Role.INVESTIGATOR), DASHBOARD)
    assert "+9.5" in page
    assert ">27.9</td>" not in page


def test_days_to_conversion_are_compared_by_arm(
    login: Login, treated: Participant, control: Participant
) -> None:
    entered(treated, pcr("500", "<"), hours=24)
    entered(control, pcr("52000"), hours=24)
    page = text(login(Role.INVESTIGATOR), DASHBOARD)
    assert "Log-rank χ² = 1.000, one degree of freedom, asymptotic p = 0.3173." in page
    assert "p = 1.0000, 2 of 2 arrangements" in page


def test_without_a_conversion_nothing_is_compared(login: Login, treated: Participant) -> None:
    entered(treated, pcr("52000"), hours=24)
    page = text(login(Role.INVESTIGATOR), DASHBOARD)
    assert "Log-rank: not defined, an arm has nobody who was followed (1 against 0)." in page
    assert "not reached" in page


def test_the_dashboard_looks_back_at_a_day_that_is_over(
    login: Login, treated: Participant, control: Participant
) -> None:
    before = dt.date(2026, 3, 17)
    entered(treated, pcr("500", "<"), hours=24)
    client = login(Role.INVESTIGATOR)
    with time_machine.travel(dt.datetime(2026, 3, 20, 4, tzinfo=dt.UTC)):
        client.force_login(factories.user(Role.INVESTIGATOR, treated.site))
        assert "2 of 10 allocated" in text(client, DASHBOARD)
        past = text(client, DASHBOARD, {"as_of": "2026-03-18"})
        assert "As the record stood at the end of" in past
        assert '<time datetime="2026-03-18">' in past
        assert "2 of 10 allocated" in past
        assert "Rows it was computed from" not in past
        assert "0 of 10 allocated" in text(client, DASHBOARD, {"as_of": before.isoformat()})


@pytest.mark.parametrize("day", ["2026-03-18", "2026-03-19", "0001-01-01", "yesterday"])
def test_a_day_that_is_not_over_is_not_looked_back_at(login: Login, day: str) -> None:
    response = login(Role.MONITOR).get(DASHBOARD, {"as_of": day})
    assert (response.status_code, response.headers["Location"]) == (302, DASHBOARD)


# --- the cache --------------------------------------------------------------------------------


def test_a_new_result_is_shown_at_once(login: Login, treated: Participant) -> None:
    client = login(Role.INVESTIGATOR)
    baseline = day0(treated) - dt.timedelta(hours=1)
    assert "n = 0, 1 missing" in text(client, DASHBOARD)
    plated(treated, at=baseline)
    plated(treated, at=baseline + dt.timedelta(days=7))
    assert "n = 1, 0 missing" in text(client, DASHBOARD)


def test_nothing_is_computed_twice_while_nothing_changes(
    login: Login, treated: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = login(Role.INVESTIGATOR)
    first = text(client, DASHBOARD)
    monkeypatch.setattr(dashboard, "_overview", None)
    assert "1 of 10 allocated" in first
    assert "1 of 10 allocated" in text(client, DASHBOARD)


def test_an_entry_that_commits_late_is_not_missed(treated: Participant) -> None:
    """Two writers may commit in another order than their entries are numbered."""
    reader = factories.user(Role.INVESTIGATOR, treated.site)
    assert kept(reader, "count", lambda: "before") == "before"
    chain = AuditChain.objects.get(name=treated.audit_chain)
    chain.length += 1  # what the commit of the late one makes visible, below the newest entry
    chain.save()
    assert kept(reader, "count", lambda: "after") == "after"


def test_each_set_of_sites_has_its_own_numbers(treated: Participant, other_site: Site) -> None:
    here = factories.user(Role.INVESTIGATOR, treated.site)
    there = factories.user(Role.INVESTIGATOR, other_site)
    assert dashboard.overview(here)["analysed"] == 1
    assert dashboard.overview(there)["analysed"] == 0


# --- downloads --------------------------------------------------------------------------------


@pytest.mark.requirement("R20")
def test_the_lysis_download_matches_the_page(login: Login, treated: Participant) -> None:
    with_lysis(treated, "18.4", "27.9")
    [row] = table(login(Role.STATISTICIAN), "nk")
    assert (row["subject"], row["arm"]) == (treated.subject, IL2)
    assert (Decimal(row["baseline_percent"]), Decimal(row["day7_percent"])) == (
        Decimal("18.4"),
        Decimal("27.9"),
    )
    assert Decimal(row["change_points"]) == Decimal("9.5")
    assert row["baseline_why"] == "collected 2026-03-10, the last before the first dose"


def test_the_ganciclovir_download_matches_the_page(login: Login, site: Site) -> None:
    participant = two_weeks_of_ganciclovir(site)
    [row] = table(login(Role.STATISTICIAN), "ganciclovir")
    assert row["subject"] == participant.subject
    assert (Decimal(row["mg"]), row["mg_per_kg"], row["final"]) == (7980, "133.000", "no")
    assert (row["full_doses"], row["partial_doses"], row["doses_not_given"]) == ("26", "1", "1")


def test_the_conversion_download_matches_the_page(
    login: Login, treated: Participant, control: Participant
) -> None:
    entered(treated, pcr("500", "<"), hours=24)
    entered(control, pcr("52000"), hours=24)
    rows = {row["subject"]: row for row in table(login(Role.MONITOR), "conversion")}
    assert rows[treated.subject]["first_negative_day"] == "7"
    assert rows[treated.subject]["censored_day"] == ""
    assert rows[control.subject]["first_negative_day"] == ""
    assert rows[control.subject]["censored_day"] == "7"


@pytest.mark.requirement("R05")
def test_the_viral_load_download_keeps_results_as_printed(
    login: Login, treated: Participant
) -> None:
    entered(treated, pcr("500", "<", lloq="500"), hours=24)
    entered(treated, pcr(None, "ND", lod="200"), hours=4)
    rows = table(login(Role.DATA_MANAGER), "viral-load")
    assert [(row["day"], row["reported"], row["unit"]) for row in rows] == [
        ("7", "<500", "copies/mL"),
        ("8", "not detected", "copies/mL"),
    ]
    assert rows[0]["collected_at"] == "2026-03-17T12:00:00+08:00"
    assert rows[1]["limit_of_detection"] == "200"


def test_who_is_not_dosed_is_in_the_download(login: Login, site: Site) -> None:
    waiting = factories.allocated(site)
    for name in BY_PERSON:
        [row] = table(login(Role.STATISTICIAN), name)
        assert (row["subject"], row["arm"]) == (waiting.subject, waiting.arm)


@pytest.mark.requirement("R30")
def test_no_cell_of_a_download_is_a_formula(
    login: Login, treated: Participant, control: Participant
) -> None:
    with_lysis(treated, "27.9", "18.4")  # a fall is a number, not a formula
    entered(control, pcr("500", "<"))
    client = login(Role.STATISTICIAN)
    for name in DOWNLOADS:
        for cell in (cell for row in table(client, name) for cell in row.values() if cell):
            assert cell[0] not in "=+@\t\r"
            assert cell[0] != "-" or Decimal(cell) < 0


# --- figures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_data_for_the_browser(login: Login, treated: Participant, name: str) -> None:
    with_lysis(treated, "18.4", "27.9")
    entered(treated, pcr("52000"))
    response = login(Role.INVESTIGATOR).get(reverse("outcomes:figure", args=[name, "json"]))
    assert response["Content-Type"] == "application/json"
    assert reverse("outcomes:casebook", args=[treated.subject]) in json.dumps(response.json())


@pytest.mark.parametrize("name", SIDE_BY_SIDE)
def test_theme_width_and_language_are_the_readers(login: Login, name: str) -> None:
    client, address = login(Role.INVESTIGATOR), reverse("outcomes:figure", args=[name, "json"])
    wide = client.get(address).json()
    assert "hconcat" in wide
    assert "vconcat" in client.get(address, {"size": "narrow"}).json()
    dark = client.get(address, {"theme": "dark"}).json()
    assert dark["config"]["axis"]["labelColor"] != wide["config"]["axis"]["labelColor"]
    client.cookies["django_language"] = "zh-hans"
    assert client.get(address).json()["description"] != wide["description"]


def test_a_figure_is_drawn_for_pages_without_scripts(login: Login, treated: Participant) -> None:
    entered(treated, pcr("52000"))
    response = login(Role.INVESTIGATOR).get(reverse("outcomes:figure", args=["viral-load", "svg"]))
    assert response["Content-Type"] == "image/svg+xml"
    assert response.content.startswith(b"<svg")
    assert treated.subject.encode() in response.content


def test_a_drawing_is_made_once(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(render, "_drawn", lambda spec, form: drawn.append(form) or b"%PDF-")
    client, address = login(Role.INVESTIGATOR), reverse("outcomes:figure", args=["primary", "pdf"])
    for _ in range(2):
        response = client.get(address)
        assert response["Content-Type"] == "application/pdf"
        assert response.content == b"%PDF-"
    assert drawn == ["pdf"]


# --- how much they ask of the database --------------------------------------------------------


@pytest.fixture
def several(site: Site) -> list[Participant]:
    """Three treated participants with blood, plates and flags, beside others on their way."""
    people = [factories.on_treatment(site, arm, days_ago=8) for arm in (IL2, CONTROL, IL2)]
    for person in people:
        with_lysis(person, "18.4", "27.9")
        entered(person, pcr("52000"), safety("anc", "3.2", "10^9/L", lln="1.8"))
    factories.submitted(site)
    factories.screening(site)
    flag_due(by=system_actor())
    return people


def at_work(client: Client) -> Client:
    """Not on the first page of the minute, which also writes down that the session was seen."""
    client.get("/protocol/")
    return client


@pytest.mark.parametrize(
    "address",
    [
        DASHBOARD,
        *(f"/outcomes/{name}/" for name in ENDPOINTS),
        *(f"/outcomes/{name}/rows.csv" for name in DOWNLOADS),
        *(f"/outcomes/figures/{name}.json" for name in FIGURES),
        "/follow-up/",
    ],
)
def test_a_page_asks_few_questions(
    login: Login,
    several: list[Participant],
    django_assert_max_num_queries: DjangoAssertNumQueries,
    address: str,
) -> None:
    client = at_work(login(Role.INVESTIGATOR))
    with django_assert_max_num_queries(15):
        assert client.get(address).status_code == 200


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_a_worklist_asks_few_questions(
    login: Login,
    several: list[Participant],
    django_assert_max_num_queries: DjangoAssertNumQueries,
    role: Role,
) -> None:
    """The second look, while nothing changed; the first works out what everybody's record owes."""
    client = at_work(login(role))
    with django_assert_max_num_queries(30):
        client.get("/")
    with django_assert_max_num_queries(15):
        assert client.get("/").status_code == 200


def test_a_casebook_asks_few_questions(
    login: Login,
    several: list[Participant],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    """The second look, while nothing changed; the first reads every kind of record there is."""
    client = at_work(login(Role.INVESTIGATOR))
    address = reverse("outcomes:casebook", args=[several[0].subject])
    with django_assert_max_num_queries(30):
        client.get(address)
    with django_assert_max_num_queries(15):
        assert client.get(address).status_code == 200


def test_the_cached_dashboard_asks_who_and_what_changed(
    login: Login,
    several: list[Participant],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = login(Role.INVESTIGATOR)
    client.get(DASHBOARD)
    # session, user, sites, trail, sites of the frame, reports that are overdue
    with django_assert_max_num_queries(6):
        client.get(DASHBOARD)


def test_the_roles_of_the_dashboard_are_those_who_read_outcomes() -> None:
    assert READ_OUTCOMES.roles == {
        Role.INVESTIGATOR,
        Role.STATISTICIAN,
        Role.MONITOR,
        Role.DATA_MANAGER,
    }
