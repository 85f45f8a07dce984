"""The page of the report, its file, and the command: who gets it, and what is kept of it."""

import datetime as dt
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from outcomes.report import issue
from outcomes.report.issue import cut_off, latest_cut_off
from oversight.trail import AuditEntry
from tests import factories
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
Login = Callable[[Role], Client]
PAGE, FILE = "/outcomes/report/", "/outcomes/report.pdf"
READERS = {Role.INVESTIGATOR, Role.STATISTICIAN, Role.MONITOR, Role.DATA_MANAGER}
MINUTE = dt.timedelta(minutes=1)
Asked = list[tuple[str, dt.datetime, str]]


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What reports were asked for; making one is tested where it is made."""
    found: Asked = []

    def made(user: Any, moment: dt.datetime, language: str) -> bytes:
        found.append((user.username, moment, language))
        return f"%PDF {moment.timestamp()} {language}".encode()

    monkeypatch.setattr(issue, "report_pdf", made)
    return found


def text(client: Client, **data: str) -> str:
    return " ".join(client.get(PAGE, data).content.decode().split())


def exported() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(event="exported").order_by("pk"))


# --- who --------------------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_the_report_is_for_those_who_read_the_outcomes(
    login: Login, asked: Asked, role: Role
) -> None:
    client = login(role)
    expected = 200 if role in READERS else 403
    assert client.get(PAGE).status_code == expected
    assert client.get(FILE, {"language": "en"}).status_code == expected
    assert len(asked) == (role in READERS)


@pytest.mark.parametrize("address", [PAGE, FILE])
def test_the_report_is_for_reading(login: Login, address: str) -> None:
    assert login(Role.INVESTIGATOR).post(address).status_code == 405


# --- the file ---------------------------------------------------------------------------------


@pytest.mark.requirement("R08")
def test_the_trail_keeps_what_was_handed_out(login: Login, staff: dict[Role, Any]) -> None:
    response = login(Role.STATISTICIAN).get(FILE, {"language": "zh-hans", "as_of": "2026-03-17"})
    assert response["Content-Type"] == "application/pdf"
    name = "NCT04225780-20260317T155959Z-zh-hans.pdf"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    [entry] = exported()
    assert entry.actor == staff[Role.STATISTICIAN]
    assert entry.changes["file"] == name
    assert entry.changes["cutoff"] == "2026-03-17T15:59:59.999999+00:00"
    assert entry.changes["language"] == "zh-hans"
    assert entry.changes["sha256"] == hashlib.sha256(response.content).hexdigest()
    assert response["X-Content-SHA256"] == entry.changes["sha256"]


def test_without_a_day_it_is_of_the_last_minute_that_is_over(login: Login, asked: Asked) -> None:
    login(Role.MONITOR).get(FILE, {"language": "en", "as_of": ""})
    [(_, moment, language)] = asked
    assert moment == clock.now().replace(second=0, microsecond=0) - dt.timedelta.resolution
    assert language == "en"


def test_a_moment_is_taken_as_it_is(login: Login, asked: Asked) -> None:
    moment = "2026-03-17T10:30:00.5+08:00"
    login(Role.MONITOR).get(FILE, {"language": "en", "as_of": moment})
    assert [when for _, when, _ in asked] == [dt.datetime.fromisoformat(moment)]


@pytest.mark.parametrize(
    "query",
    [
        {"language": "en", "as_of": "2026-03-18"},
        {"language": "en", "as_of": "2026-03-19"},
        {"language": "en", "as_of": "1999-12-31"},
        {"language": "en", "as_of": "2026-03-17T10:30:00"},
        {"language": "en", "as_of": "2026-03-18T23:00:00+08:00"},
        {"language": "en", "as_of": "yesterday"},
        {"language": "de", "as_of": "2026-03-17"},
        {"as_of": "2026-03-17"},
        {},
    ],
)
def test_what_no_report_can_be_of_leads_back(
    login: Login, asked: Asked, query: dict[str, str]
) -> None:
    response = login(Role.INVESTIGATOR).get(FILE, query)
    assert (response.status_code, response["Location"]) == (302, PAGE)
    assert asked == []
    assert exported() == []


def test_a_moment_is_one_of_a_minute_that_is_over() -> None:
    last = latest_cut_off()
    assert cut_off(last) == last
    assert cut_off(issue.EARLIEST) == issue.EARLIEST
    for wrong in (
        last + dt.timedelta.resolution,
        issue.EARLIEST - dt.timedelta.resolution,
        last.replace(tzinfo=None),
    ):
        with pytest.raises(ValueError, match=r"a moment needs|a report is of"):
            cut_off(wrong)


# --- the page ---------------------------------------------------------------------------------


def test_an_empty_page_asks_and_lists_nothing(login: Login) -> None:
    page = text(login(Role.INVESTIGATOR))
    assert "None yet." in page
    assert "No report with this hash" not in page


def test_a_file_is_recognised_by_its_hash(login: Login) -> None:
    client = login(Role.DATA_MANAGER)
    pdf = client.get(FILE, {"language": "en", "as_of": "2026-03-17"}).content
    sha256 = hashlib.sha256(pdf).hexdigest()
    assert "This is a report that was made here" in text(client, sha256=f" {sha256.upper()} ")
    altered = hashlib.sha256(pdf + b" ").hexdigest()
    assert "No report with this hash was made here" in text(client, sha256=altered)
    assert "No report with this hash was made here" in text(client, sha256="<script>")
    assert "<script>" not in text(client, sha256="<script>")


def test_what_was_made_can_be_made_again(login: Login, asked: Asked) -> None:
    client = login(Role.DATA_MANAGER)
    client.get(FILE, {"language": "zh-hans", "as_of": "2026-03-17"})
    page = text(client)
    start = page.index(FILE, page.index("The same again"))
    again = page[start : page.index('"', start)].replace("&amp;", "&")
    client.get(again)
    assert asked[0] == asked[1]
    first, second = exported()
    assert first.changes["sha256"] == second.changes["sha256"]


@pytest.mark.requirement("R11")
def test_the_reports_of_other_sites_are_not_listed(
    login: Login, client: Client, other_site: Site
) -> None:
    client.force_login(factories.user(Role.INVESTIGATOR, other_site))
    client.get(FILE, {"language": "en", "as_of": "2026-03-17"})
    assert "None yet." in text(login(Role.INVESTIGATOR))


def test_the_page_asks_little_of_the_database(
    login: Login, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = login(Role.INVESTIGATOR)
    for day in range(10, 17):
        client.get(FILE, {"language": "en", "as_of": f"2026-03-{day}"})
    with django_assert_max_num_queries(12):
        client.get(PAGE)


def test_the_dashboard_leads_to_the_report(login: Login) -> None:
    assert f'href="{PAGE}"' in login(Role.INVESTIGATOR).get("/outcomes/").content.decode()


# --- the command ------------------------------------------------------------------------------


def test_the_command_writes_the_same_file(
    staff: dict[Role, Any], asked: Asked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target, user = tmp_path / "report.pdf", staff[Role.STATISTICIAN]
    with time_machine.travel(clock.now() + MINUTE):
        call_command("report", user.username, "--as-of", "2026-03-17T10:30:00Z", output=target)
    assert [who for who, _, _ in asked] == [user.username]
    sha256 = hashlib.sha256(target.read_bytes()).hexdigest()
    assert capsys.readouterr().out.startswith(sha256)
    assert exported()[0].changes["sha256"] == sha256


@pytest.mark.parametrize(
    ("name", "moment"),
    [("nobody", "2026-03-17T10:30:00Z"), ("", "2026-03-17T10:30:00"), ("", "2030-01-01T00:00Z")],
)
def test_the_command_refuses(
    staff: dict[Role, Any], tmp_path: Path, name: str, moment: str
) -> None:
    user = name or staff[Role.STATISTICIAN].username
    with pytest.raises(CommandError):
        call_command("report", user, "--as-of", moment, output=tmp_path / "report.pdf")
    assert exported() == []
