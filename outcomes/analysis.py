"""From rows to the endpoints: which rows count for whom, and what they come to.

Every value keeps the rows that it was computed from, so that a reader can follow each number back.
Analysed are all allocated participants, as allocated.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from django.utils import timezone

from dosing.models import Administration, DrugChoice
from dosing.rules.totals import DeliveredDose, Delivery, Total, total_dose
from enrollment.models import Participant
from enrollment.rules.calendar import PlannedWindow, plan
from labs.models import CytotoxicityAssay, Result
from labs.rules.conversion import Conversion
from outcomes.figures.viral_load import ViralLoadPoint
from outcomes.rules.endpoints import (
    ArmComparison,
    DatedSample,
    SampleChoice,
    baseline_sample,
    compare,
    nk_change,
    sample_in_window,
)
from outcomes.schedule import conversion_of, pcr_results
from trial_site.models import User
from trial_site.protocol import current

DAY7_VISIT = "D7"


@dataclass(frozen=True)
class NkRow:
    """One participant's primary endpoint, in percent and percentage points."""

    participant: Participant
    baseline: SampleChoice
    day7: SampleChoice | None

    @property
    def change(self) -> Decimal | None:
        return nk_change(self.baseline.value, self.day7.value if self.day7 else None)

    @property
    def baseline_key(self) -> int | None:
        return _key(self.baseline)

    @property
    def day7_key(self) -> int | None:
        return _key(self.day7)


@dataclass(frozen=True)
class TotalRow:
    """One participant's ganciclovir; None before the first dose."""

    participant: Participant
    total: Total | None

    @property
    def mg(self) -> Decimal | None:
        return self.total.mg if self.total else None


@dataclass(frozen=True)
class ConversionRow:
    """One participant's CMV-DNA course; None before the first dose."""

    participant: Participant
    conversion: Conversion | None
    results: tuple[Result, ...]


def allocated(user: User) -> list[Participant]:
    """Everyone allocated at the user's sites, with arm and screening."""
    rows: QuerySet[Participant] = Participant.objects.visible_to(user).filter(
        allocation__isnull=False
    )
    return list(rows.select_related("allocation", "screening"))


def nk_rows(participants: Iterable[Participant]) -> list[NkRow]:
    people = list(participants)
    assays: dict[int, list[CytotoxicityAssay]] = defaultdict(list)
    for assay in CytotoxicityAssay.objects.in_force().filter(participant__in=people).defer("wells"):
        assays[assay.participant_id].append(assay)
    il2 = _il2_times(people)
    return [_nk_row(person, assays[person.pk], il2[person.pk]) for person in people]


def nk_comparison(rows: Iterable[NkRow]) -> ArmComparison:
    return compare(by_arm((row.participant, row.change) for row in rows))


def by_arm(
    values: Iterable[tuple[Participant, Decimal | None]],
) -> dict[str, list[Decimal | None]]:
    """The values of each arm, in the protocol's order of arms."""
    grouped: dict[str, list[Decimal | None]] = {arm.code.value: [] for arm in current().arms}
    for participant, value in values:
        grouped[participant.allocation.arm].append(value)
    return grouped


def total_rows(participants: Iterable[Participant]) -> list[TotalRow]:
    people = list(participants)
    doses: dict[int, list[DeliveredDose]] = defaultdict(list)
    rows = Administration.objects.filter(participant__in=people, drug=DrugChoice.GANCICLOVIR)
    columns = rows.values_list("participant_id", "given_at", "slot_at", "amount", "status")
    for person, given_at, slot_at, amount, status in columns:
        doses[person].append(DeliveredDose(given_at or slot_at, amount, Delivery(status)))
    return [TotalRow(person, _total(person, doses[person.pk])) for person in people]


def conversion_rows(participants: Iterable[Participant]) -> list[ConversionRow]:
    people = list(participants)
    results = pcr_results(people)
    return [
        ConversionRow(person, conversion_of(person, results[person.pk]), tuple(results[person.pk]))
        for person in people
    ]


def viral_load_points(rows: Iterable[ConversionRow], href: str) -> list[ViralLoadPoint]:
    """Every PCR of everyone dosed; ``href`` has a place for the subject."""
    points = []
    for row in rows:
        if row.conversion is None:
            continue
        by_key = {result.pk: result for result in row.results}
        for dated in (*row.conversion.baseline, *row.conversion.post_baseline):
            result = by_key[int(dated.observation.key)]
            copies = result.value if result.value is not None else result.lod
            if copies is None:
                continue
            points.append(
                ViralLoadPoint(
                    subject=row.participant.subject,
                    arm=row.participant.allocation.arm,
                    day=dated.days,
                    collected_on=timezone.localdate(result.collected_at),
                    operator=result.operator,
                    copies=copies,
                    reported=str(result.pcr.text),
                    href=href % row.participant.subject,
                )
            )
    return points


def _key(choice: SampleChoice | None) -> int | None:
    """The number of the assay that was chosen."""
    return int(choice.sample.record.rpartition(":")[2]) if choice and choice.sample else None


def _nk_row(
    participant: Participant, assays: list[CytotoxicityAssay], il2: list[dt.datetime]
) -> NkRow:
    samples = [_sample(assay, il2) for assay in assays]
    zone = timezone.get_default_timezone()
    baseline = baseline_sample(samples, first_dose_at=participant.day0_at, tz=zone)
    window = _day7_window(participant)
    day7 = sample_in_window(samples, window=window, tz=zone) if window else None
    return NkRow(participant, baseline, day7)


def _day7_window(participant: Participant) -> PlannedWindow | None:
    if participant.day0_at is None:
        return None
    return plan(current().visit(DAY7_VISIT), timezone.localdate(participant.day0_at))


def _sample(assay: CytotoxicityAssay, il2: list[dt.datetime]) -> DatedSample:
    collected = timezone.localtime(assay.collected_at)
    return DatedSample(
        record=f"labs.cytotoxicityassay:{assay.pk}",
        collected_at=collected,
        value=assay.lysis,
        after_dose=any(
            moment < assay.collected_at and timezone.localdate(moment) == collected.date()
            for moment in il2
        ),
    )


def _il2_times(people: list[Participant]) -> dict[int, list[dt.datetime]]:
    times: dict[int, list[dt.datetime]] = defaultdict(list)
    given = Administration.objects.filter(participant__in=people, drug=DrugChoice.IL2)
    for person, at in given.exclude(given_at=None).values_list("participant_id", "given_at"):
        times[person].append(at)
    return times


def _total(participant: Participant, doses: list[DeliveredDose]) -> Total | None:
    if participant.day0_at is None:
        return None
    return total_dose(
        doses,
        day0=participant.day0_at,
        withdrawal=_end_of(participant.withdrawn_on) if participant.withdrawn_on else None,
        weight_kg=participant.screening.answers.weight_kg,
    )


def _end_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.max, timezone.get_default_timezone())
