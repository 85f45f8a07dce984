"""An account's language and digest: chosen by its owner, or by the administrator."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from oversight import verification
from oversight.accounts import choose_language, choose_mails
from oversight.trail import AuditEntry
from tests import factories
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
MAILS, SWITCH = "oversight:mails", "set_language"


@pytest.fixture
def nurse(site: Site) -> User:
    return factories.user(Role.NURSE, site)


def again(user: User) -> User:
    return User.objects.get(pk=user.pk)


def entries(user: User) -> list[AuditEntry]:
    of_account = AuditEntry.objects.filter(model="trial_site.user", object_id=str(user.pk))
    return list(of_account.order_by("sequence"))


def test_an_account_begins_in_english_and_with_a_digest(nurse: User) -> None:
    assert (nurse.language, nurse.wants_digest) == ("en", True)


def test_what_somebody_chooses_is_recorded_in_their_own_name(nurse: User) -> None:
    choose_mails(language="zh-hans", wants_digest=False, by=nurse)
    entry = entries(nurse)[-1]
    assert entry.actor_name == nurse.username
    assert entry.changes == {"language": ["en", "zh-hans"], "wants_digest": [True, False]}
    assert entry.reason == "Chosen by its owner"
    assert not list(verification.verify())


def test_what_stands_already_is_no_change(nurse: User) -> None:
    before = len(entries(nurse))
    choose_mails(language="en", wants_digest=True, by=nurse)
    choose_language(nurse, "en")
    assert len(entries(nurse)) == before


def test_a_language_that_there_is_not_is_refused(nurse: User) -> None:
    with pytest.raises(ValidationError):
        choose_mails(language="tlh", wants_digest=True, by=nurse)
    assert again(nurse).language == "en"


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_everybody_chooses_on_their_own_page(login: Callable[[Role], Client], role: Role) -> None:
    client = login(role)
    assert "no mail is sent" in client.get(reverse(MAILS)).content.decode()
    typed = {"language": "zh-hans", "entry_key": uuid4()}  # an unticked box is not sent
    assert client.post(reverse(MAILS), typed)["Location"] == reverse(MAILS)
    user = User.objects.get(role=role)
    assert (user.language, user.wants_digest) == ("zh-hans", False)


def test_a_bad_choice_says_so_and_changes_nothing(login: Callable[[Role], Client]) -> None:
    client = login(Role.NURSE)
    typed = {"language": "tlh", "wants_digest": "on", "entry_key": uuid4()}
    page = client.post(reverse(MAILS), typed).content.decode()
    assert "Select a valid choice" in page
    assert User.objects.get(username="nurse-pku").language == "en"


def test_switching_the_pages_switches_the_mails(
    login: Callable[[Role], Client], nurse: User
) -> None:
    client = login(Role.NURSE)
    response = client.post(reverse(SWITCH), {"language": "zh-hans", "next": "/protocol/"})
    assert response["Location"] == "/protocol/"
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"
    assert User.objects.get(username="nurse-pku").language == "zh-hans"
    for nonsense in ("tlh", ""):
        client.post(reverse(SWITCH), {"language": nonsense})
    client.get(reverse(SWITCH))
    assert User.objects.get(username="nurse-pku").language == "zh-hans"


def test_a_stranger_switches_the_pages_alone(client: Client, nurse: User) -> None:
    response = client.post(reverse(SWITCH), {"language": "zh-hans"})
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"
    assert again(nurse).language == "en"


def test_the_administrator_gives_an_account_a_language(
    login: Callable[[Role], Client], site: Site
) -> None:
    client = login(Role.ADMIN)
    typed = {
        "username": "wang", "role": Role.NURSE, "sites": [site.pk], "email": "wang@example.org",
        "language": "zh-hans", "password": factories.PASSWORD, "entry_key": uuid4(),
    }  # fmt: skip
    client.post(reverse("oversight:account-new"), typed)
    made = User.objects.get(username="wang")
    assert made.language == "zh-hans"
    edit = reverse("oversight:account-edit", args=["wang"])
    assert '<option value="zh-hans" selected>' in client.get(edit).content.decode()
    changed = typed | {"language": "en", "active": "on", "reason": "Reads English"}
    client.post(edit, changed)
    assert again(made).language == "en"
    assert entries(made)[-1].changes == {"language": ["zh-hans", "en"]}
