"""What the record says about the participants of a file: a few queries, however many rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from enrollment.models import Participant
from labs.actions.checks import declared_factors
from labs.models import Laboratory, Result, ResultStatus, Specimen
from labs.rules.drafts import Draft
from oversight.records import history_model
from trial_site.models import User

Tube = tuple[int, str, dt.datetime]  # participant (primary key), kind, collected
Place = tuple[int, str, dt.datetime, str]  # a tube and an analyte
Value = tuple[int, str, str, str]  # result (primary key), operator, value, unit


@dataclass(frozen=True)
class Facts:
    """``participants`` by subject, ``specimens`` by tube and ``results`` in force by place.

    ``former`` are the values that a corrected result had before it was corrected; ``factors`` are
    what the laboratory's assays declare, by analyte and name.
    """

    participants: Mapping[str, Participant]
    specimens: Mapping[Tube, Specimen]
    results: Mapping[Place, Result]
    former: Collection[Value]
    factors: Mapping[tuple[str, str], Decimal]


def facts_about(
    drafts: Collection[Draft], participants: Iterable[Participant], laboratory: Laboratory
) -> Facts:
    """Three queries, and a fourth where ``drafts`` correct what was corrected before."""
    people = {person.subject: person for person in participants}
    if not people or not drafts:
        return Facts(people, {}, {}, (), {})
    moments = {draft.collected_at for draft in drafts}
    specimens: dict[Tube, Specimen] = {}
    tubes: dict[int, Tube] = {}
    drawn = {"participant__in": people.values(), "collected_at__in": moments}
    for specimen in Specimen.objects.filter(**drawn).order_by("pk"):
        tubes[specimen.pk] = tube_of(specimen)
        specimens.setdefault(tubes[specimen.pk], specimen)
    results = {
        (*tubes[row.specimen_id], row.analyte): row
        for row in Result.objects.in_force().filter(**drawn)
        if row.specimen_id in tubes
    }
    former = _former(results.values()) if _corrects(drafts) else frozenset()
    return Facts(people, specimens, results, former, declared_factors(laboratory))


def participants_of(
    drafts: Iterable[Draft], laboratory: Laboratory, by: User
) -> QuerySet[Participant]:
    """The participants that ``drafts`` name, of the laboratory's site and if ``by`` works there."""
    subjects = {draft.subject for draft in drafts}
    found: QuerySet[Participant] = (
        Participant.objects.visible_to(by)
        .filter(site=laboratory.site_id, subject__in=subjects)
        .select_related("screening__consent_withdrawal")
        .prefetch_related("screening__consents")
        .defer("screening__eligibility")  # long, and nothing here is judged by it
    )
    return found


def tube_of(specimen: Specimen) -> Tube:
    return specimen.participant_id, specimen.kind, specimen.collected_at


def _corrects(drafts: Iterable[Draft]) -> bool:
    return any(draft.status == ResultStatus.CORRECTED for draft in drafts)


def _former(results: Iterable[Result]) -> frozenset[Value]:
    corrected = {row.pk: row.version for row in results if row.status == ResultStatus.CORRECTED}
    versions = history_model(Result).objects.filter(id__in=corrected)
    return frozenset(
        value_of(row.id, row) for row in versions.iterator() if row.version < corrected[row.id]
    )


def value_of(pk: int, row: Result | Draft) -> Value:
    """``row``'s value to be compared: 30.0 is 30 here."""
    number = "" if row.value is None else f"{row.value.normalize():f}"
    return pk, row.operator, number, row.unit
