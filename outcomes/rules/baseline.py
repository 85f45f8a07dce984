"""What a participant brought along at enrolment, from the frozen answers of the screening.

Source: DOMAIN 1.1 (age), 2 (corticosteroid), 3 (creatinine clearance).  What cannot be known stays
``None`` and is counted as missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from enrollment.facts import Operator, ScreeningFacts, ViralLoad
from enrollment.rules.age import age_on, age_range
from enrollment.rules.clearance import cockcroft_gault, creatinine_mg_dl
from enrollment.rules.steroids import exposure, listed_in_window, rate, unreadable
from outcomes.rules.levels import ABOVE, BELOW, EQUAL, Level
from trial_site.protocol.definition import Protocol


@dataclass(frozen=True)
class Characteristics:
    """Years completed at enrolment, codes, kg, mL/min, and mg of prednisone a kg and day: the
    highest day of the window before allocation.  ``cmv_dna`` is the screening's own result."""

    age: int | None
    sex: str | None
    diagnosis: str | None
    weight_kg: Decimal | None
    clearance: Fraction | None
    prednisone: Fraction | None
    cmv_dna: Level | None


def characteristics(
    facts: ScreeningFacts, *, enrolled_on: date, allocated_on: date, protocol: Protocol
) -> Characteristics:
    """What ``facts`` say; the days are those of the site."""
    return Characteristics(
        age=_age(facts, enrolled_on),
        sex=facts.sex,
        diagnosis=facts.diagnosis,
        weight_kg=facts.weight_kg,
        clearance=_clearance(facts, protocol),
        prednisone=_prednisone(facts, allocated_on, protocol),
        cmv_dna=_cmv_dna(facts.cmv, protocol),
    )


def _age(facts: ScreeningFacts, on: date) -> int | None:
    if facts.birth_date is None or on < facts.birth_date:
        return None
    found = age_range(facts.birth_date, on, day_known=facts.birth_day_known)
    return found.youngest if found.youngest == found.oldest else None


def _clearance(facts: ScreeningFacts, protocol: Protocol) -> Fraction | None:
    if facts.creatinine is None or facts.sex is None or facts.weight_kg is None:
        return None
    if facts.birth_date is None or facts.creatinine_collected_on is None:
        return None
    mg_dl = creatinine_mg_dl(facts.creatinine, facts.creatinine_unit, protocol.clearance)
    if not mg_dl:
        return None
    return cockcroft_gault(
        age=age_on(facts.birth_date, facts.creatinine_collected_on),
        weight_kg=facts.weight_kg,
        creatinine_mg_dl=mg_dl,
        sex=facts.sex,
        rule=protocol.clearance,
    )


def _prednisone(facts: ScreeningFacts, allocated_on: date, protocol: Protocol) -> Fraction | None:
    """Nothing listed is not "none": that has to be said."""
    rule = protocol.steroids
    if unreadable(facts.steroids, rule):
        return None
    highest = exposure(facts.steroids, allocated_on, rule).highest_ped_mg
    if highest > 0:
        return rate(highest, facts.weight_kg) if facts.weight_kg else None
    is_said = facts.no_steroids or listed_in_window(facts.steroids, allocated_on, rule)
    return Fraction(0) if is_said else None


def _cmv_dna(load: ViralLoad | None, protocol: Protocol) -> Level | None:
    """In the protocol's unit; another one is never converted silently."""
    if load is None or load.unit != protocol.pcr.unit:
        return None
    match load.operator:
        case Operator.EQUAL if load.value is not None:
            return Level(EQUAL, load.value, load.unit)
        case Operator.BELOW if load.value is not None:
            return Level(BELOW, load.value, load.unit)
        case Operator.ABOVE if load.value is not None:
            return Level(ABOVE, load.value, load.unit)
        case Operator.NOT_DETECTED if limit := load.lod or load.lloq:
            return Level(BELOW, limit, load.unit)
    return None
