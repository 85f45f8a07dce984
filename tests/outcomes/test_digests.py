"""The digest: once an account and day, in its language, nothing when nothing waits."""

import datetime as dt

import pytest
import time_machine
from django.core import mail

from outcomes import digests
from outcomes.digests import mail_due
from outcomes.models.digests import Digest
from outcomes.worklist import Group
from oversight.accounts import choose_mails
from tests import factories
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
    assert Digest.objects.get().failure == "ConnectionRefusedError"
    assert mail_due().sent == 1
    assert Digest.objects.get().failure == ""


def test_what_a_worker_died_of_is_not_sent_again(nurse: User, waiting: list[WorkRow]) -> None:
    Digest.objects.create(account=nurse, day=clock.today(), claimed_at=clock.now())
    assert mail_due().sent == 0
