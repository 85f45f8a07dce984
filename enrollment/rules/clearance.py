"""Creatinine clearance by Cockcroft-Gault, in mL/min and not per 1.73 m2 (DOMAIN 3)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from enrollment.facts import Sex
from enrollment.rules.wording import as_typed, compact
from trial_site.messages import Message
from trial_site.protocol.definition import ClearanceRule

MG_DL = "mg/dL"
CONVERSION_PLACES = 4


def creatinine_mg_dl(value: Decimal, unit: str | None, rule: ClearanceRule) -> Fraction | None:
    """Serum creatinine in mg/dL, exactly; ``None`` for a unit that the rule does not read."""
    if unit == MG_DL:
        return Fraction(value)
    if unit == rule.creatinine_limits.unit:
        return Fraction(value) / Fraction(rule.umol_per_mg_dl)
    return None


def cockcroft_gault(
    *, age: int, weight_kg: Decimal, creatinine_mg_dl: Fraction, sex: Sex, rule: ClearanceRule
) -> Fraction:
    """Clearance in mL/min, exactly.

    ``age`` is in completed years on the day of the sample, ``weight_kg`` the actual weight,
    ``creatinine_mg_dl`` above 0 (``ZeroDivisionError`` otherwise).  Invalid while creatinine is
    unstable.
    """
    factor = Fraction(rule.female_factor) if sex is Sex.FEMALE else Fraction(1)
    numerator = (rule.age_offset - age) * Fraction(weight_kg) * factor
    return numerator / (rule.divisor * creatinine_mg_dl)


def conversion_step(value: Decimal, mg_dl: Fraction, rule: ClearanceRule) -> Message:
    """How a creatinine in µmol/L became mg/dL."""
    return Message(
        "%(value)s %(unit)s ÷ %(factor)s = %(mg_dl)s mg/dL",
        {
            "value": as_typed(value),
            "unit": rule.creatinine_limits.unit,
            "factor": as_typed(rule.umol_per_mg_dl),
            "mg_dl": compact(mg_dl, CONVERSION_PLACES),
        },
    )


def formula_step(
    *, age: int, weight_kg: Decimal, creatinine_mg_dl: Fraction, sex: Sex, rule: ClearanceRule
) -> Message:
    """The formula with its numbers."""
    numbers = {
        "offset": str(rule.age_offset),
        "age": str(age),
        "weight": as_typed(weight_kg),
        "divisor": str(rule.divisor),
        "creatinine": compact(creatinine_mg_dl, CONVERSION_PLACES),
    }
    if sex is Sex.FEMALE:
        return Message(
            "(%(offset)s − %(age)s) × %(weight)s × %(factor)s ÷ (%(divisor)s × %(creatinine)s)",
            numbers | {"factor": as_typed(rule.female_factor)},
        )
    return Message(
        "(%(offset)s − %(age)s) × %(weight)s ÷ (%(divisor)s × %(creatinine)s)",
        numbers,
    )
