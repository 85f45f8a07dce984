"""Imports killed at random moments and begun again until they are done, in a process of its own.

``python -m tests.apart tests.labs.killed:killed 100`` kills that many workers, one or two at work
at a time, on the database of ``DATABASE_URL``, which has participants.
"""

import datetime as dt
import os
import random
import signal
from collections import Counter
from time import sleep

ROWS, CHUNK = 60, 7
LONGEST_SECONDS = 0.3  # a worker lives


def killed(kills: int) -> dict[str, int]:
    """Import file after file until so many workers were killed; what is in the record then."""
    from labs.actions import import_runs
    from oversight import copying, verification

    import_runs.CHUNK = CHUNK
    copying.FEWEST = 1  # small chunks take the way of large ones
    chance, done = random.Random(kills), Counter[str]()  # noqa: S311 - no secret
    while done["kills"] < kills:
        done += _imported(done["files"], chance)
    assert not list(verification.verify())
    return dict(done)


def _imported(number: int, chance: random.Random) -> Counter[str]:
    from labs.importing.files import table_of
    from labs.importing.judging import judge
    from labs.models import ImportFile
    from tests.labs.sent import PLAIN, as_csv, brought, confirmed, outcomes

    file = brought(_laboratory(), as_csv(_rows(number)), name=f"file {number}.csv")
    file = confirmed(file, takes_doubtful=True)
    assert file.confirmed_by
    verdicts = judge(table_of(file), PLAIN, file.laboratory, file.confirmed_by)
    before, kills = _counts(), 0
    while ImportFile.objects.get(pk=file.pk).status != ImportFile.Status.DONE:
        kills += _killed_workers(file.pk, chance)
    assert outcomes(file) == {one.number: one.outcome.value for one in verdicts}
    steps = [step for one in verdicts for step in one.steps]
    fresh = [step for step in steps if step.before is None]
    came = _counts()
    came.subtract(before)
    assert came["results"] == len(fresh)
    assert came["specimens"] == len({step.tube for step in fresh})
    assert came["versions"] == came["entries"] == len(steps)
    return Counter(kills=kills, files=1, rows=len(verdicts), results=came["results"])


def _killed_workers(file: int, chance: random.Random) -> int:
    """Start one worker or two, kill each at its own moment; how many had not ended before."""
    from django.db import connections

    connections.close_all()
    # Of two workers, half begin with different shares and half with the same.
    workers = [_worker(file, chance.randrange(2)) for _ in range(chance.choice((1, 1, 2)))]
    kills = 0
    for worker in workers:
        sleep(chance.uniform(0, LONGEST_SECONDS))
        os.kill(worker, signal.SIGKILL)
        _, status = os.waitpid(worker, 0)
        kills += os.WIFSIGNALED(status)
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return kills


def _worker(file: int, share: int) -> int:
    """A process that imports ``file``, first ``share``; it leaves without tidying up."""
    from labs.actions.imports import run_import

    worker = os.fork()
    if worker == 0:
        failed = 1
        try:
            run_import(file, share)
            failed = 0
        finally:
            os._exit(failed)
    return worker


def _rows(number: int) -> list[dict[str, str]]:
    """New results, the same again, a preliminary one and its final value, and nobody's."""
    from enrollment.models import Participant
    from tests.labs.sent import at, row
    from trial_site import clock

    subjects = list(Participant.objects.values_list("subject", flat=True))
    latest = clock.now() - dt.timedelta(days=2 * number)
    rows: list[dict[str, str]] = []
    for turn in range(ROWS // 5):
        when = {"Collected": at(latest - dt.timedelta(hours=turn + 1))}
        subject = subjects[turn % len(subjects)]
        alt = {"Test": "alt", "Unit": "U/L", "Specimen": "serum"}
        rows += [
            row(subject, **when),
            row(subject, **when),
            row(subject, "30", **alt, **when, Status="preliminary"),
            row("PKU-999", **when),
            row(subject, "31", **alt, **when),
        ]
    return rows


def _laboratory() -> "Laboratory":  # type: ignore[name-defined]  # noqa: F821
    from labs.models import Laboratory

    return Laboratory.objects.get()


def _counts() -> Counter[str]:
    from labs.models import Result, Specimen
    from oversight.records import history_model
    from oversight.trail import AuditEntry

    return Counter(
        results=Result.objects.count(),
        specimens=Specimen.objects.count(),
        versions=history_model(Result).objects.count(),
        entries=AuditEntry.objects.filter(model="labs.result").count(),
    )
