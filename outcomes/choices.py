"""The samples that an investigator may choose from for one time point of one participant."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from enrollment.models import Participant
from labs.models import CytotoxicityAssay, Result
from labs.rules.numbers import half_up, quantity
from outcomes.analysis import nk_rows
from outcomes.levels import BASELINE, courses
from outcomes.overrules import LYSIS
from outcomes.rules.endpoints import SampleChoice
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import Outcome

LYSIS_VISITS = (BASELINE, "D7")


@dataclass(frozen=True)
class Candidate:
    """A row that could count, in words: when it was drawn, and what it says."""

    record: str
    collected: str
    value: Message


def outcome_of(measure: str, visit: str) -> Outcome | None:
    """The outcome that reads ``measure`` at ``visit``; None where none does."""
    if measure == LYSIS:
        return current().outcome("nk_cytotoxicity") if visit in LYSIS_VISITS else None
    for outcome in current().outcomes:
        if measure in outcome.analytes and visit in (BASELINE, *outcome.time_points):
            return outcome
    return None


def candidates(participant: Participant, measure: str) -> list[Candidate]:
    """Every result in force of the measure, the earliest first."""
    if measure == LYSIS:
        plates = CytotoxicityAssay.objects.counted().filter(participant=participant)
        return [
            _candidate(f"labs.cytotoxicityassay:{row.pk}", row.collected_at, _lysis(row))
            for row in plates.order_by("collected_at", "pk")
        ]
    rows = Result.objects.in_force().filter(participant=participant, analyte=measure)
    return [_candidate(f"labs.result:{row.pk}", row.collected_at, row.text) for row in rows]


def standing(participant: Participant, measure: str, visit: str) -> SampleChoice | None:
    """What counts now for the time point; None before the event that it is counted from."""
    if measure == LYSIS:
        [row] = nk_rows([participant])
        return row.baseline if visit == BASELINE else row.day7
    outcome = outcome_of(measure, visit)
    if outcome is None:
        return None
    [course] = [one for one in courses(outcome, [participant]) if one.analyte == measure]
    [at] = [one for one in course.visits if one.visit.code == visit]
    return at.points[0].choice


def _lysis(plate: CytotoxicityAssay) -> Message:
    value = None if plate.lysis is None else half_up(plate.lysis, 1)
    return Message("%(value)s", {"value": "–" if value is None else quantity(value, "%")})


def _candidate(record: str, collected_at: dt.datetime, value: Message) -> Candidate:
    local = timezone.localtime(collected_at)
    return Candidate(record, f"{local:%Y-%m-%d %H:%M}", value)
