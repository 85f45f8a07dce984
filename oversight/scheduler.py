"""Whether what is scheduled happens: a verdict for every page, and the facts behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import dateformat, timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext, pgettext
from redis import Redis, RedisError

from oversight.permissions import READ_TASKS
from oversight.rules.lateness import late_since
from oversight.task_runs import TaskRun

HEALTH = "scheduler-health"  # its key in the cache of the process
# How long a verdict is kept in each process: good news may be a minute old, bad news not.
WELL_SECONDS, ILL_SECONDS = 60, 10
Outcome = TaskRun.Outcome


@dataclass(frozen=True)
class Gap:
    """Work that may be missing ``since`` a task last did it; ``words`` are the task's own."""

    task: str
    words: str
    since: dt.datetime

    def __str__(self) -> str:
        # Translators: a date format in the letters of Django's "date" filter, not a sentence
        form = pgettext("date format", "j M Y H:i")
        since = dateformat.format(timezone.localtime(self.since), form)
        return gettext(self.words) % {"since": since}


@dataclass(frozen=True)
class Health:
    """What is late, the oldest first, and whether the broker answers."""

    gaps: tuple[Gap, ...]
    broker_answers: bool

    @property
    def is_well(self) -> bool:
        return self.broker_answers and not self.gaps


@dataclass(frozen=True)
class Line:
    """A task of the schedule and its last runs, for the page."""

    task: str
    title: str
    every: dt.timedelta
    last: TaskRun | None
    succeeded_at: dt.datetime | None
    failures: int
    broken_off: int
    next_at: dt.datetime
    is_late: bool

    @property
    def state(self) -> tuple[str, str]:
        """The kind of a status badge, and its word."""
        if self.is_late:
            return "late", gettext("Late")
        if self.last is None:
            return "planned", gettext("Not run yet")
        if self.last.outcome == Outcome.FAILED:
            return "bad", gettext("Failed")
        return "done", gettext("On time")


def schedule() -> Iterator[tuple[Any, dt.timedelta]]:
    """Every task of beat's, and how often it is due: from the settings alone."""
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        yield import_string(str(entry["task"])), dt.timedelta(seconds=float(entry["schedule"]))


def runs() -> QuerySet[TaskRun]:
    """Of the machine as it is now, even while the trial's past is looked at."""
    return TaskRun.objects.using(DEFAULT_DB_ALIAS)


@cache
def deployed_at() -> dt.datetime:
    """When this version of the tables came: a task that is new since then has not run before."""
    migrations = MigrationRecorder(connections[DEFAULT_DB_ALIAS]).migration_qs
    latest: dt.datetime = migrations.aggregate(latest=Max("applied"))["latest"]
    return latest


def health() -> Health:
    """The verdict, found out at most once a minute by each process, in one query."""
    kept: Health | None = caches["process"].get(HEALTH)
    if kept is None:
        kept = _found_out()
        caches["process"].set(HEALTH, kept, WELL_SECONDS if kept.is_well else ILL_SECONDS)
    return kept


def _found_out() -> Health:
    succeeded = runs().filter(outcome=Outcome.SUCCEEDED).order_by().values("task")
    last = dict(succeeded.annotate(at=Max("started_at")).values_list("task", "at"))
    gaps = [
        Gap(task.name, task.gap, since)
        for task, every in schedule()
        if (since := _late_since(last.get(task.name), every))
    ]
    return Health(tuple(sorted(gaps, key=lambda gap: gap.since)), broker_answers())


def _late_since(last_success: dt.datetime | None, every: dt.timedelta) -> dt.datetime | None:
    return late_since(
        last_success, deployed_at=deployed_at(), every=every, now=timezone.now()
    )  # fmt: skip


def broker_answers() -> bool:
    """Whether Redis takes tasks; a broker inside this process does."""
    if not settings.REDIS_URL:
        return True
    seconds = settings.ANSWERS_WITHIN_SECONDS
    try:
        with Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=seconds, socket_timeout=seconds
        ) as broker:
            return bool(broker.ping())
    except RedisError:
        return False


def lines() -> list[Line]:
    """Each task of the schedule as it stands."""
    facts: dict[str, Any] = {
        row["task"]: row
        for row in runs()
        .order_by()
        .values("task")
        .annotate(
            last=Max("pk"),
            succeeded=Max("started_at", filter=Q(outcome=Outcome.SUCCEEDED)),
            failures=Count("pk", filter=Q(outcome=Outcome.FAILED)),
            open=Count("pk", filter=Q(outcome=Outcome.RUNNING)),
        )
    }
    latest = runs().in_bulk([row["last"] for row in facts.values()])
    return [_line(task, every, facts.get(task.name), latest) for task, every in schedule()]


def _line(
    task: Any, every: dt.timedelta, facts: dict[str, Any] | None, latest: dict[int, TaskRun]
) -> Line:
    last = latest[facts["last"]] if facts else None
    succeeded_at = facts["succeeded"] if facts else None
    is_open = last is not None and last.outcome == Outcome.RUNNING
    return Line(
        task=task.name,
        title=task.title,
        every=every,
        last=last,
        succeeded_at=succeeded_at,
        failures=facts["failures"] if facts else 0,
        broken_off=facts["open"] - is_open if facts else 0,
        next_at=(last.started_at if last else deployed_at()) + every,
        is_late=_late_since(succeeded_at, every) is not None,
    )


def history(task: str) -> QuerySet[TaskRun]:
    """The runs that are kept, newest first; of one task, or of all.

    A run without an end that another one followed (``is_followed``) was killed.
    """
    later = runs().filter(task=OuterRef("task"), pk__gt=OuterRef("pk"))
    kept = runs().annotate(is_followed=Exists(later)).order_by("-pk")
    return kept.filter(task=task) if task else kept


def last_heard() -> dt.datetime | None:
    """When a worker last began or ended something: the task of every minute is its heartbeat."""
    heard = runs().aggregate(began=Max("started_at"), ended=Max("ended_at"))
    return max((at for at in heard.values() if at), default=None)


def page_context(request: HttpRequest) -> dict[str, Any]:
    """``scheduler``, the verdict, asked only by pages that show it."""
    return {"scheduler": health, "reads_tasks": READ_TASKS.allows(request.user)}
