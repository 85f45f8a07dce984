"""Plays a whole trial: every patient's process, woken in the order of time."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Iterator
from itertools import count

from enrollment.actions.allocation import generate_allocation_list
from enrollment.models import AllocationList, Participant
from oversight.refusals import Refused
from outcomes.actions import flag_due
from oversight.accounts import system_actor
from simulation.disease import Patient
from simulation.journey import Journey, Steps, at
from simulation.people import Staff, demo_staff
from trial_site import clock
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import Role

LONGEST_DAYS, SHORTEST_DAYS = 150, 2
FAILURE_EVERY = 4  # one screen failure for so many participants


def simulate(
    *, participants: int, seed: int, as_of: dt.datetime, progress: Callable[[str], None] = str
) -> None:
    """Play ``participants`` fictional patients up to ``as_of`` (aware); the same seed, the same trial.

    Screening days are spread over the past five months, so that at ten every state is filled; then
    some screenings that wait for somebody.  Raises ``Refused`` where participants exist already.
    """
    if Participant.objects.exists():
        raise Refused(Message(gettext_noop("There are participants already")))
    opening = as_of - dt.timedelta(days=LONGEST_DAYS + 10)
    with clock.played(opening):
        staff = demo_staff()
        if not AllocationList.objects.exists():
            generate_allocation_list(
                by=staff[Role.STATISTICIAN], length=max(20, 2 * participants), seed=f"demo {seed}"
            )
    _run(_processes(staff, participants, seed, as_of), as_of, progress)
    with clock.played(as_of):
        flag_due(by=system_actor())


def _processes(
    staff: Staff, participants: int, seed: int, as_of: dt.datetime
) -> Iterator[tuple[dt.datetime, Steps]]:
    today = as_of.date()
    for index in range(participants):
        patient = Patient.number(index, seed)
        journey = Journey(patient, staff, today - dt.timedelta(days=_days_ago(index, participants)))
        yield at(journey.start, 8), journey.whole()
        if index % FAILURE_EVERY == 1:
            other = Journey(Patient.number(10_000 + index, seed), staff, journey.start)
            yield at(other.start, 8), other.failure()
    for index, (name, days) in enumerate(
        [("waiting", 1), ("unconfirmed", 1), ("undecided", 2), ("draft", 1)]
    ):
        day = today - dt.timedelta(days=days)
        journey = Journey(Patient.number(20_000 + index, seed), staff, day)
        yield at(day, 8), getattr(journey, name)()


def _days_ago(index: int, participants: int) -> int:
    """From the longest to the shortest time ago, the later the closer together: recruitment grows,
    and the wards are never empty."""
    left = 1 - index / max(participants - 1, 1)
    return SHORTEST_DAYS + round((LONGEST_DAYS - SHORTEST_DAYS) * left**2)


def _run(
    processes: Iterator[tuple[dt.datetime, Steps]],
    as_of: dt.datetime,
    progress: Callable[[str], None],
) -> None:
    """Wake the process that is due next until nothing is due before ``as_of``."""
    ties = count()
    queue = [(begin, next(ties), steps) for begin, steps in processes]
    heapq.heapify(queue)
    day = None
    while queue and queue[0][0] <= as_of:
        now, _, steps = heapq.heappop(queue)
        if now.date() != day:
            day = now.date()
            progress(day.isoformat())
        with clock.played(now):
            try:
                heapq.heappush(queue, (next(steps), next(ties), steps))
            except StopIteration:
                continue
