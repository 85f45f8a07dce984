"""Sites: approvals make them active (R23), targets say what they promised."""

import datetime as dt
from uuid import uuid4

import pytest
from django.test import Client

from enrollment.models import Participant, RecruitmentTarget, Screening, SiteApproval
from tests import factories
from tests.enrollment.conftest import Login
from tests.enrollment.pages import NEW, day, page, send, text, typed
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import PEOPLE, Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R23")]

SITES = "/sites/"


@pytest.fixture
def closed(db: None) -> Site:
    """A site without an approval."""
    return factories.site("NEW", "A new hospital", active=False)


@pytest.fixture
def office(login: Login) -> Client:
    return login(Role.ADMIN)


def approval(**changes: str) -> dict[str, str]:
    given = {"number": "2026-77", "approved_on": day(10), "expires_on": day(-355)}
    return given | {"protocol_version": "1.0"} | changes


def desk_of(site: Site) -> Client:
    client = Client()
    client.force_login(factories.user(Role.COORDINATOR, site))
    return client


def test_nobody_is_screened_at_a_site_without_an_approval(closed: Site) -> None:
    response = send(desk_of(closed), NEW)
    assert "This site has no ethics approval for protocol 1.0 yet" in text(response)
    assert not Screening.objects.exists()


def test_a_recorded_approval_makes_the_site_active(office: Client, closed: Site) -> None:
    assert "Inactive" in text(office.get(SITES))
    response = send(office, f"{SITES}NEW/approvals/new/", **approval())
    assert "The approval is recorded." in text(response)
    assert SiteApproval.objects.get(site=closed).number == "2026-77"
    send(desk_of(closed), NEW)
    assert Screening.objects.get().site == closed


@pytest.mark.parametrize(
    ("days_left", "blocked"), [(1, False), (0, False), (-1, True)], ids=["before", "last", "after"]
)
def test_enrolment_and_allocation_stop_after_the_last_day(
    db: None, days_left: int, blocked: bool
) -> None:
    site = factories.site(active=False)
    made = factories.approval(site, expires_on=clock.today() + dt.timedelta(days=5))
    factories.allocation_list()
    confirmed, enrolled = factories.confirmed(site), factories.enrolled(site)
    expires = clock.today() + dt.timedelta(days=days_left)
    office = Client()
    office.force_login(factories.user(Role.ADMIN, username="office"))
    url = f"{SITES}PKU/approvals/{made.pk}/"
    send(office, url, expires_on=expires.isoformat(), reason="The committee ended it early")
    desk = desk_of(site)
    send(desk, page(confirmed), to=page(confirmed, "enrol"))
    assert Participant.objects.count() == (1 if blocked else 2)
    shown = text(send(desk, page(enrolled, "allocate"))) if not blocked else ""
    if blocked:
        data = {"entry_key": str(uuid4())}
        shown = text(desk.post(page(enrolled, "allocate"), data, follow=True))
    expired = f"The ethics approval of this site expired on {expires.isoformat()}"
    assert (expired in shown) is blocked
    assert (Participant.objects.get(pk=enrolled.pk).arm is None) is blocked


@pytest.mark.parametrize(("days_left", "warned"), [(61, False), (60, True), (0, True)])
def test_an_expiry_is_told_ahead(db: None, days_left: int, warned: bool) -> None:
    site = factories.site(active=False)
    factories.approval(site, expires_on=clock.today() + dt.timedelta(days=days_left))
    desk = desk_of(site)
    assert ("Expires soon" in text(desk.get(SITES))) is warned
    assert ("Ethics approval of the site" in text(desk.get("/"))) is warned


def test_an_approval_of_another_version_carries_nothing(closed: Site) -> None:
    factories.approval(closed, protocol_version="0.9")
    assert "no ethics approval for protocol 1.0" in text(send(desk_of(closed), NEW))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"number": ""}, "This field is required."),
        ({"expires_on": "2020-01-01"}, "An approval expires after it is given"),
        ({"approved_on": "yesterday"}, "Enter a valid date."),
        ({"protocol_version": "9.9"}, "Select a valid choice."),
    ],
)
def test_a_bad_approval_keeps_what_was_typed(
    office: Client, closed: Site, changes: dict[str, str], said: str
) -> None:
    sent = approval(**changes)
    response = send(office, f"{SITES}NEW/approvals/new/", **sent)
    assert said in text(response)
    assert typed(response)["number"] == sent["number"]
    assert not SiteApproval.objects.filter(site=closed).exists()


def test_an_approval_sent_twice_is_one(office: Client, closed: Site) -> None:
    url = f"{SITES}NEW/approvals/new/"
    data = typed(office.get(url)) | approval()
    office.post(url, data)
    assert "This was saved already." in text(office.post(url, data, follow=True))
    assert SiteApproval.objects.filter(site=closed).count() == 1


@pytest.mark.requirement("R04")
def test_correcting_an_approval_needs_a_reason(office: Client, site: Site) -> None:
    made = SiteApproval.objects.get(site=site)
    url = f"{SITES}PKU/approvals/{made.pk}/"
    assert "This field is required." in text(send(office, url, number="Other"))
    assert SiteApproval.objects.get().number == made.number
    assert "The approval is corrected." in text(send(office, url, number="Other", reason="Typo"))
    assert SiteApproval.objects.get().number == "Other"


def test_a_target_is_set_and_changed_with_a_reason(office: Client, site: Site) -> None:
    url = f"{SITES}PKU/target/"
    sent = {"participants": "10", "starts_on": day(100), "ends_on": day(-200)}
    assert "The target is recorded." in text(send(office, url, **sent))
    assert "Target: 10 participants" in text(office.get(SITES))
    more = {"participants": "12"}
    assert "Changing a saved value needs a reason" in text(send(office, url, **more))
    send(office, url, reason="Two more were agreed", **more)
    assert RecruitmentTarget.objects.get().participants == 12


def test_a_target_that_ends_before_it_starts_is_refused(office: Client, site: Site) -> None:
    sent = {"participants": "10", "starts_on": day(0), "ends_on": day(1)}
    assert "Recruitment ends after it starts" in text(send(office, f"{SITES}PKU/target/", **sent))
    assert not RecruitmentTarget.objects.exists()


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE - {Role.ADMIN}))
def test_only_the_administrator_manages_sites(login: Login, site: Site, role: Role) -> None:
    for url in (f"{SITES}PKU/approvals/new/", f"{SITES}PKU/target/"):
        assert login(role).get(url).status_code == 403
        assert login(role).post(url).status_code == 403


def test_a_person_reads_the_approvals_of_their_own_sites(
    login: Login, site: Site, other_site: Site
) -> None:
    shown = text(login(Role.MONITOR).get(SITES))
    assert "PKU · " in shown
    assert "OTH · " not in shown
    assert "Record an approval" not in shown
    assert login(Role.NURSE).get(SITES).status_code == 403
    assert login(Role.MONITOR).post(SITES).status_code == 405
