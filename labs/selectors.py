"""What the laboratory's pages read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Prefetch, Q
from django.utils import timezone

from enrollment.models import Participant
from labs.models import CytotoxicityAssay, FiredCheck, LabQuerySet, Result, Specimen
from trial_site.models import User
from trial_site.protocol import current

LYSIS = "nk_lysis"  # the analyte whose results are plates


def participant_named(subject: str, user: User) -> Participant | None:
    """The participant with this subject number at the user's sites, if there is one."""
    return Participant.objects.visible_to(user).filter(subject=subject).first()


# --- lists ------------------------------------------------------------------------------------


def latest_specimens(user: User, *, participant: Participant | None, analyte: str) -> LabQuerySet:
    """Specimens with their results, the latest first; of one participant or analyte where given."""
    specimens = Specimen.objects.visible_to(user).order_by("-collected_at", "-pk")
    results = Result.objects.in_force().order_by("pk")
    if participant:
        specimens = specimens.filter(participant=participant)
    if analyte == LYSIS:
        specimens = specimens.filter(pk__in=CytotoxicityAssay.objects.in_force().values("specimen"))
    elif analyte:
        results = results.filter(analyte=analyte)
        specimens = specimens.filter(pk__in=results.values("specimen"))
    plates = CytotoxicityAssay.objects.in_force().defer("wells")
    return specimens.select_related("participant").prefetch_related(
        Prefetch("results", queryset=results), Prefetch("cytotoxicity_assays", queryset=plates)
    )


def results_listed(user: User, *, participant: Participant | None, analyte: str) -> LabQuerySet:
    """The results of the same list, plates aside, the latest first."""
    results = Result.objects.visible_to(user).in_force().order_by("-collected_at", "-pk")
    if participant:
        results = results.filter(participant=participant)
    return results.filter(analyte=analyte) if analyte else results


def results_of(specimen: Specimen) -> list[Result]:
    """The results in force of one specimen, as they were entered."""
    return list(specimen.results.in_force().select_related("participant").order_by("pk"))


def specimen_entered(
    participant: Participant, *, kind: str, collected_at: dt.datetime
) -> Specimen | None:
    """The specimen that an entry form made when it was sent the first time."""
    return participant.specimens.filter(kind=kind, collected_at=collected_at).last()


def plate_of(specimen: Specimen) -> CytotoxicityAssay | None:
    """The run of ``specimen`` that counts, if it has any."""
    return specimen.cytotoxicity_assays.counted().last()


def runs_of(specimen: Specimen) -> list[CytotoxicityAssay]:
    """Every run of ``specimen`` as they were entered, with those in error."""
    return list(specimen.cytotoxicity_assays.order_by("pk").defer("wells"))


def specimens_visible_to(user: User) -> LabQuerySet:
    specimens: LabQuerySet = Specimen.objects.visible_to(user)
    return specimens.select_related("participant", "laboratory")


def results_visible_to(user: User) -> LabQuerySet:
    related = ("participant", "specimen", "import_file__confirmed_by")
    return Result.objects.visible_to(user).select_related(*related)


def assays_visible_to(user: User) -> LabQuerySet:
    return CytotoxicityAssay.objects.visible_to(user).select_related("participant", "specimen")


def incomplete_results(user: User) -> LabQuerySet:
    """Results that a limit, once it is entered, decides: not detected from which number on? graded
    against which normal range?"""
    protocol = current()
    graded = [table.analyte for table in protocol.grades]
    undecided = Q(analyte=protocol.pcr.analyte, operator="ND", lod=None) | Q(
        analyte__in=graded, operator="=", grade=None
    )
    return results_visible_to(user).in_force().filter(undecided).order_by("collected_at")


def checks_of_forms(participant: Participant, keys: Collection[UUID]) -> list[FiredCheck]:
    """What the forms with these keys asked or refused about the participant, in that order."""
    return list(participant.fired_checks.filter(form_key__in=keys))


def results_of_forms(specimen: Specimen, keys: Collection[UUID]) -> list[Result]:
    """The results of a specimen that the forms with these keys saved."""
    return list(specimen.results.in_force().filter(form_key__in=keys))


# --- what is remembered for the next entry ----------------------------------------------------


def latest_by_analyte(participant: Participant, analytes: Iterable[str]) -> dict[str, Result]:
    """The participant's last result in force of each of ``analytes``."""
    rows = participant.results.in_force().filter(analyte__in=list(analytes))
    return {row.analyte: row for row in rows.select_related("specimen")}


def latest_pcr(participant: Participant) -> Result | None:
    analyte = current().pcr.analyte
    return latest_by_analyte(participant, [analyte]).get(analyte)


def latest_assay(participant: Participant) -> CytotoxicityAssay | None:
    return participant.cytotoxicity_assays.counted().last()


def results_of_day(participant: Participant, day: dt.date, analytes: Iterable[str]) -> list[Result]:
    """The participant's results in force of ``analytes`` collected on ``day`` at the site."""
    begins = timezone.make_aware(dt.datetime.combine(day, dt.time()))
    rows = participant.results.in_force().filter(
        analyte__in=list(analytes),
        collected_at__gte=begins,
        collected_at__lt=begins + dt.timedelta(days=1),
    )
    return list(rows.select_related("specimen"))


def blood_count_near(participant: Participant, moment: dt.datetime) -> Result | None:
    """The lymphocytes of the same day that were collected nearest to ``moment``."""
    lymphocytes = current().counts[0].of
    rows = results_of_day(participant, timezone.localdate(moment), [lymphocytes])
    return min(rows, key=lambda row: (abs(row.collected_at - moment), -row.pk), default=None)


def earlier_result(participant: Participant, analyte: str, moment: dt.datetime) -> Result | None:
    """The participant's last result in force of ``analyte`` collected before ``moment``."""
    rows = participant.results.in_force().filter(analyte=analyte, collected_at__lt=moment)
    found: Result | None = rows.last()
    return found


# --- the course of one participant ------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """An assay beside the participant's baseline; ``points`` are percentage points."""

    baseline: CytotoxicityAssay
    points: Decimal
    same_effectors: bool


def change_from_baseline(assay: CytotoxicityAssay) -> Change | None:
    """The change of lysis since the last plate at or before the first dose; None without both."""
    day0 = assay.participant.day0_at
    if day0 is None or assay.collected_at <= day0 or assay.lysis is None:
        return None
    before = assay.participant.cytotoxicity_assays.counted().filter(
        collected_at__lte=day0, lysis__isnull=False
    )
    baseline = before.last()
    if baseline is None or baseline.lysis is None:
        return None
    same = baseline.effectors == assay.effectors
    return Change(baseline, assay.lysis - baseline.lysis, same)
