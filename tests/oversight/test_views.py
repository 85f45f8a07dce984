"""The audit trail, the history of a record, and the accounts, as pages."""

import csv
import datetime as dt
from collections.abc import Callable
from io import StringIO
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from enrollment.models import Participant
from oversight.trail import AuditEntry
from tests import factories
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def participant(site: Site) -> Participant:
    return factories.enrolled(site)


def history_of(participant: Participant) -> str:
    return reverse("oversight:history", args=["enrollment.participant", participant.pk])


@pytest.mark.requirement("R06")
def test_the_history_of_a_record_says_who_when_and_why(
    login: Callable[[Role], Client], participant: Participant
) -> None:
    page = login(Role.MONITOR).get(history_of(participant)).content.decode()
    assert participant.subject in page
    assert "coordinator-pku" in page
    assert "+00:00" in page


@pytest.mark.requirement("R11")
def test_another_sites_history_does_not_exist(
    login: Callable[[Role], Client], other_site: Site
) -> None:
    foreign = factories.enrolled(other_site)
    assert login(Role.MONITOR).get(history_of(foreign)).status_code == 404


def test_the_laboratory_reads_its_own_records_only(
    login: Callable[[Role], Client], participant: Participant
) -> None:
    assert login(Role.LAB).get(history_of(participant)).status_code == 404


@pytest.mark.requirement("R06")
def test_the_trail_is_searched_by_record_person_and_day(
    login: Callable[[Role], Client], participant: Participant
) -> None:
    client, url = login(Role.MONITOR), reverse("oversight:audit")
    assert participant.subject in client.get(url, {"text": participant.subject}).content.decode()
    yesterday = dt.date.today() - dt.timedelta(days=2)  # noqa: DTZ011
    empty = client.get(url, {"day": yesterday.isoformat()}).content.decode()
    assert "No entry matches" in empty


def test_a_search_that_cannot_be_read_says_so(login: Callable[[Role], Client]) -> None:
    page = login(Role.MONITOR).get(reverse("oversight:audit"), {"day": "yesterday"})
    assert page.status_code == 200
    assert "Enter a valid date" in page.content.decode()


@pytest.mark.requirement("R06")
@pytest.mark.requirement("R05")
def test_the_download_holds_every_entry_with_its_offset(
    login: Callable[[Role], Client], participant: Participant
) -> None:
    response = login(Role.DATA_MANAGER).get(reverse("oversight:audit-download"))
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(StringIO(text)))
    exported = {(row["chain"], row["sequence"]) for row in rows}
    assert len(exported) == AuditEntry.objects.count()
    assert all(row["at"].endswith("+00:00") for row in rows)


def new_account(**changes: object) -> dict[str, object]:
    return {
        "username": "wang", "role": Role.NURSE, "sites": [], "password": factories.PASSWORD,
        "language": "en", "entry_key": uuid4(), **changes,
    }  # fmt: skip


def test_an_administrator_makes_an_account(login: Callable[[Role], Client], site: Site) -> None:
    client, url = login(Role.ADMIN), reverse("oversight:account-new")
    response = client.post(url, new_account(sites=[site.pk]))
    assert response["Location"] == reverse("oversight:accounts")
    made = User.objects.get(username="wang")
    assert (made.role, list(made.sites.all())) == (Role.NURSE, [site])
    assert made.check_password(factories.PASSWORD)
    assert "wang" in client.get(reverse("oversight:accounts")).content.decode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"username": "nurse-pku"}, "taken"),
        ({"password": "short"}, "too short"),
        ({"role": "emperor"}, "Select a valid choice"),
    ],
)
def test_a_bad_account_keeps_what_was_typed(
    login: Callable[[Role], Client], change: dict[str, str], message: str
) -> None:
    response = login(Role.ADMIN).post(
        reverse("oversight:account-new"), new_account(username="wang-2", **change)
        if "username" not in change else new_account(**change),
    )  # fmt: skip
    page = response.content.decode()
    assert response.status_code == 200
    assert message in page or "already exists" in page
    assert change.get("username", "wang-2") in page


@pytest.mark.requirement("R09")
def test_an_administrator_changes_a_role_with_a_reason(
    login: Callable[[Role], Client], staff: dict[Role, User], site: Site
) -> None:
    url = reverse("oversight:account-edit", args=[staff[Role.NURSE].username])
    data = {"role": Role.LAB, "sites": [site.pk], "active": "on", "entry_key": uuid4()}
    data["language"] = "en"
    client = login(Role.ADMIN)
    assert client.post(url, data).status_code == 200
    assert User.objects.get(pk=staff[Role.NURSE].pk).role == Role.NURSE
    assert client.post(url, {**data, "reason": "New job"}).status_code == 302
    assert User.objects.get(pk=staff[Role.NURSE].pk).role == Role.LAB


# --- what a page shows ------------------------------------------------------------------------

AUDIT, ACCOUNTS = "/audit/", "/accounts/"


def text(client: Client, url: str, data: dict[str, str] | None = None) -> str:
    return " ".join(client.get(url, data).content.decode().split())


@pytest.mark.requirement("R06")
def test_an_entry_leads_to_its_place_in_the_history(
    login: Callable[[Role], Client], participant: Participant
) -> None:
    client = login(Role.MONITOR)
    entry = AuditEntry.objects.get(
        model="enrollment.participant", object_id=str(participant.pk), action="created"
    )
    assert f'href="{history_of(participant)}#entry-{entry.sequence}"' in text(client, AUDIT)
    assert f'id="entry-{entry.sequence}"' in text(client, history_of(participant))


def test_entries_stand_under_their_day(
    login: Callable[[Role], Client], participant: Participant
) -> None:
    page = text(login(Role.MONITOR), AUDIT)
    assert page.count('<li class="day">') == 1
    assert "18 Mar 2026" in page


def test_a_change_names_its_fields_and_its_reason(
    login: Callable[[Role], Client], site: Site
) -> None:
    made = factories.submitted(site)
    page = text(login(Role.INVESTIGATOR), AUDIT, {"text": made.number})
    assert "Changed · Submitted · state, status, verdicts, submitted, submitted by" in page


def test_the_administrator_reads_changes_where_no_history_opens(
    login: Callable[[Role], Client], staff: dict[Role, User]
) -> None:
    page = text(login(Role.ADMIN), AUDIT)
    assert "/history/" not in page
    assert "Sites of an account changed" in page
    assert "account: nurse-pku" in page
    assert "What changed" in page


@pytest.mark.requirement("R11")
def test_another_sites_entries_are_absent(
    login: Callable[[Role], Client], other_site: Site
) -> None:
    foreign = factories.enrolled(other_site)
    assert foreign.subject not in text(login(Role.DATA_MANAGER), AUDIT)


@pytest.mark.parametrize("query", [{"page": "x"}, {"page": "99"}, {"model": "no.such"}])
def test_an_address_that_means_nothing_still_answers(
    login: Callable[[Role], Client], participant: Participant, query: dict[str, str]
) -> None:
    assert login(Role.MONITOR).get(AUDIT, query).status_code == 200


@pytest.mark.parametrize("address", ["enrollment.participant/0/", "no.such/1/", "nonsense/1/"])
def test_a_history_of_nothing_is_not_found(login: Callable[[Role], Client], address: str) -> None:
    assert login(Role.MONITOR).get(f"/history/{address}").status_code == 404


@pytest.mark.requirement("R11")
@pytest.mark.parametrize(
    ("role", "address"),
    [
        (Role.LAB, AUDIT),
        (Role.NURSE, "/audit/download/"),
        (Role.ADMIN, "/history/trial_site.user/1/"),
        (Role.MONITOR, ACCOUNTS),
        (Role.COORDINATOR, "/accounts/new/"),
        (Role.DATA_MANAGER, "/accounts/edit/nurse-pku/"),
    ],
)
def test_a_page_of_others_is_refused(
    login: Callable[[Role], Client], role: Role, address: str
) -> None:
    assert login(role).get(address).status_code == 403


@pytest.mark.parametrize("address", [AUDIT, "/audit/download/", ACCOUNTS])
def test_lists_are_for_reading(login: Callable[[Role], Client], address: str) -> None:
    assert login(Role.ADMIN).post(address).status_code == 405


def test_an_unknown_account_is_not_found(login: Callable[[Role], Client]) -> None:
    assert login(Role.ADMIN).get("/accounts/edit/nobody/").status_code == 404


def test_the_accounts_say_who_may_do_what_where(
    login: Callable[[Role], Client], staff: dict[Role, User]
) -> None:
    page = text(login(Role.ADMIN), ACCOUNTS)
    for role, account in staff.items():
        assert f">{account.username}</a>" in page
        assert f"<td>{role.label}</td>" in page
    assert "scheduler" not in page


def test_pages_of_the_trail_ask_few_questions(
    login: Callable[[Role], Client],
    site: Site,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    people = [factories.on_treatment(site) for _ in range(3)]
    for role, addresses in {
        Role.MONITOR: [AUDIT, history_of(people[0])],
        Role.ADMIN: [AUDIT, ACCOUNTS, "/accounts/new/", "/accounts/edit/nurse-pku/"],
    }.items():
        client = login(role)
        client.get("/protocol/")
        for address in addresses:
            with django_assert_max_num_queries(15):
                assert client.get(address).status_code == 200
