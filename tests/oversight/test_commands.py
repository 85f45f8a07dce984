"""The commands that open a site and make the first account."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from oversight.management.commands import create_account
from oversight.models import AuditEntry
from trial_site.models import Site, User
from trial_site.roles import Role

PASSWORD = "correct horse battery staple"  # noqa: S105

pytestmark = pytest.mark.django_db


@pytest.fixture
def given_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNT_PASSWORD", PASSWORD)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def typed(monkeypatch: pytest.MonkeyPatch, *passwords: str) -> None:
    answers = iter(passwords)
    monkeypatch.setattr(create_account, "getpass", lambda prompt: next(answers))


@pytest.mark.requirement("R09")
def test_a_site_is_opened_and_audited() -> None:
    assert "PKU is open" in run("create_site", "PKU", "Peking University People's Hospital")
    assert Site.objects.get(code="PKU").name == "Peking University People's Hospital"
    assert AuditEntry.objects.get(model="trial_site.site").actor_name == "scheduler"


@pytest.mark.parametrize("code", ["pku", "P", "PKU1", "NINELETTER"])
def test_a_code_that_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(CommandError, match=r"capital letters|at most 8"):
        run("create_site", code, "A hospital")
    assert not Site.objects.exists()


def test_a_code_is_given_once() -> None:
    run("create_site", "PKU", "Peking University People's Hospital")
    with pytest.raises(CommandError, match="already exists"):
        run("create_site", "PKU", "Another hospital")


@pytest.mark.usefixtures("given_password")
def test_the_first_administrator_can_log_in(client: Client) -> None:
    assert "li.na is Administrator" in run("create_account", "li.na", "admin")
    assert User.objects.get(username="li.na").role == Role.ADMIN
    client.post(reverse("account_login"), {"login": "li.na", "password": PASSWORD})
    assert client.get(reverse("oversight:accounts")).status_code == 200


@pytest.mark.usefixtures("given_password")
def test_an_account_belongs_to_the_sites_named() -> None:
    run("create_site", "PKU", "Peking University People's Hospital")
    run("create_site", "OTH", "Another hospital")
    run("create_account", "wang", "nurse", "--site", "PKU", "--site", "OTH")
    assert set(User.objects.get(username="wang").sites.values_list("code", flat=True)) == {
        "PKU",
        "OTH",
    }


@pytest.mark.usefixtures("given_password")
def test_an_unknown_site_is_named_and_nothing_is_made() -> None:
    with pytest.raises(CommandError, match="no site XYZ"):
        run("create_account", "wang", "nurse", "--site", "XYZ")
    assert not User.objects.filter(username="wang").exists()


@pytest.mark.parametrize("role", ["system", "king"])
@pytest.mark.usefixtures("given_password")
def test_only_a_persons_role_can_be_given(role: str) -> None:
    with pytest.raises(CommandError, match="invalid choice"):
        run("create_account", "wang", role)


def test_a_weak_password_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNT_PASSWORD", "short")
    with pytest.raises(CommandError, match="at least 12 characters"):
        run("create_account", "li.na", "admin")
    assert not User.objects.filter(username="li.na").exists()


def test_the_password_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, PASSWORD, PASSWORD)
    run("create_account", "li.na", "admin")
    assert User.objects.get(username="li.na").check_password(PASSWORD)


def test_two_passwords_that_differ_make_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, PASSWORD, PASSWORD + "!")
    with pytest.raises(CommandError, match="differ"):
        run("create_account", "li.na", "admin")
    assert not User.objects.filter(username="li.na").exists()
