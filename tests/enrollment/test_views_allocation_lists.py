"""The statistician's pages: plan, generate, import, close; and what is published then."""

import hashlib
import re
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from enrollment.actions.allocation_lists import close_allocation
from enrollment.models import AllocationList, AllocationPlan
from oversight.trail import AuditEntry
from tests import factories
from tests.enrollment.conftest import Login
from tests.enrollment.pages import LIST, Response, send, text, typed
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
FORMS = [LIST + name for name in ("plan/", "generate/", "import/", "close/")]
PUBLISHED = LIST + "list-ALL.csv"
BALANCED = "position,arm\n" + "".join(
    f"{place},{arm}\n" for place, arm in enumerate(["gcv", "il2_gcv"] * 6, start=1)
)


@pytest.fixture
def office(login: Login) -> Client:
    """The statistician's browser."""
    return login(Role.STATISTICIAN)


def upload(client: Client, content: str | bytes, **answers: str) -> Response:
    data = typed(client.get(LIST + "import/")) | answers
    raw = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile("list.csv", raw, content_type="text/csv")
    return client.post(LIST + "import/", data | {"file": file}, follow=True)


def test_a_plan_is_made_and_shown(office: Client) -> None:
    shown = text(send(office, LIST + "plan/", mode="assigned", why="As registered"))
    assert "The plan is recorded." in shown
    assert "The investigator chooses the arm, with a reason." in shown
    assert AllocationPlan.objects.get().mode == "assigned"


def test_a_plan_without_a_reason_keeps_what_was_chosen(office: Client) -> None:
    shown = text(send(office, LIST + "plan/", mode="assigned", factor="sle"))
    assert re.search(r'value="assigned"[^>]* checked', shown)
    assert re.search(r'value="sle"[^>]* checked', shown)
    assert not AllocationPlan.objects.exists()


def test_a_list_is_generated_and_its_hash_shown(office: Client) -> None:
    url = LIST + "generate/"
    data = typed(office.get(url)) | {"length": "12", "block_sizes": ["4"]}
    shown = text(office.post(url, data, follow=True))
    made = AllocationList.objects.get()
    assert made.length == 12
    for fact in (made.sha256, made.label, "0 of 12 places used", "by statistician-pku"):
        assert fact in shown
    assert "Generate the list" not in shown
    again = text(office.post(url, data, follow=True))
    assert "This was saved already." in again
    other = text(office.post(url, data | {"entry_key": str(uuid4())}))
    assert "The allocation list exists already" in other
    assert AllocationList.objects.count() == 1


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"length": "10", "block_sizes": ["4"]}, "A list has at least 11 places"),
        ({"length": "100000", "block_sizes": ["4"]}, "less than or equal to 1000"),
        ({"length": "twelve", "block_sizes": ["4"]}, "Enter a whole number"),
        ({"length": "12", "block_sizes": ["2"]}, "not one of the available choices"),
        ({"length": "12", "block_sizes": []}, "This field is required"),
    ],
)
def test_a_wrong_list_is_refused_and_what_was_typed_stays(
    office: Client, answers: dict[str, object], said: str
) -> None:
    url = LIST + "generate/"
    shown = text(office.post(url, typed(office.get(url)) | answers))
    assert said in shown
    assert f'value="{answers["length"]}"' in shown
    assert not AllocationList.objects.exists()


def test_a_strata_list_is_made_for_each_stratum(office: Client) -> None:
    send(office, LIST + "plan/", mode="randomised", factor="cmv_dna", why="Agreed")
    url = LIST + "generate/"
    assert "CMV-LOW" in text(office.get(url))
    data = typed(office.get(url)) | {"block_sizes": ["4", "6"]}
    shown = text(office.post(url, data, follow=True))
    for made in AllocationList.objects.all():
        assert made.sha256 in shown
    assert AllocationList.objects.count() == 2
    assert "Baseline CMV-DNA" in shown


def test_a_list_is_imported(office: Client) -> None:
    shown = text(upload(office, BALANCED))
    made = AllocationList.objects.get()
    assert "The list is sealed, and its hash is published here." in shown
    assert made.sha256 in shown
    assert "Imported" in shown


@pytest.mark.requirement("R30")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BALANCED.replace("3,gcv", "3,=gcv"), "Line 4: a cell looks like a formula"),
        (BALANCED.replace("3,gcv", "4,gcv"), "Line 4: the position must be 3"),
        (b"\xff\xfe\x00\x00", "This file is not CSV text in UTF-8"),
        ("position,arm\n" + "x" * 1024 * 1024, "This file is larger than 1 MB"),
        ("", "The submitted file is empty"),
    ],
)
def test_a_wrong_file_is_refused_by_its_lines(
    office: Client, content: str | bytes, said: str
) -> None:
    assert said in text(upload(office, content))
    assert not AllocationList.objects.exists()


def test_unequal_arms_are_asked_about(office: Client) -> None:
    unequal = BALANCED + "13,gcv\n"
    shown = text(upload(office, unequal))
    assert "The arms are unequal: il2_gcv 6, gcv 7." in shown
    assert not AllocationList.objects.exists()
    assert "The list is sealed" in text(upload(office, unequal, confirmed="on"))


def test_closing_publishes_the_file_that_was_committed_to(
    office: Client, site: Site, login: Login
) -> None:
    made = factories.allocation_list()
    factories.enrolled(site)
    asked = text(send(office, LIST + "close/", why="Target reached"))
    assert "1 enrolled participants have no arm, and will get none" in asked
    assert "Target reached" in asked
    shown = text(send(office, LIST + "close/", why="Target reached", confirmed="on"))
    assert "Allocation is closed; the lists can be downloaded." in shown
    assert PUBLISHED in shown
    for role in (Role.COORDINATOR, Role.MONITOR, Role.STATISTICIAN):
        response = login(role).get(PUBLISHED)
        assert hashlib.sha256(response.content).hexdigest() == made.sha256
        assert "attachment" in response["Content-Disposition"]
    assert AuditEntry.objects.filter(event="allocation_list_published").count() == 3


@pytest.mark.requirement("R24")
def test_before_closing_nobody_gets_the_file(login: Login) -> None:
    factories.allocation_list()
    for role in sorted(PEOPLE):
        assert login(role).get(PUBLISHED).status_code in {403, 404}, role
    assert not AuditEntry.objects.filter(event="allocation_list_published").exists()


def test_a_list_that_does_not_exist_is_not_found(office: Client, staff: dict[Role, User]) -> None:
    factories.allocation_list()
    close_allocation(reason="Done", by=staff[Role.STATISTICIAN])
    assert office.get(LIST + "list-SLE.csv").status_code == 404


@pytest.mark.parametrize("url", FORMS)
def test_only_the_statistician_opens_a_form(login: Login, url: str) -> None:
    for role in sorted(PEOPLE):
        expected = 200 if role is Role.STATISTICIAN else 403
        assert login(role).get(url).status_code == expected, role


@pytest.mark.parametrize("url", [LIST, PUBLISHED, LIST + "allocations.csv"])
def test_what_is_read_is_only_read(office: Client, url: str) -> None:
    assert office.post(url).status_code == 405


def test_the_download_holds_the_readers_sites_only(
    login: Login, site: Site, other_site: Site
) -> None:
    here, there = factories.allocated(site), factories.allocated(other_site)
    response = login(Role.STATISTICIAN).get(LIST + "allocations.csv")
    lines = response.getvalue().decode()
    assert here.subject in lines
    assert there.subject not in lines
