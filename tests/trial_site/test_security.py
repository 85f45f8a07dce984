"""Login, lockout, session limits, headers, errors: what keeps strangers and accidents out."""

import datetime as dt
from collections.abc import Callable

import pytest
import time_machine
from axes.models import AccessFailureLog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from oversight.accounts import change_account, create_account
from oversight.recording import ReasonRequired
from oversight.trail import AuditEntry
from tests import factories
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


def log_in(client: Client, username: str, password: str = factories.PASSWORD) -> int:
    data = {"login": username, "password": password}
    return client.post(reverse("account_login"), data).status_code


def is_logged_in(client: Client) -> bool:
    return client.get(reverse("protocol")).status_code == 200


def test_a_person_logs_in_with_user_name_and_password(
    client: Client, staff: dict[Role, User]
) -> None:
    assert not is_logged_in(client)
    assert log_in(client, staff[Role.NURSE].username) == 302
    assert is_logged_in(client)


@pytest.mark.requirement("R17")
def test_five_wrong_passwords_lock_the_name_and_are_logged(
    client: Client, staff: dict[Role, User]
) -> None:
    name = staff[Role.NURSE].username
    for _ in range(settings.AXES_FAILURE_LIMIT):
        log_in(client, name, "wrong")
    assert AccessFailureLog.objects.filter(username=name).count() == settings.AXES_FAILURE_LIMIT
    assert log_in(client, name) == 429
    assert not is_logged_in(client)
    assert log_in(client, staff[Role.LAB].username) == 302


@pytest.mark.requirement("R17")
def test_the_lock_opens_after_its_time(client: Client, staff: dict[Role, User]) -> None:
    name = staff[Role.NURSE].username
    for _ in range(settings.AXES_FAILURE_LIMIT):
        log_in(client, name, "wrong")
    minutes = float(settings.AXES_COOLOFF_TIME) * 60 + 1
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes)):
        assert log_in(client, name) == 302


@pytest.mark.requirement("R18")
@pytest.mark.parametrize(("minutes", "stays"), [(29, True), (31, False)])
def test_an_idle_session_ends(login: Callable[[Role], Client], minutes: int, stays: bool) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clocked:
        client = login(Role.NURSE)
        assert is_logged_in(client)
        clocked.shift(dt.timedelta(minutes=minutes))
        assert is_logged_in(client) is stays


@pytest.mark.requirement("R18")
def test_a_busy_session_ends_too_when_it_is_old(login: Callable[[Role], Client]) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clocked:
        client = login(Role.NURSE)
        for _ in range(settings.SESSION_ABSOLUTE_HOURS * 3):
            assert is_logged_in(client)
            clocked.shift(dt.timedelta(minutes=20))
        clocked.shift(dt.timedelta(minutes=1))
        assert not is_logged_in(client)


@pytest.mark.requirement("R19")
def test_deactivation_ends_live_sessions_at_once(
    login: Callable[[Role], Client], staff: dict[Role, User], site: Site
) -> None:
    client = login(Role.NURSE)
    assert is_logged_in(client)
    change_account(
        staff[Role.NURSE],
        role=Role.NURSE,
        sites=[site],
        active=False,
        reason="Left the hospital",
        by=staff[Role.ADMIN],
    )
    assert not is_logged_in(client)


@pytest.mark.requirement("R16")
@pytest.mark.parametrize("name", ["zhang", "ZHANG"])
def test_a_user_name_is_never_given_again(staff: dict[Role, User], site: Site, name: str) -> None:
    admin = staff[Role.ADMIN]
    first = create_account(
        username="zhang", role=Role.NURSE, sites=[site], password=factories.PASSWORD, by=admin
    )
    change_account(first, role=Role.NURSE, sites=[site], active=False, reason="Left", by=admin)
    with pytest.raises(ValidationError, match=r"taken|already exists"):
        create_account(
            username=name, role=Role.LAB, sites=[site], password=factories.PASSWORD, by=admin
        )


@pytest.mark.requirement("R09")
def test_granting_and_revoking_leave_rows(
    staff: dict[Role, User], site: Site, other_site: Site
) -> None:
    admin, nurse = staff[Role.ADMIN], staff[Role.NURSE]
    change_account(
        nurse, role=Role.LAB, sites=[other_site], active=True, reason="New job", by=admin
    )
    role = AuditEntry.objects.get(model="trial_site.user", object_id=nurse.pk, action="changed")
    assert role.changes["role"] == ["nurse", "lab"]
    moved = AuditEntry.objects.filter(event="sites_changed").latest("pk")
    assert moved.changes == {"account": nurse.username, "sites": [["PKU"], ["OTH"]]}


@pytest.mark.requirement("R04")
def test_changing_an_account_needs_a_reason(staff: dict[Role, User], site: Site) -> None:
    with pytest.raises(ReasonRequired):
        change_account(
            staff[Role.NURSE], role=Role.LAB, sites=[site], active=True, reason=" ",
            by=staff[Role.ADMIN],
        )  # fmt: skip
    assert User.objects.get(pk=staff[Role.NURSE].pk).role == Role.NURSE


def test_an_administrator_cannot_lock_themselves_out(staff: dict[Role, User], site: Site) -> None:
    admin = staff[Role.ADMIN]
    with pytest.raises(ValidationError):
        change_account(admin, role=Role.ADMIN, sites=[], active=False, reason="x", by=admin)


@pytest.mark.requirement("R29")
def test_every_answer_carries_the_headers_of_the_baseline(client: Client) -> None:
    response = client.get(reverse("account_login"))
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    cookie = response.cookies["csrftoken"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


@pytest.mark.requirement("R29")
def test_a_post_without_its_token_is_refused(staff: dict[Role, User]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff[Role.ADMIN])
    assert strict.post(reverse("oversight:account-new"), {}).status_code == 403


@pytest.mark.requirement("R31")
def test_errors_show_no_internals(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("trial_site.views.cache.set", broken)
    client.raise_request_exception = False
    response = client.get(reverse("health-ready"))
    assert response.status_code == 500
    assert b"secret detail" not in response.content
    assert not settings.DEBUG


def test_health_answers_without_login(client: Client) -> None:
    assert client.get(reverse("health-live")).json() == {"status": "live"}
    assert client.get(reverse("health-ready")).json() == {"status": "ready"}


@pytest.mark.requirement("R05")
def test_nothing_but_a_demo_may_set_the_clock() -> None:
    with pytest.raises(RuntimeError), clock.played(timezone.now()):
        pytest.fail("the block must not run")


def test_sign_up_is_off(client: Client) -> None:
    assert client.get("/accounts/signup/").status_code == 404


@pytest.mark.parametrize("target", ["//elsewhere.example/", "https://elsewhere.example/"])
def test_the_theme_is_kept_and_leads_nowhere_else(client: Client, target: str) -> None:
    response = client.post(reverse("theme"), {"theme": "dark", "next": target})
    assert response["Location"] == "/"
    assert client.cookies["theme"].value == "dark"
