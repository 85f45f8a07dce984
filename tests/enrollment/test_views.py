"""Who may open which page, and the lists."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from enrollment.models import Participant, Screening
from enrollment.permissions import PAGES
from enrollment.urls import urlpatterns
from tests import factories
from tests.enrollment.conftest import Login
from tests.enrollment.pages import (
    ARMS,
    LIST,
    LOG,
    NEW,
    PARTICIPANTS,
    page,
    text,
)
from trial_site.models import Site
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
OPENS_LATER = {"enrollment:allocation-published"}
WHOLE = [route for route in urlpatterns if not route.pattern.converters]


def address(name: str, screening: Screening, participant: Participant) -> str:
    """The page ``name`` of these two, whatever its address has to name."""
    [route] = [route for route in urlpatterns if route.name == name.partition(":")[2]]
    site = participant.site
    known = {
        "number": screening.number,
        "subject": participant.subject,
        "stratum": "ALL",
        "pk": site.approvals.values_list("pk", flat=True).first(),
        "code": site.code if str(route.pattern).startswith("sites/") else "D7",
    }
    return reverse(name, kwargs={key: known[key] for key in route.pattern.converters})


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_each_page_answers_its_roles_and_methods_only(
    login: Login, draft: Screening, treated: Participant, role: Role
) -> None:
    client = login(role)
    for name, methods in PAGES.items():
        assert methods is not None
        url = address(name, draft, treated)
        for method in ("GET", "POST", "PUT", "DELETE"):
            status = client.generic(method, url).status_code
            if method not in methods:
                assert status == 405, (name, method)
            elif role not in methods[method]:
                assert status == 403, (name, method)
            else:
                opens = {404} if name in OPENS_LATER else {200, 302}
                assert status in opens, (name, method, status)


@pytest.mark.requirement("R11")
def test_nothing_is_open_before_login(
    client: Client, draft: Screening, treated: Participant
) -> None:
    for name, methods in PAGES.items():
        method = "GET" if "GET" in (methods or {}) else "POST"
        response = client.generic(method, address(name, draft, treated))
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/?")


@pytest.mark.requirement("R11")
def test_another_sites_records_do_not_exist(login: Login, other_site: Site, client: Client) -> None:
    screening, participant = factories.screening(other_site), factories.on_treatment(other_site)
    everybodys = {f"enrollment:{route.name}" for route in WHOLE}
    for role in (Role.COORDINATOR, Role.INVESTIGATOR):
        login(role)
        for name, methods in PAGES.items():
            url = address(name, screening, participant)
            for method, roles in (methods or {}).items():
                if role in roles and name not in everybodys:
                    assert client.generic(method, url).status_code == 404, (name, method)


def test_every_page_speaks_chinese(login: Login, draft: Screening, treated: Participant) -> None:
    for role in (Role.COORDINATOR, Role.INVESTIGATOR):
        client = login(role)
        client.cookies["django_language"] = "zh-hans"
        for name, methods in PAGES.items():
            if role in (methods or {}).get("GET", ()):
                shown = client.get(address(name, draft, treated), follow=True)
                if not shown["Content-Type"].startswith("text/html"):
                    continue
                assert '<html lang="zh-hans"' in text(shown), name


# --- the screening log ------------------------------------------------------------------------


def test_the_log_lists_filters_and_counts(desk: Client, site: Site, other_site: Site) -> None:
    factories.screening(site, consent=False)
    factories.submitted(site, factories.eligible_facts(malignancy=True))
    factories.enrolled(site)
    factories.screening(other_site)
    everything = text(desk.get(LOG))
    assert [number for number in ("SCR-001", "SCR-002", "SCR-003") if number in everything] == [
        "SCR-001",
        "SCR-002",
        "SCR-003",
    ]
    assert "SCR-004" not in everything
    assert "Waits for consent" in everything
    assert 'Enrolled · <span class="num">PKU-001</span>' in everything
    assert "<td>E5</td>" in everything
    failed = text(desk.get(LOG, {"status": "failed"}))
    assert "SCR-002" in failed
    assert "SCR-003" not in failed
    assert 'Screen failure <span class="count">1</span>' in failed
    assert "SCR-001" in text(desk.get(LOG, {"status": "nonsense"}))


def test_an_empty_log_says_so(desk: Client) -> None:
    assert "No screening here" in text(desk.get(LOG))


def test_the_log_has_pages(desk: Client, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enrollment.views.lists.PAGE_SIZE", 2)
    for _ in range(3):
        factories.screening(site)
    first, second = text(desk.get(LOG)), text(desk.get(LOG, {"page": 2}))
    assert "Page 1 of 2" in first
    assert "SCR-001" not in first
    assert "SCR-001" in second


@pytest.mark.parametrize("role", [Role.INVESTIGATOR, Role.MONITOR])
def test_only_who_screens_is_offered_a_new_screening(login: Login, role: Role) -> None:
    assert NEW not in text(login(role).get(LOG))


# --- the participants -------------------------------------------------------------------------


def test_the_list_shows_state_day_arm_and_first_dose(desk: Client, treated: Participant) -> None:
    shown = text(desk.get(PARTICIPANTS))
    assert "On treatment, day 7" in shown
    assert f'<a class="subject" href="{page(treated)}">PKU-001</a>' in shown
    assert "08:00" in shown
    assert any(f">{arm}</span>" in shown for arm in ARMS)


def test_the_laboratory_sees_no_arm_and_cannot_order_by_it(login: Login, site: Site) -> None:
    for _ in range(4):
        factories.allocated(site)
    lab = login(Role.LAB)
    for order in ("", "arm", "-arm"):
        shown = text(lab.get(PARTICIPANTS, {"sort": order}))
        assert not [arm for arm in ARMS if arm in shown]
        rows = [row.split("<")[0] for row in shown.split('<span class="num">')[1:]]
        assert [row for row in rows if row.startswith("PKU")] == [
            "PKU-001",
            "PKU-002",
            "PKU-003",
            "PKU-004",
        ]


def test_the_list_is_filtered_and_sorted_by_its_address(desk: Client, site: Site) -> None:
    factories.allocated(site)
    factories.enrolled(site)
    only = text(desk.get(PARTICIPANTS, {"state": "enrolled"}))
    assert "PKU-002" in only
    assert "PKU-001" not in only
    down = text(desk.get(PARTICIPANTS, {"sort": "-subject"}))
    assert down.index("PKU-002") < down.index("PKU-001")
    assert 'aria-sort="descending"><a href="?sort=subject">Subject</a>' in down
    assert "PKU-001" in text(desk.get(PARTICIPANTS, {"sort": "nonsense", "state": "nonsense"}))


@pytest.mark.parametrize("url", [LOG, PARTICIPANTS])
def test_queries_do_not_grow_with_the_list(
    desk: Client, site: Site, django_assert_max_num_queries: DjangoAssertNumQueries, url: str
) -> None:
    for _ in range(6):
        factories.allocated(site)
    with django_assert_max_num_queries(15):
        desk.get(url)


def test_pages_of_one_record_need_few_queries(
    desk: Client, treated: Participant, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    waiting = factories.enrolled(treated.site)
    for url in (
        NEW,
        LIST,
        page(treated.screening),
        page(treated.screening, "edit"),
        page(treated, "allocate"),
        page(waiting, "allocate"),
        page(treated, "visits"),
        page(treated, "disposition"),
    ):
        with django_assert_max_num_queries(10):
            desk.get(url)
