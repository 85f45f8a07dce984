"""Fills the database of ``DATABASE_URL``, in a process of its own; the last line is its report.

``python -m bench.data trial 1000`` simulates a trial; ``python -m bench.data waiting 20`` adds
participants who are enrolled today and not allocated.
"""

import datetime as dt
import json
import sys
from time import perf_counter
from typing import Any

import django

SEED = 1
SPARE_SLOTS = 200  # of the sealed list, beyond the simulated participants
FIRST_WAITING = 30_000  # a patient's number; no other simulated patient has such


def trial(participants: int) -> dict[str, Any]:
    """Simulate in bulk.  ``rows`` a second, over everything: patterns, copies and flags."""
    from django.db import connection
    from django.utils import timezone

    from enrollment.actions.allocation_lists import generate_allocation_lists
    from simulation.bulk import simulate_in_bulk
    from simulation.people import demo_staff
    from simulation.trial import LONGEST_DAYS
    from trial_site import clock
    from trial_site.roles import Role

    as_of = timezone.localtime()
    with clock.played(as_of - dt.timedelta(days=LONGEST_DAYS + 10)):  # before the first patient
        statistician = demo_staff(participants)[Role.STATISTICIAN]
        generate_allocation_lists(by=statistician, length=participants + SPARE_SLOTS, seed="bench")
    before, started = rows(), perf_counter()
    simulate_in_bulk(participants=participants, seed=SEED, as_of=as_of)
    seconds = perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as the server does by itself after a while
    written = rows() - before
    return {"rows": written, "seconds": seconds, "rows_a_second": written / seconds}


def rows() -> int:
    """Live rows, history rows and audit entries."""
    from oversight.records import history_model
    from oversight.trail import AuditEntry
    from simulation.patterns import record_models

    live = sum(model.objects.count() for model in record_models())
    history = sum(history_model(model).objects.count() for model in record_models())
    return live + int(history) + AuditEntry.objects.count()


def waiting(number: int) -> list[str]:
    """Screen and enrol ``number`` more patients, now; their subjects, in order."""
    from enrollment.models import Participant
    from simulation.disease import Patient
    from simulation.journey import Journey
    from simulation.people import demo_staff
    from trial_site import clock

    staff, before = demo_staff(), list(Participant.objects.values_list("pk", flat=True))
    for one in range(FIRST_WAITING, FIRST_WAITING + number):
        for _ in Journey(Patient.number(one, SEED), staff, clock.today()).waiting():
            pass  # at once, not at the hours that the journey names
    made = Participant.objects.exclude(pk__in=before).order_by("pk")
    return list(made.values_list("subject", flat=True))


if __name__ == "__main__":
    django.setup()
    print(json.dumps({"trial": trial, "waiting": waiting}[sys.argv[1]](int(sys.argv[2]))))
