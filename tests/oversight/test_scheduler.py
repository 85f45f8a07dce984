"""Every run of a scheduled task is kept, and a silence is said."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import caches
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries
from redis import Redis
from redis.exceptions import ConnectionError as Unreachable

from outcomes.tasks import flag_due
from oversight import scheduled, scheduler
from oversight.as_of import as_of
from oversight.scheduler import HEALTH, health
from oversight.task_runs import TaskRun
from oversight.trail import AuditEntry
from safety.tasks import escalate
from tests import factories
from trial_site.cache import ForgivingRedisCache
from trial_site.messages import Message
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

Outcome = TaskRun.Outcome
MINUTES = dt.timedelta(minutes=1)
STILL = "Scheduled work is late"


@pytest.fixture
def clocked() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def _deployed_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables are as old as the test, and the verdict is asked for anew."""
    now = timezone.now()
    monkeypatch.setattr(scheduler, "deployed_at", lambda: now)
    caches["process"].delete(HEALTH)


def everything_runs() -> None:
    for task, _every in scheduler.schedule():
        succeeded(task.name)
    caches["process"].delete(HEALTH)


def succeeded(task: str, said: dict[str, Any] | None = None) -> TaskRun:
    now = timezone.now()
    return TaskRun.objects.create(
        task=task, started_at=now, ended_at=now, outcome=Outcome.SUCCEEDED, said=said or {}
    )


def late() -> set[str]:
    caches["process"].delete(HEALTH)
    return {gap.task for gap in health().gaps}


# --- runs -------------------------------------------------------------------------------------


def test_a_run_is_kept_with_what_it_said(site: Site) -> None:
    factories.on_treatment(site, days_ago=1)
    entries = AuditEntry.objects.count()
    assert flag_due().startswith("7 raised")
    run = TaskRun.objects.get()
    assert (run.task, run.outcome, run.failure) == ("outcomes.tasks.flag_due", "succeeded", "")
    assert Message.from_json(run.said).params["raised"] == "7"
    assert run.ended_at is not None
    assert AuditEntry.objects.count() == entries + 7 + (1 if entries == 0 else 0)


def failing(error: BaseException) -> TaskRun:
    def work() -> Message:
        raise error

    with pytest.raises(type(error)):
        scheduled._observed("outcomes.tasks.flag_due", work)
    return TaskRun.objects.get()


def test_a_failure_keeps_its_class_and_place_and_nothing_of_a_person() -> None:
    run = failing(ValueError("PKU-001 was born in 1971"))
    assert run.outcome == Outcome.FAILED
    assert run.failure.startswith("ValueError · tests/oversight/test_scheduler.py:")
    assert "PKU" not in run.failure
    assert run.ended_at is not None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (OperationalError("database is locked"), "database is locked"),
    ],
)
def test_what_speaks_of_machines_is_kept_whole(error: Exception, words: str) -> None:
    assert words in failing(error).failure


def test_a_worker_that_is_told_to_stop_leaves_a_failure() -> None:
    assert failing(SystemExit()).failure.startswith("SystemExit")


def test_the_last_runs_of_each_task_and_outcome_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduled, "KEPT_RUNS", 3)
    failed = failing(ValueError())
    other = succeeded("safety.tasks.escalate")
    for _ in range(6):
        scheduled._observed("outcomes.tasks.flag_due", lambda: Message("done"))
    kept = TaskRun.objects.filter(task="outcomes.tasks.flag_due")
    assert kept.filter(outcome=Outcome.SUCCEEDED).count() == 3
    assert kept.filter(pk=failed.pk).exists()
    assert TaskRun.objects.filter(pk=other.pk).exists()
    assert min(kept.filter(outcome=Outcome.SUCCEEDED).values_list("pk", flat=True)) > other.pk


def test_every_task_of_the_schedule_is_observed_and_expires_with_its_interval() -> None:
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        assert entry["options"] == {"expires": entry["schedule"]}, name
    for task, every in scheduler.schedule():
        assert task.title
        assert "%(since)s" in task.gap
        assert every > dt.timedelta(0)


# --- the verdict ------------------------------------------------------------------------------


def test_a_fresh_installation_is_well_until_its_first_runs_are_late(
    clocked: time_machine.Traveller,
) -> None:
    assert late() == set()
    clocked.move_to(scheduler.deployed_at() + 7 * MINUTES)  # twice a minute, and five
    assert late() == set()
    clocked.shift(dt.timedelta(seconds=1))
    assert late() == {"labs.tasks.resume_imports"}


def test_a_task_that_fails_every_time_is_late(clocked: time_machine.Traveller) -> None:
    everything_runs()
    began = timezone.now()
    clocked.shift(36 * MINUTES)
    TaskRun.objects.create(
        task="outcomes.tasks.flag_due", started_at=timezone.now(), outcome=Outcome.FAILED
    )
    assert "outcomes.tasks.flag_due" in late()
    gap = next(gap for gap in health().gaps if gap.task == "outcomes.tasks.flag_due")
    assert gap.since == began
    assert str(gap) == "Flags may be missing since 18 Mar 2026 12:00."
    escalate()
    flag_due()
    assert not late() & {"outcomes.tasks.flag_due", "safety.tasks.escalate"}


def test_a_run_that_was_killed_is_no_success(clocked: time_machine.Traveller) -> None:
    clocked.shift(36 * MINUTES)
    TaskRun.objects.create(task="outcomes.tasks.flag_due", started_at=timezone.now())
    assert "outcomes.tasks.flag_due" in late()


def test_the_verdict_is_one_query_a_minute(
    clocked: time_machine.Traveller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    everything_runs()
    with django_assert_num_queries(1):
        health()
        health()
    clocked.shift(MINUTES + dt.timedelta(seconds=1))
    with django_assert_num_queries(1):
        health()


def test_a_broker_that_does_not_answer_is_bad_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    assert not scheduler.broker_answers()
    assert not health().is_well


def test_who_looks_at_the_past_hears_of_the_machine_as_it_is_now(site: Site) -> None:
    everything_runs()
    with as_of(timezone.now() - dt.timedelta(days=1)):
        assert health().is_well


# --- pages ------------------------------------------------------------------------------------


def test_every_page_says_since_when_and_who_may_look_is_led_there(
    login: Callable[[Role], Client], clocked: time_machine.Traveller
) -> None:
    everything_runs()
    client = login(Role.NURSE)
    assert STILL not in client.get(reverse("protocol")).content.decode()
    clocked.shift(16 * MINUTES)  # of digests, every five, and of the task of every minute
    page = client.get(reverse("protocol")).content.decode()
    assert 'role="status"' in page
    assert STILL in page
    assert "Daily digests may be missing since 18 Mar 2026 12:00." in page
    assert "Flags may be missing" not in page
    assert reverse("oversight:tasks") not in page
    assert reverse("oversight:tasks") in login(Role.MONITOR).get("/protocol/").content.decode()


def test_a_stranger_hears_nothing(client: Client, clocked: time_machine.Traveller) -> None:
    clocked.shift(dt.timedelta(days=1))
    assert STILL not in client.get(reverse("account_login")).content.decode()


def test_health_stays_ready_and_says_it(client: Client, clocked: time_machine.Traveller) -> None:
    everything_runs()
    assert client.get(reverse("health-ready")).json() == {"status": "ready"}
    clocked.shift(dt.timedelta(days=1))
    response = client.get(reverse("health-ready"))
    assert (response.status_code, response.json()) == (
        200,
        {"status": "ready", "scheduler": "late"},
    )


def test_the_page_shows_each_task_and_its_runs(
    login: Callable[[Role], Client], clocked: time_machine.Traveller
) -> None:
    everything_runs()
    TaskRun.objects.create(task="safety.tasks.escalate", started_at=timezone.now())
    clocked.shift(MINUTES)
    escalate()
    TaskRun.objects.create(
        task="outcomes.tasks.flag_due",
        started_at=timezone.now(),
        outcome=Outcome.FAILED,
        failure="OperationalError: database is locked",
    )
    page = login(Role.DATA_MANAGER).get(reverse("oversight:tasks")).content.decode()
    for text in ("Follow-up flags", "Reminders of safety reports", "0 told", "database is locked"):
        assert text in page
    lines = {line.task: line for line in scheduler.lines()}
    assert lines["outcomes.tasks.flag_due"].failures == 1
    assert lines["outcomes.tasks.flag_due"].state == ("bad", "Failed")
    assert lines["safety.tasks.escalate"].broken_off == 1
    assert "<td>Broke off</td>" in page
    assert "<td>Running</td>" not in page
    assert lines["safety.tasks.escalate"].next_at == timezone.now() + 15 * MINUTES
    only = login(Role.ADMIN).get(reverse("oversight:tasks"), {"task": "safety.tasks.escalate"})
    assert "database is locked" not in only.content.decode()


def test_the_page_of_a_fresh_installation_and_of_an_unknown_task(
    login: Callable[[Role], Client], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = login(Role.INVESTIGATOR)
    page = client.get(reverse("oversight:tasks")).content.decode()
    assert "Not run yet" in page
    everything_runs()
    with django_assert_max_num_queries(12):
        assert client.get(reverse("oversight:tasks"), {"task": "nonsense"}).status_code == 200


def test_it_reads_in_chinese(
    login: Callable[[Role], Client], clocked: time_machine.Traveller
) -> None:
    clocked.shift(dt.timedelta(days=1))
    client = login(Role.MONITOR)
    client.post(reverse("set_language"), {"language": "zh-hans"})
    with translation.override("zh-hans"):
        assert client.get(reverse("oversight:tasks")).status_code == 200


# --- the cache --------------------------------------------------------------------------------


def test_a_cache_that_is_away_holds_nothing_and_stops_nobody() -> None:
    nowhere = ForgivingRedisCache("redis://127.0.0.1:1/0", {})
    nowhere.set("name", 1)
    assert nowhere.get("name", "nothing") == "nothing"
    assert nowhere.add("name", 1) is False
    assert nowhere.delete("name") is False
    assert nowhere.get_or_set("name", lambda: 2) == 2
    with pytest.raises(Unreachable):
        Redis.from_url("redis://127.0.0.1:1/0").ping()
