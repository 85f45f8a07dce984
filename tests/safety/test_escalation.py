"""Whoever must report is told again: once a clock and level, whatever runs twice or at once."""

import datetime as dt
import re

import pytest
import time_machine
from django.conf import settings
from django.core import mail

from oversight import verification
from oversight.accounts import change_account, choose_language, system_actor
from safety.actions.escalation import escalate_due
from safety.models import AdverseEvent, Escalation
from safety.tasks import escalate
from tests import factories
from tests.enrollment.crowd import at_once, one_crowd_at_a_time
from tests.safety import harm
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

HOUR, SECOND = dt.timedelta(hours=1), dt.timedelta(seconds=1)


def with_address(role: Role, site: Site, address: str) -> User:
    user = factories.user(role, site)
    return change_account(
        user,
        role=role,
        sites=[site],
        active=True,
        reason="Has a mailbox",
        email=address,
        by=system_actor(),
    )


@pytest.fixture
def event(site: Site) -> AdverseEvent:
    """Known to be serious since eleven; not related, so that the sponsor's clock runs alone."""
    found = harm.event(factories.on_treatment(site, "gcv"), harm.hospitalised())
    return harm.assessed(found, ganciclovir=harm.UNRELATED, expected=None)


@pytest.fixture
def due(event: AdverseEvent) -> dt.datetime:
    assert event.serious_aware_at
    return event.serious_aware_at + 24 * HOUR


def levels() -> list[str]:
    return list(Escalation.objects.values_list("level", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "told"),
    [
        (6 * HOUR + SECOND, []),
        (6 * HOUR, ["warning"]),
        (dt.timedelta(0), ["warning"]),
        (-SECOND, ["overdue"]),
    ],
)
def test_when_somebody_is_told(due: dt.datetime, before: dt.timedelta, told: list[str]) -> None:
    with time_machine.travel(due - before, tick=False):
        assert escalate_due(by=system_actor()) == len(told)
        assert levels() == told
        assert escalate_due(by=system_actor()) == 0
        assert levels() == told


@pytest.mark.django_db
def test_warned_first_and_told_again_when_it_has_run_out(due: dt.datetime) -> None:
    for later in (-HOUR, HOUR, 2 * HOUR):
        with time_machine.travel(due + later, tick=False):
            escalate_due(by=system_actor())
    assert levels() == ["warning", "overdue"]


@pytest.mark.django_db
def test_the_mail_goes_to_those_of_the_site_who_report_and_names_no_event(
    event: AdverseEvent,
    due: dt.datetime,
    site: Site,
    other_site: Site,
    django_capture_on_commit_callbacks: object,
) -> None:
    with_address(Role.INVESTIGATOR, site, "investigator@example.org")
    with_address(Role.COORDINATOR, site, "coordinator@example.org")
    with_address(Role.NURSE, site, "nurse@example.org")
    with_address(Role.INVESTIGATOR, other_site, "stranger@example.org")
    with (
        time_machine.travel(due + SECOND, tick=False),
        django_capture_on_commit_callbacks(execute=True),  # type: ignore[operator]
    ):
        escalate_due(by=system_actor())
    assert [one.to for one in mail.outbox] == [
        ["coordinator@example.org"],
        ["investigator@example.org"],
    ]
    letter = mail.outbox[0]
    assert event.participant.subject in letter.subject
    assert "overdue" in letter.subject
    text = letter.subject + letter.body
    assert "Report to the sponsor" in text
    assert not {"Fever", "gcv", "anciclovir", "grade"} & set(text.split())
    assert Escalation.objects.get().told == ["coordinator-pku", "investigator-pku"]


@pytest.mark.django_db
def test_each_is_told_in_their_own_language_alone(
    due: dt.datetime, site: Site, django_capture_on_commit_callbacks: object
) -> None:
    with_address(Role.COORDINATOR, site, "coordinator@example.org")
    reader = with_address(Role.INVESTIGATOR, site, "investigator@example.org")
    choose_language(reader, "zh-hans")
    with (
        time_machine.travel(due + SECOND, tick=False),
        django_capture_on_commit_callbacks(execute=True),  # type: ignore[operator]
    ):
        escalate_due(by=system_actor())
    english, chinese = mail.outbox
    assert english.subject.isascii()
    assert "Report to the sponsor" in english.body
    assert re.search("[\u4e00-\u9fff]", chinese.subject)
    assert "Report to the sponsor" not in chinese.body


@pytest.mark.django_db
def test_without_addresses_nobody_is_mailed_and_it_is_kept(
    due: dt.datetime, django_capture_on_commit_callbacks: object
) -> None:
    with (
        time_machine.travel(due + SECOND, tick=False),
        django_capture_on_commit_callbacks(execute=True),  # type: ignore[operator]
    ):
        escalate_due(by=system_actor())
    assert mail.outbox == []
    assert Escalation.objects.get().told == []


@pytest.mark.django_db
def test_a_mail_server_that_fails_undoes_nothing(
    due: dt.datetime,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: object,
) -> None:
    with_address(Role.INVESTIGATOR, site, "investigator@example.org")

    def fails(*args: object, **kwargs: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr("safety.actions.escalation.send_mail", fails)
    with (
        time_machine.travel(due + SECOND, tick=False),
        django_capture_on_commit_callbacks(execute=True),  # type: ignore[operator]
    ):
        escalate_due(by=system_actor())
    assert levels() == ["overdue"]


@pytest.mark.django_db
def test_what_was_reported_or_taken_back_escalates_no_more(
    event: AdverseEvent, due: dt.datetime
) -> None:
    from safety.actions.events import retract_event

    by = factories.user(Role.INVESTIGATOR, event.participant.site)
    retract_event(event, reason="Another participant", version=event.version, by=by)
    with time_machine.travel(due + SECOND, tick=False):
        assert escalate_due(by=system_actor()) == 0


@pytest.mark.django_db
def test_an_event_that_nobody_assessed_runs_the_authoritys_clock(site: Site) -> None:
    harm.event(factories.on_treatment(site, "gcv"), harm.hospitalised())
    with time_machine.travel(clock.now() + dt.timedelta(days=17)):
        escalate_due(by=system_actor())
    told = Escalation.objects.values_list("clock", flat=True)
    assert sorted(told) == ["sponsor", "susar_other"]


def test_beat_runs_it_every_quarter_of_an_hour() -> None:
    assert settings.CELERY_BEAT_SCHEDULE[escalate.name] == {
        "task": escalate.name,
        "schedule": 15 * 60,
        "options": {"expires": 15 * 60},
    }


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_ten_runs_at_once_tell_once(transactional_db: None) -> None:
    site = factories.site()
    with_address(Role.INVESTIGATOR, site, "investigator@example.org")
    found = harm.event(factories.on_treatment(site, "gcv"), harm.hospitalised())
    harm.assessed(found, ganciclovir=harm.UNRELATED, expected=None)
    with one_crowd_at_a_time(), time_machine.travel(clock.now() + dt.timedelta(hours=24)):
        told = at_once(lambda _number: escalate(), 10)
    assert told == {"1 told": 1, "0 told": 9}
    assert levels() == ["overdue"]
    assert len(mail.outbox) == 1
    assert not list(verification.verify())
