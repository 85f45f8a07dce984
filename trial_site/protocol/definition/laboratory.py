"""What is measured: analytes and units, CTCAE grades, CMV-DNA, NK cytotoxicity."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from trial_site.protocol.definition.terms import Bound, EntryLimits, Provenance, Source


@dataclass(frozen=True)
class UnitConversion:
    """``value in unit`` x ``factor`` = value in the analyte's canonical unit."""

    unit: str
    factor: Decimal


@dataclass(frozen=True)
class Analyte:
    """``entry_limits`` are in the canonical ``unit``; ``conversions`` lists other units taken.

    A result in one of ``unconverted_units`` is stored as the laboratory printed it and is never
    turned into ``unit``: no factor holds for every assay (DOMAIN 6, 7).
    """

    code: str
    name: str
    group: str  # "pcr", "safety", "cytotoxicity", "subset", "cytokine", "serology"
    unit: str
    ucum: str
    loinc: str = ""
    conversions: tuple[UnitConversion, ...] = ()
    entry_limits: EntryLimits | None = None
    display_places: int | None = None
    provenance: Provenance = field(default_factory=lambda: Provenance(Source.DECISION))
    unconverted_units: tuple[str, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        return (self.unit, *(conversion.unit for conversion in self.conversions))


class Reference(StrEnum):
    """What a grade bound is a multiple of."""

    ABSOLUTE = "absolute"
    LLN = "lln"
    ULN = "uln"
    BASELINE = "baseline"


@dataclass(frozen=True)
class GradeBound:
    """One way to reach ``grade``: ``bound`` times the reference holds.

    ``baseline_abnormal`` restricts the row to participants whose baseline was outside normal
    (True), inside normal (False) or does not matter (None).
    """

    grade: int
    reference: Reference
    bound: Bound
    baseline_abnormal: bool | None = None


@dataclass(frozen=True)
class GradeTable:
    """CTCAE grades of one analyte, worst first.  The first row that holds gives the grade."""

    analyte: str
    term: str
    version: str
    rows: tuple[GradeBound, ...]


@dataclass(frozen=True)
class PcrRule:
    """Negative below ``threshold``; allocatable above it; exactly at it neither."""

    analyte: str
    threshold: Decimal
    unit: str
    specimen: str
    confirmation_days: int
    relapse_results: int
    refractory_log10_rise: Decimal
    refractory_after_days: int
    days_between_until_confirmed: int  # twice weekly: the next sample is due this many days on
    days_between_until_withdrawal: int
    months_between_in_follow_up: int
    slack_days: int
    provenance: Provenance


@dataclass(frozen=True)
class CytotoxicityRule:
    formula: str  # "A", "B" or "C"
    et_ratio: Decimal
    et_ratios: tuple[Decimal, ...]
    effectors: tuple[tuple[str, str], ...]
    replicates: int
    max_spontaneous: Decimal  # percent; flagged strictly above
    min_maximum: Decimal  # percent; flagged strictly below
    max_cv_percent: Decimal  # flagged strictly above
    min_targets: int  # flagged strictly below
    result_limits: EntryLimits
    provenance: Provenance
