"""The safety dashboard: who reads it, what it counts, its files, and what it costs."""

import csv
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from dosing.actions.doses import record_unplanned_dose
from dosing.checks import Given
from dosing.models import Administration, DrugChoice
from enrollment.models import Participant
from outcomes import completeness, safety_board
from outcomes.exposure import events_of, exposures
from outcomes.safety_downloads import TABLES
from oversight.trail import AuditEntry
from tests import factories
from tests.labs.examples import entered, hours_ago, pcr, safety
from tests.outcomes.courses import CONTROL, IL2
from tests.safety.harm import UNRELATED, assessed, event, hospitalised
from trial_site import clock
from trial_site.models import Site
from trial_site.protocol import current
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
PAGE = "/outcomes/safety/"
SITE = current().il2.injection_sites[0][0]
READERS = {Role.INVESTIGATOR, Role.STATISTICIAN, Role.MONITOR, Role.DATA_MANAGER}
ADDRESSES = [PAGE, "/outcomes/safety/figures/swimmer/1.json", "/outcomes/safety/terms.csv"]


def with_il2(participant: Participant) -> Participant:
    """One dose of interleukin-2 two hours after the first of ganciclovir."""
    slot = factories.local(clock.today() - dt.timedelta(days=8), dt.time(10))
    factories.dose(factories.order(participant, DrugChoice.IL2, starts_at=slot), slot)
    return participant


@pytest.fixture
def treated(treated: Participant) -> Participant:
    return with_il2(treated)


def text(client: Client, url: str = PAGE, data: dict[str, Any] | None = None) -> str:
    return " ".join(client.get(url, data).content.decode().split())


def table(client: Client, name: str) -> list[dict[str, str]]:
    response = client.get(reverse("outcomes:safety-download", args=[name]))
    assert response["Content-Disposition"] == f'attachment; filename="safety-{name}.csv"'
    return list(csv.DictReader(StringIO(response.getvalue().decode())))


def counted(rows: list[dict[str, str]], key: str, code: str) -> list[tuple[str, str, str]]:
    """``(arm, events, participants of)`` of one line."""
    return [
        (row["arm"], row["events"], f"{row['participants']} of {row['of']}")
        for row in rows
        if row[key] == code
    ]


# --- who reads it ------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_is_for_those_who_read_outcomes(login: Login, address: str) -> None:
    for role in PEOPLE:
        expected = 200 if role in READERS else 403
        assert login(role).get(address).status_code == expected, role


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_is_for_reading(login: Login, address: str) -> None:
    assert login(Role.INVESTIGATOR).post(address).status_code == 405


@pytest.mark.parametrize(
    "address",
    [
        "/outcomes/safety/happiness.csv",
        "/outcomes/safety/figures/happiness/1.json",
        "/outcomes/safety/figures/swimmer/one.json",
        "/outcomes/safety/figures/swimmer/1.png",
    ],
)
def test_an_unknown_name_is_not_found(login: Login, address: str) -> None:
    assert login(Role.INVESTIGATOR).get(address).status_code == 404


def test_another_sites_participants_are_in_no_number(login: Login, other_site: Site) -> None:
    foreign = factories.on_treatment(other_site, IL2, days_ago=8)
    event(foreign)
    client = login(Role.INVESTIGATOR)
    assert "Nobody has been dosed yet" in text(client)
    for name in TABLES:
        assert not any(foreign.subject in row.values() for row in table(client, name))
    assert foreign.subject not in text(client, ADDRESSES[1])


def test_the_dashboard_leads_there(login: Login) -> None:
    assert f'href="{PAGE}"' in text(login(Role.MONITOR), "/outcomes/")


# --- what it counts ----------------------------------------------------------------------------


def test_without_a_dose_it_says_what_comes(login: Login, site: Site) -> None:
    factories.allocated(site)
    page = text(login(Role.MONITOR))
    assert "Nobody has been dosed yet" in page
    assert "0 of 1 allocated were dosed" in page


def test_events_by_arm(login: Login, treated: Participant, control: Participant) -> None:
    assessed(event(treated, grade=1), il2=UNRELATED, ganciclovir=UNRELATED)
    event(treated, hospitalised(), term="Pneumonia", criteria_code="", grade=3)
    assessed(event(control, grade=2))
    client = login(Role.STATISTICIAN)
    summary = table(client, "summary")
    assert counted(summary, "row", "any") == [
        (IL2, "2", "1 of 1"),
        (CONTROL, "1", "1 of 1"),
    ]
    assert counted(summary, "row", "serious") == [(IL2, "1", "1 of 1"), (CONTROL, "0", "0 of 1")]
    assert counted(summary, "row", "related_ganciclovir") == [
        (IL2, "0", "0 of 1"),
        (CONTROL, "1", "1 of 1"),
    ]
    assert counted(summary, "row", "held")[1] == (CONTROL, "1", "1 of 1")
    assert counted(table(client, "grades"), "worst_grade", "3")[0] == (IL2, "1", "1 of 1")
    assert counted(table(client, "grades"), "worst_grade", "1")[0] == (IL2, "1", "0 of 1")
    relations = table(client, "relations")
    assert {row["drug"] for row in relations} == {"il2", "ganciclovir"}
    assert counted(relations, "relation", "not_assessed")[0] == (IL2, "1", "1 of 1")
    assert counted(table(client, "terms"), "term", "Fever") == [
        (IL2, "1", "1 of 1"),
        (CONTROL, "1", "1 of 1"),
    ]


def test_the_page_says_shares_and_who(login: Login, treated: Participant) -> None:
    event(treated, grade=2)
    with_il2(factories.on_treatment(treated.site, IL2, days_ago=8))
    page = text(login(Role.INVESTIGATOR))
    assert '1 <span class="quiet">(50.0 %)</span>' in page
    assert f'href="/participants/{treated.subject}/?kind=safety"' in page
    assert 'href="/safety/?q=Fever"' in page


def test_who_may_not_open_the_events_has_no_link_to_them(
    login: Login, treated: Participant
) -> None:
    event(treated)
    assert "/safety/?q=" not in text(login(Role.STATISTICIAN))


def test_events_before_the_first_dose_are_counted_apart(login: Login, treated: Participant) -> None:
    event(treated, onset_on=clock.today() - dt.timedelta(days=9))
    client = login(Role.INVESTIGATOR)
    assert "1 event began before the first dose and is in no table" in text(client)
    assert counted(table(client, "summary"), "row", "any")[0] == (IL2, "0", "0 of 1")


def test_a_control_who_received_il2_is_counted_as_treated(
    login: Login, control: Participant
) -> None:
    record_unplanned_dose(
        control,
        drug=DrugChoice.IL2,
        given=Given(Administration.Status.GIVEN, Decimal(1), hours_ago(2), injection_site=SITE),
        by=factories.user(Role.NURSE, control.site),
        key=uuid4(),
        confirmed=True,
    )
    client = login(Role.INVESTIGATOR)
    assert "Treated otherwise than allocated:" in text(client)
    [row] = table(client, "exposure")
    assert (row["allocated"], row["treated"]) == (CONTROL, IL2)


# --- exposure and blood ------------------------------------------------------------------------


def test_exposure_counts_what_became_of_each_dose(login: Login, treated: Participant) -> None:
    order = treated.orders.get(drug="ganciclovir")
    status, why = Administration.Status, Administration.Reason
    first = order.starts_at
    for number, given in enumerate(
        [
            Given(status.PARTIAL, Decimal(180), first + dt.timedelta(hours=12), why=why.ERROR),
            Given(status.NOT_GIVEN, Decimal(0), why=why.LAB_HOLD),
            Given(status.NOT_GIVEN, Decimal(0), why=why.REFUSAL),
        ],
        1,
    ):
        factories.dose(order, first + number * dt.timedelta(hours=12), given)
    [row] = table(login(Role.MONITOR), "exposure")
    assert (row["ganciclovir_full"], row["ganciclovir_part"], row["ganciclovir_not_given"]) == (
        "1",
        "1",
        "2",
    )
    assert (Decimal(row["ganciclovir_mg"]), row["rescue_mg"]) == (480, "0")
    assert (row["days_of_treatment"], row["days_held"]) == ("1", "1")
    assert (row["followed_to_day"], row["ended"]) == ("8", "no")


def test_whoever_left_is_followed_to_that_day(treated: Participant) -> None:
    factories.withdraw(treated)
    people = list(Participant.objects.select_related("allocation", "screening"))
    [row] = exposures(people, events_of(people))
    assert (row.ended, row.last, row.state_label) == (True, 8, "Withdrew consent")


def test_the_shift_goes_from_the_last_before_the_first_dose_to_the_worst(
    login: Login, treated: Participant
) -> None:
    day = 24
    entered(treated, safety("anc", "3.2", "10^9/L", lln="1.8"), hours=10 * day)
    entered(treated, safety("anc", "1.7", "10^9/L", lln="1.8"), hours=9 * day)
    entered(treated, safety("anc", "0.9", "10^9/L", lln="1.8"), hours=3 * day)
    entered(treated, safety("anc", "1.2", "10^9/L", lln="1.8"), hours=2 * day)
    entered(treated, safety("platelets", "190", "10^9/L"), hours=2 * day)  # no lower limit
    client = login(Role.DATA_MANAGER)
    rows = {row["analyte"]: row for row in table(client, "shift-participants")}
    assert len(rows) == 8
    assert (rows["anc"]["baseline_grade"], rows["anc"]["worst_grade"]) == ("1", "3")
    platelets = rows["platelets"]
    assert (platelets["worst_grade"], platelets["ungraded_results"]) == ("unknown", "1")
    assert rows["alt"]["baseline_grade"] == "unknown"
    cells = [row for row in table(client, "shift") if row["participants"] != "0"]
    assert len(cells) == 8


def test_blood_stands_in_the_table_as_it_was_reported(login: Login, treated: Participant) -> None:
    entered(treated, safety("platelets", "25", "10^9/L", operator="<"), hours=24)
    client = login(Role.INVESTIGATOR)
    assert "&lt;25" in text(client)
    [row] = table(client, "blood")
    assert (row["operator"], row["value"], row["unit"], row["day"]) == ("<", "25", "10^9/L", "7")


# --- completeness ------------------------------------------------------------------------------


def test_completeness_counts_the_days_that_are_over(login: Login, treated: Participant) -> None:
    """Three doses a day since eight days ago, of which the first of each drug is recorded."""
    client = login(Role.INVESTIGATOR)
    rows = {row["day"]: row for row in table(client, "completeness")}
    assert len(rows) == completeness.COMPLETENESS_DAYS
    today = clock.today()
    assert str(today) not in rows
    first = rows[str(today - dt.timedelta(days=8))]
    assert (first["planned"], first["recorded"], first["percent"]) == ("3", "2", "66")
    yesterday = rows[str(today - dt.timedelta(days=1))]
    assert (yesterday["planned"], yesterday["recorded"], yesterday["percent"]) == ("3", "0", "0")
    assert rows[str(today - dt.timedelta(days=9))]["percent"] == ""
    assert "2 of 24 planned doses are recorded" in text(client)


def test_a_dose_entered_late_fills_its_day(login: Login, treated: Participant) -> None:
    client = login(Role.INVESTIGATOR)
    assert "2 of 24 planned" in text(client)
    order = treated.orders.get(drug="ganciclovir")
    factories.dose(order, order.starts_at + dt.timedelta(hours=12))
    assert "3 of 24 planned" in text(client)


def test_a_day_leads_to_its_sheet_for_whoever_may_open_it(
    login: Login, treated: Participant
) -> None:
    assert "/dosing/?date=2026-03-17" in text(login(Role.MONITOR))
    assert "/dosing/?date=" not in text(login(Role.STATISTICIAN))
    figure = reverse("outcomes:safety-figure", args=["completeness", 1, "json"])
    assert "/dosing/?date=" in text(login(Role.MONITOR), figure)
    assert "/dosing/?date=" not in text(login(Role.STATISTICIAN), figure)


# --- the cache, figures and files --------------------------------------------------------------


def test_a_new_event_is_shown_at_once(login: Login, treated: Participant) -> None:
    client = login(Role.INVESTIGATOR)
    assert "No adverse event has been reported" in text(client)
    found = event(treated, term="Rash", criteria_code="")
    assert ">Rash</a>" in text(client)
    assert counted(table(client, "summary"), "row", "unassessed")[0] == (IL2, "1", "1 of 1")
    assessed(found, il2=UNRELATED, ganciclovir=UNRELATED)
    assert counted(table(client, "summary"), "row", "unassessed")[0] == (IL2, "0", "0 of 1")


def test_nothing_is_computed_twice_while_nothing_changes(
    login: Login, treated: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = login(Role.INVESTIGATOR)
    first = text(client)
    monkeypatch.setattr(safety_board, "_board", None)
    assert "1 of 1 allocated were dosed" in first
    assert "1 of 1 allocated were dosed" in text(client)


@pytest.mark.parametrize("name", safety_board.FIGURES)
def test_theme_width_and_language_are_the_readers(
    login: Login, treated: Participant, name: str
) -> None:
    client = login(Role.INVESTIGATOR)
    address = reverse("outcomes:safety-figure", args=[name, 1, "json"])
    wide = client.get(address).json()
    assert client.get(address, {"size": "narrow"}).json() != wide
    dark = client.get(address, {"theme": "dark"}).json()
    assert dark["config"]["axis"]["labelColor"] != wide["config"]["axis"]["labelColor"]


def test_figures_are_drawn_for_paper(login: Login, treated: Participant) -> None:
    client = login(Role.MONITOR)
    for form, begins in (("svg", b"<svg"), ("pdf", b"%PDF-")):
        address = reverse("outcomes:safety-figure", args=["swimmer", 1, form])
        assert client.get(address).content.startswith(begins)


def test_a_download_is_noted_and_runs_nothing(login: Login, treated: Participant) -> None:
    event(treated, term="=HYPERLINK(1)", criteria_code="")
    client = login(Role.STATISTICIAN)
    assert {row["term"] for row in table(client, "terms")} == {"'=HYPERLINK(1)"}
    assert AuditEntry.objects.filter(event="exported").count() == 1


@pytest.mark.parametrize("name", TABLES)
def test_every_table_is_a_file_of_even_rows(login: Login, treated: Participant, name: str) -> None:
    event(treated)
    entered(treated, safety("anc", "0.9", "10^9/L", lln="1.8"))
    rows = table(login(Role.DATA_MANAGER), name)
    assert rows
    assert all(None not in row and None not in row.values() for row in rows)


def test_very_many_participants_come_in_pages(
    login: Login, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safety_board, "PEOPLE_A_PAGE", 2)
    people = [factories.on_treatment(site, arm, days_ago=8) for arm in (IL2, CONTROL, IL2)]
    for person in people[::2]:
        with_il2(person)
    client = login(Role.INVESTIGATOR)
    figures = [
        text(client, reverse("outcomes:safety-figure", args=["swimmer", page, "json"]))
        for page in (1, 2)
    ]
    assert "Page 1 of 2" in text(client)
    assert "figures/swimmer/2.json" in text(client, data={"page": "2"})
    for person in people:
        drawn = [person.subject in figure for figure in figures]
        assert drawn == [person.arm == IL2, person.arm == CONTROL]
    assert len(table(client, "exposure")) == 3


@pytest.mark.parametrize("query", [{"page": "x"}, {"page": "99"}])
def test_an_address_with_nonsense_still_answers(
    login: Login, treated: Participant, query: dict[str, str]
) -> None:
    assert login(Role.INVESTIGATOR).get(PAGE, query).status_code == 200


# --- what it costs -----------------------------------------------------------------------------


@pytest.mark.parametrize("address", [PAGE, *ADDRESSES[1:], "/outcomes/safety/figures/blood/1.json"])
def test_it_asks_few_questions(
    login: Login,
    site: Site,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    address: str,
) -> None:
    for arm in (IL2, CONTROL, IL2):
        person = factories.on_treatment(site, arm, days_ago=8)
        entered(person, pcr("52000"), safety("anc", "3.2", "10^9/L", lln="1.8"))
        event(person)
    client = login(Role.INVESTIGATOR)
    client.get("/protocol/")
    with django_assert_max_num_queries(20):
        client.get(address)
