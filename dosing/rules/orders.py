"""The ganciclovir dose that weight and creatinine clearance call for (DOMAIN 4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from labs.rules.limits import bound_text
from labs.rules.numbers import half_up, plain
from trial_site.messages import Message
from trial_site.protocol.definition import (
    BandDose,
    ClearanceBand,
    Frequency,
    GanciclovirRule,
    Number,
    at_least,
    below,
    gettext_noop,
)


class Phase(StrEnum):
    """The part of the course that a dose belongs to; each has its own column of the table."""

    INDUCTION = "induction"
    MAINTENANCE = "maintenance"


@dataclass(frozen=True)
class Proposal:
    """``mg`` to infuse each time: ``exact_mg``, weight x ``mg_per_kg``, to a whole milligram.

    ``band`` is the code of the band of creatinine clearance that the dose belongs to.
    """

    mg: Decimal
    exact_mg: Fraction
    mg_per_kg: Decimal
    frequency: Frequency
    band: str
    steps: tuple[Message, ...]

    def is_ordered(self, mg: Decimal, frequency: str) -> bool:
        """Whether an order of ``mg`` milligrams at ``frequency`` is what is proposed."""
        return mg == self.mg and frequency == self.frequency.value


def propose_ganciclovir(
    *, weight_kg: Decimal, clearance: Number, phase: str, rule: GanciclovirRule
) -> Proposal:
    """The label's dose for ``weight_kg`` and an unrounded ``clearance`` in mL/min.

    The bands are half-open, so 69.6 is below 70.  An order may differ: this proposes.  Raises
    ``ValueError`` for a weight or clearance that is not above 0 or a phase that is none.
    Source: DOMAIN 4.
    """
    if weight_kg <= 0 or clearance <= 0:
        raise ValueError("weight and clearance must be above 0")
    band = rule.band(clearance)
    dose = band.induction if Phase(phase) is Phase.INDUCTION else band.maintenance
    exact = Fraction(weight_kg) * Fraction(dose.mg_per_kg)
    mg = half_up(exact, 0)
    steps = (_band_step(clearance, band, dose), _dose_step(weight_kg, dose, exact, mg))
    return Proposal(mg, exact, dose.mg_per_kg, dose.frequency, band.code, steps)


def asks_for_review(*, ordered: str, found: str | None, reviewed: Collection[str]) -> bool:
    """Whether an order has to be looked at again: its clearance lies in another band by now.

    ``ordered`` is the code of the band that the order was written for (empty: none was known),
    ``found`` that of the latest creatinine and weight (``None`` while it cannot be computed, which
    asks for nothing by itself), ``reviewed`` the bands for which the order was kept already.
    Source: DOMAIN 4, whose doses follow the current clearance.
    """
    return found is not None and found != ordered and found not in reviewed


def _band_step(clearance: Number, band: ClearanceBand, dose: BandDose) -> Message:
    return Message(
        gettext_noop(
            "creatinine clearance %(clearance)s mL/min, %(band)s: %(dose)s mg/kg %(every)s"
        ),
        {
            "clearance": _floored(clearance),
            "band": _band_text(band),
            "dose": plain(dose.mg_per_kg),
            "every": dose.frequency.value,
        },
    )


def _floored(clearance: Number) -> str:
    """Two places, cut and not rounded: 69.996 must not be shown as the 70 that it is not."""
    hundredths = Fraction(clearance) * 100 // 1
    return plain(Decimal(hundredths).scaleb(-2))


def _band_text(band: ClearanceBand) -> Message:
    unit = "mL/min"
    low = None if band.low is None else bound_text(at_least(str(band.low), unit))
    high = None if band.high is None else bound_text(below(str(band.high), unit))
    if low and high:
        return Message(gettext_noop("%(low)s and %(high)s"), {"low": low, "high": high})
    return low or high or Message(gettext_noop("any"))


def _dose_step(weight_kg: Decimal, dose: BandDose, exact: Fraction, mg: Decimal) -> Message:
    params = {"weight": plain(weight_kg), "dose": plain(dose.mg_per_kg), "mg": plain(mg)}
    if exact == Fraction(mg):
        return Message(gettext_noop("%(weight)s kg × %(dose)s mg/kg = %(mg)s mg"), params)
    text = gettext_noop(
        "%(weight)s kg × %(dose)s mg/kg = %(exact)s mg, to the whole milligram: %(mg)s mg"
    )
    return Message(text, {**params, "exact": plain(exact)})
