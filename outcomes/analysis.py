"""From rows to the endpoints: which rows count for whom, and what they come to.

Every value keeps the rows that it was computed from, so that a reader can follow each number back.
Analysed are all allocated participants, as allocated.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from dosing.models import Administration, CourseChoice, DrugChoice
from dosing.rules.totals import Total
from dosing.totals import ganciclovir_total
from enrollment.models import Move, Participant
from enrollment.rules.calendar import PlannedWindow, plan
from enrollment.states import ENDED, State
from labs.models import CytotoxicityAssay, Result
from labs.rules.conversion import Conversion, DatedResult
from labs.series import conversion_of
from outcomes.figures.conversion import ConversionTime
from outcomes.figures.cumulative import Cumulated
from outcomes.overrules import LYSIS, Overrules, overrules_of
from outcomes.rules.endpoints import (
    ArmComparison,
    DatedSample,
    SampleChoice,
    baseline_sample,
    compare,
    nk_change,
    sample_in_window,
)
from outcomes.rules.missing import Missing, Standing, why_missing
from outcomes.schedule import pcr_results
from trial_site import clock
from trial_site.models import User
from trial_site.protocol import current

DAY7_VISIT = "D7"


@dataclass(frozen=True)
class NkRow:
    """One participant's primary endpoint, in percent and percentage points."""

    participant: Participant
    baseline: SampleChoice
    day7: SampleChoice | None
    window: PlannedWindow | None  # of day 7
    day7_missing: Missing | None = None

    @property
    def missing(self) -> Missing | None:
        """Why there is no change: day 7 decides before the baseline."""
        lacks_baseline = Missing.NO_BASELINE if self.baseline.value is None else None
        return self.day7_missing or lacks_baseline

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
    def is_final(self) -> bool:
        """Whether treatment is over; until then the total only grows."""
        return self.participant.withdrawn_on is not None or self.participant.has_ended

    @property
    def final_mg(self) -> Decimal | None:
        """The outcome, which exists from withdrawal on."""
        return self.total.mg if self.total and self.is_final else None

    @property
    def final_mg_per_kg(self) -> Fraction | None:
        """The same per kilogram of baseline weight."""
        return self.total.mg_per_kg if self.total and self.is_final else None


@dataclass(frozen=True)
class ConversionRow:
    """One participant's CMV-DNA course; None before the first dose."""

    participant: Participant
    conversion: Conversion | None
    results: tuple[Result, ...]

    @property
    def died_unconverted(self) -> bool:
        """Death competes with conversion: censored at the last PCR, and flagged."""
        died = self.participant.state == State.DIED
        return died and self.conversion is not None and not self.conversion.converted

    @property
    def relapsed_on(self) -> dt.date | None:
        """The day of the site on which the relapse, confirmed or suspected, was found."""
        relapse = self.conversion.relapse if self.conversion else None
        return timezone.localdate(relapse.first.observation.collected_at) if relapse else None

    @property
    def dated(self) -> Iterator[tuple[DatedResult, Result]]:
        """Each result with its day since the first dose, in the order of time."""
        if self.conversion is not None:
            by_key = {result.pk: result for result in self.results}
            for dated in (*self.conversion.baseline, *self.conversion.post_baseline):
                yield dated, by_key[int(dated.observation.key)]


def allocated(user: User) -> list[Participant]:
    """Everyone allocated at the user's sites, with arm and screening."""
    rows: QuerySet[Participant] = Participant.objects.visible_to(user).filter(
        allocation__isnull=False
    )
    return list(rows.select_related("allocation", "screening").defer("screening__eligibility"))


def casebook_url(participant: Participant) -> str:
    """Where each mark of a figure leads."""
    return reverse("outcomes:casebook", args=[participant.subject])


def nk_rows(participants: Iterable[Participant]) -> list[NkRow]:
    people = list(participants)
    assays: dict[int, list[CytotoxicityAssay]] = defaultdict(list)
    for assay in CytotoxicityAssay.objects.counted().filter(participant__in=people).defer("wells"):
        assays[assay.participant_id].append(assay)
    il2, overrules, standings = il2_times(people), overrules_of(people), standings_of(people)
    rows = (_nk_row(person, assays[person.pk], il2[person.pk], overrules) for person in people)
    return [_with_reason(row, standings[row.participant.pk]) for row in rows]


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
    rows: dict[int, list[Administration]] = defaultdict(list)
    given = Administration.objects.in_force().filter(
        participant__in=people, drug=DrugChoice.GANCICLOVIR
    )
    for row in given.only(
        "participant_id", "drug", "given_at", "slot_at", "amount", "status", "course"
    ):
        rows[row.participant_id].append(row)
    return [TotalRow(person, ganciclovir_total(person, rows[person.pk])) for person in people]


def cumulated(participants: Iterable[Participant]) -> list[Cumulated]:
    """What everybody dosed had received by the end of each day with a dose of the first course."""
    people = {person.pk: person for person in participants if person.day0_at is not None}
    given = Administration.objects.in_force().filter(
        participant__in=people, drug=DrugChoice.GANCICLOVIR, course=CourseChoice.FIRST
    )
    by_day: dict[int, dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in given.exclude(given_at=None).only("participant_id", "given_at", "amount"):
        person = people[row.participant_id]
        by_day[person.pk][_day_of(row.given_at, person)] += row.amount
    return [
        Cumulated(person.subject, person.allocation.arm, day, float(mg), casebook_url(person))
        for pk, person in people.items()
        for day, mg in zip(
            sorted(by_day[pk]),
            accumulate(by_day[pk][day] for day in sorted(by_day[pk])),
            strict=True,
        )
        if day >= 0
    ]


def _day_of(at: dt.datetime, person: Participant) -> int:
    """Calendar days at the site since the first dose."""
    return (timezone.localdate(at) - timezone.localdate(person.day0_at)).days


def conversion_rows(participants: Iterable[Participant]) -> list[ConversionRow]:
    people = list(participants)
    results = pcr_results(people)
    return [
        ConversionRow(person, conversion_of(person, results[person.pk]), tuple(results[person.pk]))
        for person in people
    ]


def conversion_times(rows: Iterable[ConversionRow]) -> list[ConversionTime]:
    """Everyone dosed: the day of the first negative, or the last PCR without one."""
    return [
        ConversionTime(
            subject=row.participant.subject,
            arm=row.participant.allocation.arm,
            days=row.conversion.days,
            converted=row.conversion.converted,
            href=casebook_url(row.participant),
        )
        for row in rows
        if row.conversion is not None
    ]


def _key(choice: SampleChoice | None) -> int | None:
    """The number of the assay that was chosen."""
    return int(choice.sample.record.rpartition(":")[2]) if choice and choice.sample else None


def _nk_row(
    participant: Participant,
    assays: list[CytotoxicityAssay],
    il2: list[dt.datetime],
    overrules: Overrules,
) -> NkRow:
    samples = [_sample(assay, il2) for assay in assays]
    zone = timezone.get_default_timezone()
    baseline = baseline_sample(samples, first_dose_at=participant.day0_at, tz=zone)
    window = day7_window(participant)
    day7 = sample_in_window(samples, window=window, tz=zone) if window else None
    baseline, _ = overrules.applied(participant, LYSIS, "D0", baseline, samples)
    if day7 is not None:
        day7, _ = overrules.applied(participant, LYSIS, DAY7_VISIT, day7, samples)
    return NkRow(participant, baseline, day7, window)


def _with_reason(row: NkRow, standing: Standing) -> NkRow:
    return replace(row, day7_missing=why_missing(row.day7, row.window, standing))


def standings_of(people: list[Participant]) -> dict[int, Standing]:
    """Today, and the day on which each participant (by primary key) left, if they did."""
    ends = Move.objects.filter(participant__in=people, after__in=ENDED).order_by()
    left = {key: timezone.localdate(at) for key, at in ends.values_list("participant_id", "at")}
    return {
        person.pk: Standing(clock.today(), left.get(person.pk) if person.has_ended else None)
        for person in people
    }


def day7_window(participant: Participant) -> PlannedWindow | None:
    """When the day-7 sample may be drawn; None before the first dose."""
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


def il2_times(people: list[Participant]) -> dict[int, list[dt.datetime]]:
    times: dict[int, list[dt.datetime]] = defaultdict(list)
    given = Administration.objects.in_force().filter(participant__in=people, drug=DrugChoice.IL2)
    for person, at in given.exclude(given_at=None).values_list("participant_id", "given_at"):
        times[person].append(at)
    return times
