"""A laboratory's file of many rows, imported in a process of its own; the last line is its report.

``python -m bench.imports 10000`` needs a database that ``bench.data`` has filled with a trial.
"""

import csv
import datetime as dt
import io
import json
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
    """Bring a file, confirm it, and time what a worker does with it."""
    from bench.data import rows as rows_of_the_record
    from labs.actions.imports import confirm_import, map_file, run_import, save_mapping, take_file
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
    before, started = rows_of_the_record(), perf_counter()
    run_import(file.pk)
    seconds = perf_counter() - started
    results = Result.objects.filter(import_file=file).count()
    written = rows_of_the_record() - before
    return {"results": results, "rows": written, "seconds": seconds}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(imported(int(sys.argv[1]))))
