"""The endpoints of one analysis set: who is in them, in which arm, on page, file and figure."""

import csv
import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from uuid import uuid4

import pytest
from django.test import Client

from dosing.actions.doses import record_unplanned_dose
from dosing.checks import Given
from dosing.models import Administration, DrugChoice
from enrollment.models import Participant
from labs.models import Result
from outcomes import analysis, dashboard
from outcomes.members import members, set_named
from outcomes.rules.missing import Missing
from outcomes.rules.sets import AnalysisSet
from tests import factories
from tests.labs.examples import entered, pcr
from tests.outcomes.courses import CONTROL, IL2, day0, plated_lysis, with_lysis
from trial_site import clock
from trial_site.models import Site
from trial_site.protocol import current
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
SITE = current().il2.injection_sites[0][0]


def page(client: Client, url: str, chosen: str) -> str:
    return " ".join(client.get(url, {"set": chosen}).content.decode().split())


def file(client: Client, chosen: str) -> list[dict[str, str]]:
    response = client.get("/outcomes/nk/rows.csv", {"set": chosen})
    return list(csv.DictReader(StringIO(response.content.decode())))


@pytest.fixture
def crossed(control: Participant) -> Participant:
    """Allocated to ganciclovir alone, and given interleukin-2."""
    an_hour_ago = clock.now() - dt.timedelta(hours=1)
    record_unplanned_dose(
        control,
        drug=DrugChoice.IL2,
        given=Given(Administration.Status.GIVEN, Decimal(1), an_hour_ago, injection_site=SITE),
        by=factories.user(Role.NURSE, control.site),
        key=uuid4(),
        confirmed=True,
    )
    return control


@pytest.mark.parametrize("asked", [None, "", "everybody", "allocated"])
def test_all_allocated_are_analysed_unless_another_set_is_asked_for(asked: str | None) -> None:
    assert set_named(asked) is AnalysisSet.ALLOCATED


def test_the_safety_set_counts_as_treated(crossed: Participant, site: Site) -> None:
    factories.allocated(site)  # untreated
    reader = factories.user(Role.STATISTICIAN, site)
    [found] = members(reader, AnalysisSet.SAFETY)
    assert (found.subject, found.allocation.arm) == (crossed.subject, IL2)
    assert Participant.objects.get(pk=crossed.pk).allocation.arm == CONTROL
    assert {person.allocation.arm for person in members(reader, AnalysisSet.ALLOCATED)} >= {CONTROL}


def test_who_crossed_over_is_not_per_protocol(crossed: Participant, login: Login) -> None:
    with_lysis(crossed, "18.4", "27.9")
    client = login(Role.STATISTICIAN)
    assert crossed.subject in page(client, "/outcomes/nk/", "allocated")
    text = page(client, "/outcomes/nk/", "per_protocol")
    assert crossed.subject not in text
    assert "Per protocol · n = 0" in text


def test_page_file_and_figure_are_of_one_set(crossed: Participant, login: Login) -> None:
    client = login(Role.STATISTICIAN)
    [row] = file(client, "safety")
    assert (row["analysis_set"], row["arm"]) == ("safety", IL2)
    assert file(client, "per_protocol") == []
    response = client.get("/outcomes/nk/rows.csv", {"set": "safety"})
    assert response["Content-Disposition"] == 'attachment; filename="nk-safety.csv"'
    text = page(client, "/outcomes/", "safety")
    assert "Safety, as treated · n = 1" in text
    assert "/outcomes/figures/primary.svg?set=safety&amp;theme=light" in text
    entered(crossed, pcr("52000"))
    figure = client.get("/outcomes/figures/viral-load.json", {"set": "per_protocol"})
    assert crossed.subject not in figure.content.decode()


def test_a_missing_change_says_why(treated: Participant, site: Site, login: Login) -> None:
    [row] = analysis.nk_rows([treated])
    assert (row.day7_missing, row.missing) == (Missing.OPEN, Missing.OPEN)
    waiting = factories.allocated(site)
    [row] = analysis.nk_rows([waiting])
    assert row.missing is Missing.NO_DOSE
    missing = dict(dashboard.overview(factories.user(Role.STATISTICIAN, site))["missing"])
    assert (Missing.OPEN, 1) in missing[IL2]
    client = login(Role.STATISTICIAN)
    for url in ("/outcomes/", "/outcomes/nk/"):
        assert "due, the window is open" in page(client, url, "allocated")
    assert {line["change_missing"] for line in file(client, "allocated")} == {
        "due, the window is open",
        "no ganciclovir yet",
    }


def test_a_change_without_a_baseline_says_so(treated: Participant) -> None:
    plated_lysis(treated, "27.9", day0(treated) + dt.timedelta(days=7))
    [row] = analysis.nk_rows([treated])
    assert (row.day7_missing, row.missing) == (None, Missing.NO_BASELINE)


def test_a_relapse_stands_in_page_and_file(treated: Participant, login: Login) -> None:
    for hours, value in ((120, "500"), (96, "52000"), (72, "61000")):
        entered(treated, pcr(value), hours=hours)
    assert Result.objects.count() == 3
    client = login(Role.MONITOR)
    text = page(client, "/outcomes/conversion/", "allocated")
    assert "confirmed ·" in text
    rows = csv.DictReader(StringIO(client.get("/outcomes/conversion/rows.csv").content.decode()))
    [row] = rows
    assert (row["relapse"], row["relapse_day"]) == ("confirmed", "4")
