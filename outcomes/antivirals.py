"""Antivirals other than the trial's ganciclovir, as concomitant medication has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from enrollment.models import Participant
from outcomes.analysis import ConversionRow, TotalRow, conversion_times
from outcomes.rules.survival import Followed, TimeComparison, compare_times
from outcomes.rules.switches import censored_at_switch
from safety.background import MedicationLine
from safety.models import ConcomitantMedication
from safety.rules.interactions import medicines_named
from trial_site.protocol import current


@dataclass(frozen=True)
class Taken:
    """One entry of another antiviral; ``day`` is when it began, since day 0, if both are known."""

    participant: Participant
    line: MedicationLine
    is_switch: bool
    day: int | None


def antivirals_taken(participants: Iterable[Participant]) -> list[Taken]:
    """Every entry in force, found by its name, in the order of time; one query."""
    people = {person.pk: person for person in participants}
    entries = ConcomitantMedication.objects.in_force().filter(participant__in=people)
    found = []
    for entry in entries:
        person = people[entry.participant_id]
        for known in medicines_named(entry.name, current().safety.antivirals):
            day = _day(person, entry.started_on)
            found.append(Taken(person, MedicationLine(entry), known.is_switch, day))
    return found


def switch_sensitivity(rows: list[ConversionRow]) -> dict[str, Any]:
    """The arms once more, everybody followed until a switch at most; and who switched."""
    taken = antivirals_taken(row.participant for row in rows)
    switched: dict[str, int] = {}
    for entry in taken:
        if entry.is_switch and entry.day is not None and entry.day >= 0:
            subject = entry.participant.subject
            switched[subject] = min(entry.day, switched.get(subject, entry.day))
    return {"switches": sorted(switched.items()), "until_switch": _compared(rows, switched)}


def _compared(rows: list[ConversionRow], switched: dict[str, int]) -> TimeComparison:
    grouped: dict[str, list[Followed]] = {arm.code.value: [] for arm in current().arms}
    for time in conversion_times(rows):
        until = censored_at_switch(time.followed, switched.get(time.subject))
        grouped[time.arm].append(until)
    return compare_times(grouped)


def valganciclovir_apart(rows: list[TotalRow]) -> dict[str, Any]:
    """What was taken by mouth, in its own milligrams, which no total counts."""
    taken = antivirals_taken(row.participant for row in rows)
    return {"by_mouth": [entry for entry in taken if not entry.is_switch]}


def _day(participant: Participant, started_on: dt.date | None) -> int | None:
    if participant.day0_at is None or started_on is None:
        return None
    return (started_on - timezone.localdate(participant.day0_at)).days
