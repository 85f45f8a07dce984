"""A laboratory's file of many rows, imported by workers of their own; the last line is the report.

``python -m bench.imports file 10000`` needs a database that ``bench.data`` has filled with a trial.
It starts ``python -m bench.imports worker FILE SHARE``, one for each share, as Celery would.
"""

import csv
import datetime as dt
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from itertools import cycle, islice
from time import perf_counter
from typing import Any

import django

HEADER = ("participant", "collected", "analyte", "value", "unit", "specimen", "lln", "uln")
# A blood count and chemistry as one specimen gives them: analyte, unit, usual result, LLN, ULN.
PANEL = (
    ("anc", "10^9/L", "3.20", "1.8", "6.3"),
    ("wbc", "10^9/L", "5.60", "3.5", "9.5"),
    ("platelets", "10^9/L", "182", "125", "350"),
    ("hemoglobin", "g/L", "118", "115", "150"),
    ("creatinine", "µmol/L", "62.5", "41", "81"),
    ("alt", "U/L", "64", "7", "40"),
    ("ast", "U/L", "31", "13", "35"),
    ("bilirubin", "µmol/L", "12.4", "3", "21"),
)
SPREAD = 41  # different values of an analyte, from 80 to 120 % of the usual one


def content(rows: int) -> bytes:
    """``rows`` results of the participants in turn, two hours between specimens, back from now.

    Only of those whose consent stands, so that every row becomes a result.
    """
    from django.utils import timezone

    from enrollment.models import Participant

    consenting = Participant.objects.filter(screening__consent_withdrawal=None)
    subjects = consenting.order_by("pk").values_list("subject", flat=True)
    latest = timezone.localtime().replace(minute=0, second=0, microsecond=0)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for turn, subject in enumerate(islice(cycle(subjects), -(-rows // len(PANEL)))):
        collected = latest - dt.timedelta(hours=2 * turn)
        for result in islice(_panel(turn), rows - turn * len(PANEL)):
            writer.writerow((subject, collected.isoformat(), *result))
    return text.getvalue().encode()


def _panel(turn: int) -> Iterator[tuple[object, ...]]:
    for place, (analyte, unit, usual, lln, uln) in enumerate(PANEL):
        percent = 80 + (turn + 7 * place) % SPREAD
        value = (Decimal(usual) * percent / 100).quantize(Decimal(usual))
        yield analyte, value, unit, "serum", lln, uln


def imported(rows: int) -> dict[str, Any]:
    """Bring a file, confirm it, and time what the workers do with it, until the last has ended."""
    from bench.data import rows as rows_of_the_record
    from labs.actions.import_runs import SHARES
    from labs.actions.imports import confirm_import, map_file, save_mapping, take_file
    from labs.actions.laboratories import register_laboratory
    from labs.models import Result
    from simulation.people import demo_staff
    from trial_site.roles import Role

    staff = demo_staff()
    by = staff[Role.LAB]
    laboratory = register_laboratory(staff.site, name="Benchmark", by=by)
    file = take_file(laboratory, name="benchmark.csv", content=content(rows), by=by)
    columns = {name: name for name in HEADER}
    mapping = save_mapping(laboratory, name="Usual", definition={"columns": columns}, by=by)
    file = map_file(file, mapping=mapping, by=by)
    confirm_import(file, takes_doubtful=True, version=file.version, by=by)
    before = rows_of_the_record()
    seconds = _timed([_waiting_worker(file.pk, share) for share in range(SHARES)])
    results = Result.objects.filter(import_file=file).count()
    written = rows_of_the_record() - before
    return {"results": results, "rows": written, "seconds": seconds}


def _waiting_worker(file: int, share: int) -> subprocess.Popen[str]:
    """A process that has started, as Celery's have long before a file comes."""
    command = [sys.executable, "-m", "bench.imports", "worker", str(file), str(share)]
    worker = subprocess.Popen(  # noqa: S603 - our own arguments
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    _told(worker, "ready")
    return worker


def _timed(workers: list[subprocess.Popen[str]]) -> float:
    started = perf_counter()
    for worker in workers:
        print("go", file=worker.stdin, flush=True)
    for worker in workers:
        _told(worker, "done")
    seconds = perf_counter() - started
    for worker in workers:
        worker.communicate()
    return seconds


def _told(worker: subprocess.Popen[str], word: str) -> None:
    said = worker.stdout.readline().strip() if worker.stdout else ""
    if said != word:
        raise RuntimeError(f"A worker did not get to say {word}; what it printed stands above")


def work(file: int, share: int) -> None:
    from django.db import connection

    from labs.tasks import import_file

    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    import_file(file, share)
    print("done", flush=True)


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "worker":
        work(*map(int, sys.argv[2:]))
    else:
        print(json.dumps(imported(int(sys.argv[2]))))
