"""``scheduled``: what every task of beat's is wrapped in, so that its runs can be seen."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from traceback import walk_tb
from typing import Any

from django.conf import settings
from django.db import DatabaseError, OperationalError
from django.utils import timezone

from oversight.task_runs import KEPT_RUNS, TaskRun
from trial_site.celery import app
from trial_site.messages import Message

log = logging.getLogger(__name__)
Outcome = TaskRun.Outcome
# What these say is about machines; the message of any other error may quote a participant's data.
_ABOUT_MACHINES = (ConnectionError, TimeoutError, OperationalError)


def scheduled(*, title: str, gap: str) -> Callable[[Callable[[], Message]], Any]:
    """Make a task of a function whose answer says what it did; each run leaves a ``TaskRun``.

    ``title`` is the task's name for people, ``gap`` what may be missing when it has not run
    ``%(since)s``; both marked with ``gettext_noop``.
    """

    def decorate(work: Callable[[], Message]) -> Any:
        @wraps(work)
        def run() -> str:
            return _observed(f"{work.__module__}.{work.__name__}", work).render()

        return app.task(title=title, gap=gap)(run)

    return decorate


def _observed(task: str, work: Callable[[], Message]) -> Message:
    run = TaskRun.objects.create(task=task, started_at=timezone.now())
    try:
        said = work()
    except BaseException as error:  # a worker that is told to stop is a failure too
        _end_failed(run, error)
        raise
    _end(run, Outcome.SUCCEEDED, said=said.to_json())
    return said


def _end_failed(run: TaskRun, error: BaseException) -> None:
    try:
        _end(run, Outcome.FAILED, failure=describe(error)[:300])
    except DatabaseError:  # perhaps what it failed of; the run stays without an end
        log.exception("The failure of a task could not be kept")


def _end(run: TaskRun, outcome: Outcome, **what: Any) -> None:
    own = TaskRun.objects.filter(pk=run.pk)
    own.update(outcome=outcome, ended_at=timezone.now(), **what)
    for each in Outcome:
        _prune(TaskRun.objects.filter(task=run.task, outcome=each))


def _prune(runs: Any) -> None:
    surplus = runs.order_by("-pk").values_list("pk", flat=True)[KEPT_RUNS : KEPT_RUNS + 1].first()
    if surplus is not None:
        runs.filter(pk__lte=surplus).delete()


def describe(error: BaseException) -> str:
    """The class of an error and our own line that it came through, without anybody's data."""
    place = ""
    for frame, line in walk_tb(error.__traceback__):
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(settings.BASE_DIR) and ".venv" not in file.parts:
            place = f" · {file.relative_to(settings.BASE_DIR)}:{line}"
    words = f": {error}".splitlines()[0] if isinstance(error, _ABOUT_MACHINES) else ""
    return f"{type(error).__name__}{words}{place}"
