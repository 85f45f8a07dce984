"""The digest: once an account and day, in its language, nothing when nothing waits."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.utils.translation import gettext, override

from outcomes import digests
from outcomes.actions import flag_due
from outcomes.digests import mail_due
from outcomes.models.digests import Digest
from outcomes.worklist import Group
from oversight.accounts import choose_mails, system_actor
from tests import factories
from tests.enrollment.crowd import at_once, one_crowd_at_a_time
from trial_site import clock
from trial_site.models import Site, User
from trial_site.presentation import WorkRow
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
ROW = WorkRow("late", "Late 2 d", "closed 16 Mar", "PKU-001", "/x/", "Visit", "Day 7", "Do", "/y/")


@pytest.fixture
def nurse(site: Site) -> User:
    user = factories.user(Role.NURSE, site)
    User.objects.filter(pk=user.pk).update(email="nurse@example.org")
    return User.objects.get(pk=user.pk)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> list[WorkRow]:
    rows = [ROW]
    monkeypatch.setattr(digests, "groups", lambda user: [Group("late", "Late", rows)])
    return rows


def test_it_says_what_waits_and_goes_once(nurse: User, waiting: list[WorkRow]) -> None:
    assert [mail_due().sent, mail_due().sent] == [1, 0]
    (letter,) = mail.outbox
    assert letter.to == ["nurse@example.org"]
    assert "Late 1" in letter.subject
    assert "- PKU-001 · Visit · closed 16 Mar\n  Day 7\n  http://localhost:8000/y/" in letter.body
    assert Digest.objects.get().rows == 1
    with time_machine.travel(clock.now() + dt.timedelta(days=1)):
        assert mail_due().sent == 1


def test_nothing_waits_nothing_is_sent_and_the_day_is_done(
    nurse: User, waiting: list[WorkRow]
) -> None:
    waiting.clear()
    assert mail_due().sent == 0
    waiting.append(ROW)
    assert mail_due().sent == 0
    assert mail.outbox == []


def test_the_real_worklist_of_an_empty_trial_is_no_mail(nurse: User) -> None:
    assert (mail_due().sent, mail.outbox) == (0, [])


@pytest.mark.parametrize(("hour", "sent"), [(6, 0), (7, 1), (23, 1)])
def test_from_seven_in_the_morning_of_the_site(
    nurse: User, waiting: list[WorkRow], hour: int, sent: int
) -> None:
    with time_machine.travel(dt.datetime(2026, 3, 19, (hour - 8) % 24, tzinfo=dt.UTC)):
        assert mail_due().sent == sent


def test_who_does_not_want_it_or_has_left_gets_none(nurse: User, waiting: list[WorkRow]) -> None:
    choose_mails(language="en", wants_digest=False, by=nurse)
    assert mail_due().sent == 0
    User.objects.filter(pk=nurse.pk).update(wants_digest=True, is_active=False)
    assert mail_due().sent == 0


def test_a_failure_is_kept_and_tried_again(
    nurse: User, waiting: list[WorkRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: object) -> None:
        raise ConnectionRefusedError("nurse@example.org")

    with monkeypatch.context() as patch:
        patch.setattr(digests, "send_mail", fails)
        assert mail_due().failed == 1
        assert mail_due().failed == 0  # not at once
    assert Digest.objects.get().failure == "ConnectionRefusedError"
    with time_machine.travel(clock.now() + digests.RETRY_AFTER):
        assert mail_due().sent == 1
    assert Digest.objects.get().failure == ""


def test_what_a_worker_died_of_is_not_sent_again(nurse: User, waiting: list[WorkRow]) -> None:
    Digest.objects.create(account=nurse, day=clock.today(), claimed_at=clock.now())
    assert mail_due().sent == 0


def test_without_a_mail_server_nothing_is_claimed(
    nurse: User, waiting: list[WorkRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "EMAIL_BACKEND", digests.NO_MAIL)
    assert mail_due().sent == 0
    assert not Digest.objects.exists()


def test_a_worker_that_dies_in_the_middle_leaves_the_others_theirs(
    site: Site, nurse: User, waiting: list[WorkRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    for role in (Role.COORDINATOR, Role.INVESTIGATOR):
        mailbox(factories.user(role, site))

    class Killed(BaseException):
        pass

    def dies(*args: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(digests, "send_mail", dies)
        with pytest.raises(Killed):
            mail_due()
    assert mail_due().sent == 2
    assert Digest.objects.filter(sent_at=None).count() == 1


def mailbox(user: User, language: str = "en") -> User:
    address = f"{user.username}@example.org"
    User.objects.filter(pk=user.pk).update(email=address, language=language)
    return User.objects.get(pk=user.pk)


def test_each_reads_what_stands_on_their_own_worklist_in_their_language(
    site: Site, other_site: Site
) -> None:
    treated = factories.on_treatment(site, "il2_gcv", days_ago=1)
    stranger = factories.on_treatment(other_site, "gcv", days_ago=1)
    with time_machine.travel(clock.now() + dt.timedelta(days=3)):
        flag_due(by=system_actor())
        for role, language in ((Role.LAB, "en"), (Role.NURSE, "zh-hans"), (Role.ADMIN, "en")):
            mailbox(factories.user(role, site), language)
        assert mail_due().sent == 2  # nothing waits for the administrator
    letters = {letter.to[0].partition("-")[0]: letter for letter in mail.outbox}
    assert set(letters) == {"lab", "nurse"}
    for letter in letters.values():
        assert treated.subject in letter.body
        assert stranger.subject not in letter.body
        assert "http://localhost:8000/" in letter.body
    # The laboratory does not learn the arm.
    blind = (letters["lab"].subject + letters["lab"].body).lower()
    assert not [word for word in ("il-2", "il2", "interleukin", "gcv", "arm") if word in blind]
    with override("zh-hans"):
        stop = gettext("To have no digest: %(url)s").partition("%")[0]
        assert stop in letters["nurse"].body


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_ten_runs_at_once_send_one(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "groups", lambda user: [Group("late", "Late", [ROW])])
    mailbox(factories.user(Role.NURSE, factories.site()))
    with one_crowd_at_a_time():
        at_once(lambda _number: str(mail_due().sent), 10)
    assert len(mail.outbox) == 1
    assert Digest.objects.get().sent_at is not None
