"""Plays a whole trial: every patient's process, woken in the order of time."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count

from enrollment.actions.allocation_lists import generate_allocation_lists
from enrollment.models import AllocationList, Participant
from outcomes.actions import flag_due
from oversight.accounts import system_actor
from oversight.refusals import Refused
from simulation.disease import Patient
from simulation.journey import Journey, Steps
from simulation.ordering import at
from simulation.people import Staff, demo_staff
from simulation.stock import count_shelf
from trial_site import clock
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import Role

LONGEST_DAYS, SHORTEST_DAYS = 150, 2
FAILURE_EVERY = 4  # one screen failure for so many participants
WAITING_FOR_SOMEBODY = [("waiting", 0), ("unconfirmed", 0), ("undecided", 2), ("draft", 1)]
JUST_NOW = {"waiting", "unconfirmed"}  # their answers are of today, so that one can go on
WHOLE = "whole"
FAILING, WAITING = 10_000, 20_000  # where the numbers of these patients begin


@dataclass(frozen=True)
class Course:
    """One patient's planned way: from which day, who (the patient's number), which journey."""

    start: dt.date
    number: int
    journey: str = WHOLE
    opens: dt.time = dt.time(9)

    def process(self, staff: Staff, seed: int) -> tuple[dt.datetime, Steps]:
        """When it begins, and its steps."""
        journey = Journey(Patient.number(self.number, seed), staff, self.start, self.opens)
        steps: Steps = getattr(journey, self.journey)()
        return at(self.start, 0), steps


def simulate(
    *, participants: int, seed: int, as_of: dt.datetime, progress: Callable[[str], object] = str
) -> None:
    """Play fictional patients up to ``as_of`` (aware); the same seed gives the same trial.

    Screening days are spread over the past five months, so that at ten every state is filled; then
    some screenings that wait for somebody.  Raises ``Refused`` where participants exist already.
    """
    staff = open_trial(participants=participants, seed=seed, as_of=as_of)
    processes = [course.process(staff, seed) for course in courses(participants, as_of)]
    play(processes, as_of, progress)
    close_the_day(staff, as_of)


def open_trial(*, participants: int, seed: int, as_of: dt.datetime) -> Staff:
    """The staff and the sealed list, before the first patient comes.  Raises ``Refused``."""
    if Participant.objects.exists():
        raise Refused(Message(gettext_noop("There are participants already")))
    with clock.played(as_of - dt.timedelta(days=LONGEST_DAYS + 10)):
        staff = demo_staff(max(participants, 10))
        if not AllocationList.objects.exists():
            generate_allocation_lists(
                by=staff[Role.STATISTICIAN], length=max(20, 2 * participants), seed=f"demo {seed}"
            )
    return staff


def courses(participants: int, as_of: dt.datetime) -> list[Course]:
    """Everybody who is screened until ``as_of``, in the order in which they come."""
    today, planned = as_of.date(), []
    just_now = max(at(today, 0, 1), as_of - dt.timedelta(minutes=45)).time()
    for index in range(participants):
        start = today - dt.timedelta(days=_days_ago(index, participants))
        planned.append(Course(start, index))
        if index % FAILURE_EVERY == 1:
            planned.append(Course(start, FAILING + index, "failure"))
    for index, (journey, days) in enumerate(WAITING_FOR_SOMEBODY):
        day = today - dt.timedelta(days=days)
        opens = just_now if journey in JUST_NOW else Course.opens
        planned.append(Course(day, WAITING + index, journey, opens))
    return sorted(planned, key=lambda course: course.start)


def close_the_day(staff: Staff, as_of: dt.datetime) -> None:
    """The shelf is counted, and the scheduled task does its work."""
    with clock.played(as_of):
        count_shelf(staff.lots, staff[Role.NURSE])
        flag_due(by=system_actor())


def _days_ago(index: int, participants: int) -> int:
    """From the longest to the shortest time ago, the later the closer together: recruitment grows,
    and the wards are never empty."""
    left = 1 - index / max(participants - 1, 1)
    return SHORTEST_DAYS + round((LONGEST_DAYS - SHORTEST_DAYS) * left**2)


def play(
    processes: Iterable[tuple[dt.datetime, Steps]],
    as_of: dt.datetime,
    progress: Callable[[str], object] = str,
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
