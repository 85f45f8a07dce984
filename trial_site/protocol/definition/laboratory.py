"""What is measured: analytes and units, CTCAE grades, CMV-DNA, NK cytotoxicity."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Context, Decimal
from enum import StrEnum

from trial_site.protocol.definition.terms import Bound, EntryLimits, Provenance, Source

MAX_POWER = 20  # of ten: far beyond what any assay counts
POWER_DIGITS = 28


@dataclass(frozen=True)
class UnitConversion:
    """``value in unit`` x ``factor`` = value in the analyte's canonical unit.

    ``logarithmic``: the value is the power of ten instead, and there is no factor.
    """

    unit: str
    factor: Decimal = Decimal(1)
    logarithmic: bool = False

    def canonical(self, value: Decimal) -> Decimal | None:
        """``value`` in the canonical unit: an exact product, or ten to a power of 28 digits.

        ``None`` for a power that counts nothing in this world: below -20 or above 20.
        """
        if not self.logarithmic:
            return _exact_product(value, self.factor)
        if not value.is_finite() or abs(value) > MAX_POWER:
            return None
        return Context(prec=POWER_DIGITS).power(Decimal(10), value)


def _exact_product(left: Decimal, right: Decimal) -> Decimal:
    digits = len(left.as_tuple().digits) + len(right.as_tuple().digits)
    return Context(prec=digits).multiply(left, right)


@dataclass(frozen=True)
class AdultRange:
    """What a publication found in healthy adults; to be read, never a verdict (DOMAIN 7)."""

    low: Decimal | None
    high: Decimal | None
    unit: str
    source: str


@dataclass(frozen=True)
class Analyte:
    """``entry_limits`` are in the canonical ``unit``; ``conversions`` lists other units taken.

    A result in one of ``unconverted_units`` is stored as the laboratory printed it; no factor
    holds for every assay (DOMAIN 6, 7).  In those that stand in ``assay_units`` too, the factor
    that the assay itself declares converts.  ``denominator`` is what a percentage is of.
    """

    code: str
    name: str
    group: str  # "pcr", "safety", "cytotoxicity", "subset", "cytokine", "serology"
    unit: str
    loinc: str = ""
    conversions: tuple[UnitConversion, ...] = ()
    entry_limits: EntryLimits | None = None
    display_places: int | None = None
    provenance: Provenance = field(default_factory=lambda: Provenance(Source.DECISION))
    unconverted_units: tuple[str, ...] = ()
    assay_units: tuple[str, ...] = ()
    denominator: str = ""
    adult_ranges: tuple[AdultRange, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """The units that the protocol itself relates to each other, the canonical one first."""
        return (self.unit, *(conversion.unit for conversion in self.conversions))

    @property
    def taken_units(self) -> tuple[str, ...]:
        """Every unit that a result may be recorded in."""
        return (*self.units, *self.unconverted_units)

    def canonical(self, value: Decimal, unit: str, factor: Decimal | None = None) -> Decimal | None:
        """``value`` in ``unit``, expressed in ``self.unit``; ``None`` where nothing says how.

        ``factor`` is the assay's own, canonical units to one of ``unit``; it counts for
        ``assay_units`` only, above 0, and never where the protocol converts already.
        """
        if unit == self.unit:
            return value
        for conversion in self.conversions:
            if conversion.unit == unit:
                return conversion.canonical(value)
        if unit in self.assay_units and factor is not None and factor > 0:
            return _exact_product(value, factor)
        return None


@dataclass(frozen=True)
class CountRule:
    """``analyte`` (cells in a volume) = the count ``of`` the denominator x ``percent`` / 100."""

    analyte: str
    percent: str
    of: str


@dataclass(frozen=True)
class SerologyKit:
    """The cut-offs of a kit in its own ``unit``: positive from, and a grey zone below that.

    A laboratory's registration of the assay may start from them; its own numbers decide.
    """

    code: str
    name: str
    analyte: str
    unit: str
    positive_from: Decimal
    grey_from: Decimal | None
    source: str


@dataclass(frozen=True)
class Panel:
    """The analytes of one ``group`` as a visit asks for them: ``content`` are the visit's words.

    ``specimens`` are the kinds of sample that they are measured in, the usual one first.
    """

    group: str
    content: tuple[str, ...]
    specimens: tuple[str, ...]
    provenance: Provenance


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
    """Negative below ``threshold``; allocatable above it; exactly at it neither.

    ``threshold`` is in the canonical unit of what is ``measured``.
    """

    measured: Analyte
    threshold: Decimal
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

    @property
    def analyte(self) -> str:
        return self.measured.code

    @property
    def unit(self) -> str:
        return self.measured.unit


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
