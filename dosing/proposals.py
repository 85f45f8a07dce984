"""The dose that a participant's weight and kidneys call for, with its steps."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from dosing.models import BodyWeight
from dosing.rules.orders import Proposal, propose_ganciclovir
from enrollment.facts import ScreeningFacts
from enrollment.models import Participant
from enrollment.rules.age import age_range
from enrollment.rules.clearance import (
    MG_DL,
    cockcroft_gault,
    conversion_step,
    creatinine_mg_dl,
    formula_step,
)
from labs.models import Result
from labs.rules.numbers import quantity
from trial_site import clock
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

CREATININE = "creatinine"

Proposed = tuple[Proposal | None, tuple[Message, ...]]


@dataclass(frozen=True)
class Creatinine:
    """Serum creatinine as it was reported, with the day of the blood."""

    value: Decimal
    unit: str
    collected_on: date


@dataclass(frozen=True)
class Weight:
    """The latest body weight; ``measured_on`` is ``None`` where the screening did not say when."""

    kg: Decimal
    measured_on: date | None

    @property
    def age_days(self) -> int | None:
        return (clock.today() - self.measured_on).days if self.measured_on else None

    @property
    def is_old(self) -> bool:
        """Whether the protocol asks for a newer one; one of an unknown day never counts as new."""
        age = self.age_days
        return age is None or age > current().steroids.weight_max_age_days

    @property
    def step(self) -> Message:
        """The weight with its day and its age as of today."""
        if self.measured_on is None:
            text = gettext_noop("weight %(kg)s of the screening, its day is not known: weigh again")
            return Message(text, {"kg": quantity(self.kg, "kg")})
        params = {
            "kg": quantity(self.kg, "kg"),
            "day": self.measured_on.isoformat(),  # kept with the order, in any language
            "age": str(self.age_days),
            "limit": str(current().steroids.weight_max_age_days),
        }
        if self.is_old:
            text = gettext_noop(
                "weight %(kg)s of %(day)s, age %(age)s d: older than %(limit)s d, weigh again"
            )
            return Message(text, params)
        return Message(gettext_noop("weight %(kg)s of %(day)s, age %(age)s d"), params)


@dataclass(frozen=True)
class Basis:
    """What a dose is worked out from, as it is known now; ``None`` is not known."""

    weight: Weight | None
    creatinine: Creatinine | None


def basis_of(participant: Participant) -> Basis:
    return bases_of([participant])[participant.pk]


def bases_of(participants: Collection[Participant]) -> dict[int, Basis]:
    """What is known of each participant (with its screening), by primary key; two queries.

    The latest measurement counts, be it of the screening or of later.  A creatinine without an
    exact number (``<``, ``>``) gives none: nothing is guessed.
    """
    weights = _latest(BodyWeight.objects.in_force(), participants, F("measured_at"))
    results = Result.objects.in_force().filter(analyte=CREATININE)
    creatinines = _latest(results, participants, F("collected_at"))
    return {
        person.pk: _basis(
            person.screening.answers, weights.get(person.pk), creatinines.get(person.pk)
        )
        for person in participants
    }


def _latest(rows: QuerySet[Any], participants: Collection[Participant], when: F) -> dict[int, Any]:
    """The last of ``rows`` of each participant, by primary key."""
    place = Window(
        RowNumber(), partition_by=F("participant_id"), order_by=(when.desc(), F("pk").desc())
    )
    chosen = rows.filter(participant__in=[person.pk for person in participants])
    return {row.participant_id: row for row in chosen.annotate(place=place).filter(place=1)}


def _basis(facts: ScreeningFacts, weight: BodyWeight | None, result: Result | None) -> Basis:
    return Basis(_later_weight(facts, weight), _later_creatinine(facts, result))


def _later_weight(facts: ScreeningFacts, measured: BodyWeight | None) -> Weight | None:
    if measured is not None:
        on = timezone.localdate(measured.measured_at)
        if facts.weight_on is None or on >= facts.weight_on:
            return Weight(measured.kg, on)
    return None if facts.weight_kg is None else Weight(facts.weight_kg, facts.weight_on)


def _later_creatinine(facts: ScreeningFacts, result: Result | None) -> Creatinine | None:
    screened = facts.creatinine_collected_on
    if result is not None:
        on = timezone.localdate(result.collected_at)
        if screened is None or on >= screened:
            is_exact = result.operator == "=" and result.value is not None
            return Creatinine(result.value, result.unit, on) if is_exact else None
    if facts.creatinine is None or not facts.creatinine_unit or screened is None:
        return None
    return Creatinine(facts.creatinine, facts.creatinine_unit, screened)


# --- the dose ---------------------------------------------------------------------------------


def proposal_for(participant: Participant, *, phase: str) -> Proposed:
    """The proposed dose from what is known now and every step to it, or ``None`` and what is
    missing.  Sources: DOMAIN 3 and 4."""
    return proposal_from(participant.screening.answers, basis_of(participant), phase=phase)


def proposal_from(facts: ScreeningFacts, basis: Basis, *, phase: str) -> Proposed:
    """The same from a ``basis`` that is at hand.

    Of several possible ages (day of birth unknown) the oldest counts, which gives the lowest
    clearance.
    """
    weight, creatinine, rule = basis.weight, basis.creatinine, current().clearance
    if weight is None or weight.kg <= 0:
        return None, (Message(gettext_noop("No weight to work the dose out from")),)
    mg_dl = creatinine and creatinine_mg_dl(creatinine.value, creatinine.unit, rule)
    if not creatinine or not mg_dl or facts.sex is None or facts.birth_date is None:
        text = gettext_noop("No creatinine result to work the dose out from")
        return None, (weight.step, Message(text))
    ages = age_range(facts.birth_date, creatinine.collected_on, day_known=facts.birth_day_known)
    inputs: dict[str, Any] = {
        "age": ages.oldest,
        "weight_kg": weight.kg,
        "creatinine_mg_dl": mg_dl,
        "sex": facts.sex,
        "rule": rule,
    }
    clearance = cockcroft_gault(**inputs)
    proposal = propose_ganciclovir(
        weight_kg=weight.kg, clearance=clearance, phase=phase, rule=current().ganciclovir
    )
    return proposal, (
        weight.step,
        *_creatinine_steps(creatinine, mg_dl),
        formula_step(**inputs),
        *proposal.steps,
    )


def _creatinine_steps(creatinine: Creatinine, mg_dl: Fraction) -> tuple[Message, ...]:
    reported = Message(
        gettext_noop("creatinine %(value)s of %(day)s"),
        {
            "value": quantity(creatinine.value, creatinine.unit),
            "day": creatinine.collected_on.isoformat(),  # kept with the order, in any language
        },
    )
    if creatinine.unit == MG_DL:
        return (reported,)
    return reported, conversion_step(creatinine.value, mg_dl, current().clearance)
