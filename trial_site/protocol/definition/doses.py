"""What is given: ganciclovir by clearance band, IL-2, and what holds a dose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from trial_site.protocol.definition.terms import Bound, EntryLimits, Number, Provenance


class Frequency(StrEnum):
    EVERY_12_HOURS = "q12h"
    EVERY_24_HOURS = "q24h"
    THREE_TIMES_A_WEEK = "3x_week"  # after haemodialysis


@dataclass(frozen=True)
class BandDose:
    mg_per_kg: Decimal
    frequency: Frequency


@dataclass(frozen=True)
class ClearanceBand:
    """Half-open [low, high) in mL/min; ``None`` is open-ended.  No gap between bands."""

    low: Decimal | None
    high: Decimal | None
    induction: BandDose
    maintenance: BandDose

    @property
    def code(self) -> str:
        """How an order names its band: ``50-70``, ``70-`` or ``-10``."""
        return f"{'' if self.low is None else self.low}-{'' if self.high is None else self.high}"

    def contains(self, clearance: Number) -> bool:
        value = Fraction(clearance)
        above_low = self.low is None or value >= Fraction(self.low)
        below_high = self.high is None or value < Fraction(self.high)
        return above_low and below_high


@dataclass(frozen=True)
class HoldRule:
    """Do not give while ``bound`` holds for the latest result of ``analyte`` (canonical unit)."""

    analyte: str
    bound: Bound
    provenance: Provenance


@dataclass(frozen=True)
class BloodCheck:
    """Blood to be examined again and again while ganciclovir is given.

    It is examined once each of ``analytes`` has a result; ``days_between`` says, for each frequency
    of the doses, after how many days it is due again.
    """

    code: str
    title: str
    analytes: tuple[str, ...]
    days_between: Mapping[Frequency, int]
    provenance: Provenance


@dataclass(frozen=True)
class GanciclovirRule:
    bands: tuple[ClearanceBand, ...]
    holds: tuple[HoldRule, ...]
    blood_checks: tuple[BloodCheck, ...]
    infusion_minutes: int
    mg_limits: EntryLimits
    infusion_minutes_limits: EntryLimits
    soft_deviation_percent: Decimal
    soft_min_interval_hours: Decimal
    provenance: Provenance

    def band(self, clearance: Number) -> ClearanceBand:
        """The one band that holds ``clearance`` (mL/min)."""
        return next(band for band in self.bands if band.contains(clearance))


@dataclass(frozen=True)
class Il2Rule:
    dose_miu: Decimal  # million IU
    route: str
    frequency: Frequency
    miu_limits: EntryLimits
    interval_hours_limits: EntryLimits
    injection_sites: tuple[tuple[str, str], ...]  # code, name
    provenance: Provenance
