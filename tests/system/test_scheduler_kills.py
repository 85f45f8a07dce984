"""Workers and Redis killed in the middle of runs: no flag is lost or doubled, and no gap is silent.

A few kills here; ``make validate`` makes more, by ``WORKER_KILLS``, and keeps what they came to in
the file that ``VALIDATION_REPORT`` names.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from redis import Redis, RedisError

from outcomes.actions import flag_due
from outcomes.models import Flag
from oversight import scheduler, verification
from oversight.accounts import system_actor
from oversight.task_runs import TaskRun
from tests import factories
from tests.system.conftest import PROJECT, await_line, await_true, worker_environment
from tests.system.slow_worker import SECONDS
from trial_site.celery import app
from trial_site.roles import Role

pytestmark = [pytest.mark.redis, pytest.mark.django_db(transaction=True)]

KILLS = int(os.environ.get("WORKER_KILLS", "1"))
BROKER_KILLS = max(1, KILLS // 10)
NEW_EACH_TIME = 2  # participants, each a transaction that the kill may fall into
TASK = "outcomes.tasks.flag_due"
SILENT = "The queue of tasks does not answer"
FLAGS_LATE = dt.timedelta(minutes=36)  # two intervals and the slack, and a little more


class Broker:
    """A Redis of the test's own, which forgets everything when it is killed."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self._folder = folder
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("redis-server is not installed")
        options = {"port": self._port, "bind": "127.0.0.1", "dir": self._folder, "save": ""}
        given = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self._process = subprocess.Popen(  # noqa: S603
            [program, *given], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        await_true(self.answers)

    def answers(self) -> bool:
        with Redis.from_url(self.url) as client:
            try:
                return bool(client.ping())
            except RedisError:
                return False

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Worker:
    """A Celery worker in a process of its own."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        self._broker, self._folder, self._number = broker, folder, 0
        self.start()

    def start(self) -> None:
        self._number += 1
        self.log = self._folder / f"worker-{self._number}.log"
        command = ["celery", "-A", "tests.system.slow_worker", "worker", "--pool=solo"]
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603
                [
                    *(sys.executable, "-m", *command, "--loglevel=INFO"),
                    *("--without-gossip", "--without-mingle"),
                ],
                cwd=PROJECT,
                env=os.environ | worker_environment(self._broker.url),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        await_line(self.log, "ready")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def finishes(self, task: str) -> None:
        await_line(self.log, f"{task}] succeeded")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    own = Broker(tmp_path)
    yield own
    own.kill()


@pytest.fixture
def worker(broker: Broker, transactional_db: None, tmp_path: Path) -> Iterator[Worker]:
    own = Worker(broker, tmp_path)
    yield own
    own.kill()


@pytest.fixture
def seen(client: Client, broker: Broker, settings: Any) -> Callable[[], str]:
    """A page of somebody who is signed in, whose process asks after the scheduler anew."""
    settings.REDIS_URL = broker.url

    def page() -> str:
        caches["process"].delete(scheduler.HEALTH)
        return client.get(reverse("protocol")).content.decode()

    return page


def send(broker: Broker) -> str:
    with app.connection_for_write(broker.url) as connection:
        return str(app.send_task(TASK, connection=connection).id)


def due_now() -> set[tuple[str, str]]:
    """What a run would raise: computed here, and taken back."""
    known = set(Flag.objects.values_list("pk", flat=True))
    with transaction.atomic():
        flag_due(by=system_actor())
        found = {(flag.subject, flag.key) for flag in Flag.objects.exclude(pk__in=known)}
        transaction.set_rollback(True)
    return found


def begin_run(broker: Broker) -> str:
    """Send the task and wait until a worker is in the middle of it."""
    last = TaskRun.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    task = send(broker)
    await_true(lambda: TaskRun.objects.filter(pk__gt=last).exists())
    return task


def test_workers_and_redis_killed_in_the_middle_of_runs_lose_and_double_no_flag(
    broker: Broker, worker: Worker, client: Client, seen: Callable[[], str]
) -> None:
    site = factories.site()
    client.force_login(factories.user(Role.MONITOR, site))
    factories.allocation_list(max(20, NEW_EACH_TIME * (KILLS + BROKER_KILLS)))
    chance, done = random.Random(KILLS), Counter[str]()  # noqa: S311 - no secret
    expected: set[tuple[str, str]] = set()

    def run_with_more_due() -> None:
        for _ in range(NEW_EACH_TIME):
            factories.on_treatment(site, days_ago=1)
        expected.update(due_now())
        begin_run(broker)

    # Workers are killed, each at its own moment of a run,
    for _ in range(KILLS):
        run_with_more_due()
        time.sleep(chance.uniform(0, 3 * SECONDS))
        worker.kill()
        done["kills"] += 1
        assert_said_when_late()
        worker.start()
    # and so is Redis, which a page says at once; the worker finds it again by itself.
    for _ in range(BROKER_KILLS):
        run_with_more_due()
        broker.kill()
        done["broker_kills"] += 1
        assert SILENT in seen()
        broker.start()
        worker.finishes(send(broker))
        assert SILENT not in seen()
    # Then every flag is there, once.
    flags = [(flag.subject, flag.key) for flag in Flag.objects.all()]
    assert sorted(flags) == sorted(expected)
    assert not Flag.objects.exclude(resolved_at=None).exists()
    assert not list(verification.verify())
    done["flags"] = len(flags)
    done["broken_off"] = TaskRun.objects.filter(outcome=TaskRun.Outcome.RUNNING).count()
    assert done["broken_off"] >= 1
    if report := os.environ.get("VALIDATION_REPORT"):
        Path(report).write_text(json.dumps(done))


def assert_said_when_late() -> None:
    """With no worker, a later page says since when flags may be missing."""
    now = timezone.now()
    with time_machine.travel(now + FLAGS_LATE):
        caches["process"].delete(scheduler.HEALTH)
        gaps = {gap.task: gap.since for gap in scheduler.health().gaps}
    assert gaps[TASK] <= now
