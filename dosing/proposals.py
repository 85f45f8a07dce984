"""The dose that a participant's weight and kidneys call for, with its steps."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils import timezone

from dosing.rules.orders import Proposal, propose_ganciclovir
from enrollment.models import Participant
from enrollment.rules.age import age_range
from enrollment.rules.clearance import (
    MG_DL,
    cockcroft_gault,
    conversion_step,
    creatinine_mg_dl,
    formula_step,
)
from labs.rules.numbers import quantity
from labs.selectors import latest_by_analyte
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

CREATININE = "creatinine"


@dataclass(frozen=True)
class Creatinine:
    """Serum creatinine as it was reported, with the day of the blood."""

    value: Decimal
    unit: str
    collected_on: date


def latest_creatinine(participant: Participant) -> Creatinine | None:
    """The latest result; before the first one, the value of the screening.

    A result without an exact number (``<``, ``>``) gives none: nothing is guessed.
    """
    result = latest_by_analyte(participant, [CREATININE]).get(CREATININE)
    if result is not None:
        if result.operator != "=" or result.value is None:
            return None
        return Creatinine(result.value, result.unit, timezone.localdate(result.collected_at))
    facts = participant.screening.answers
    if facts.creatinine is None or not facts.creatinine_unit or not facts.creatinine_collected_on:
        return None
    return Creatinine(facts.creatinine, facts.creatinine_unit, facts.creatinine_collected_on)


def proposal_for(
    participant: Participant, *, weight_kg: Decimal, phase: str
) -> tuple[Proposal | None, tuple[Message, ...]]:
    """The proposed dose and every step to it, or ``None`` and what is missing.

    ``weight_kg`` is above 0.  Of several possible ages (day of birth unknown) the oldest counts,
    which gives the lowest clearance.  Sources: DOMAIN 3 and 4.
    """
    facts, rule = participant.screening.answers, current().clearance
    creatinine = latest_creatinine(participant)
    mg_dl = creatinine and creatinine_mg_dl(creatinine.value, creatinine.unit, rule)
    if not creatinine or not mg_dl or facts.sex is None or facts.birth_date is None:
        return None, (Message(gettext_noop("No creatinine result to work the dose out from")),)
    ages = age_range(facts.birth_date, creatinine.collected_on, day_known=facts.birth_day_known)
    inputs: dict[str, Any] = {
        "age": ages.oldest,
        "weight_kg": weight_kg,
        "creatinine_mg_dl": mg_dl,
        "sex": facts.sex,
        "rule": rule,
    }
    clearance = cockcroft_gault(**inputs)
    proposal = propose_ganciclovir(
        weight_kg=weight_kg, clearance=clearance, phase=phase, rule=current().ganciclovir
    )
    return proposal, (
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
