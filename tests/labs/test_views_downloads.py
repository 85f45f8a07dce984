"""The laboratory's lists as files: what a filter shows, as printed, and logged."""

import csv
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.test import Client

from enrollment.models import Participant
from oversight.trail import AuditEntry
from tests import factories
from tests.labs.examples import entered, pcr, safety
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]


def lines(client: Client, url: str) -> list[dict[str, str]]:
    response: Any = client.get(url)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(StringIO(b"".join(response.streaming_content).decode())))


@pytest.mark.requirement("R08")
def test_results_are_downloaded_as_printed_and_the_download_is_logged(
    participant: Participant, stranger: Participant, login: Login
) -> None:
    entered(participant, pcr("500", "<"))
    entered(participant, safety("hemoglobin", "7.9", "g/dL", lln="11.5"))
    entered(stranger, pcr("52000"))
    hemoglobin, copies = lines(login(Role.LAB), "/labs/results.csv")
    assert (copies["operator"], copies["value"], copies["unit"]) == ("<", "500", "copies/mL")
    assert (hemoglobin["value"], hemoglobin["canonical_value"]) == ("7.9", "79.0")
    assert hemoglobin["collected_at"].endswith("+08:00")
    assert {row["subject"] for row in (hemoglobin, copies)} == {participant.subject}
    assert AuditEntry.objects.filter(event="exported").count() == 1


def test_a_filter_narrows_the_file(participant: Participant, login: Login) -> None:
    entered(participant, pcr("52000"))
    entered(participant, safety("anc", "0.9", "10^9/L"))
    client = login(Role.MONITOR)
    [row] = lines(client, f"/labs/results.csv?participant={participant.subject}&analyte=anc")
    assert row["analyte"] == "anc"
    assert client.get("/labs/results.csv?participant=NOBODY-1").status_code == 404
    assert client.post("/labs/results.csv").status_code == 405


def test_the_inbox_is_downloaded_by_its_filters(site: Site, login: Login) -> None:
    treated = factories.on_treatment(site, days_ago=12)
    found = lines(login(Role.LAB), "/labs/inbox.csv?state=missing&visit=D7")
    assert {row["panel"] for row in found} == {"cytotoxicity", "subset", "cytokine"}
    assert {row["subject"] for row in found} == {treated.subject}
    assert all(row["state"] == "missing" for row in found)


def test_the_administrator_downloads_nothing(login: Login) -> None:
    for url in ("/labs/results.csv", "/labs/inbox.csv"):
        assert login(Role.ADMIN).get(url).status_code == 403
