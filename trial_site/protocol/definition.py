"""The types that a protocol version is written in.

Standard library only, so that a clinician's review needs no framework: frozen dataclasses,
exact numbers (``Decimal``), units always beside the number, bounds that are named instead of
strings to evaluate.  Texts that staff read go through ``gettext_noop``: they are collected for
translation here and translated where they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

Number = Decimal | Fraction | int


def gettext_noop(message: str) -> str:
    """Mark ``message`` for translation; it is translated when it is shown."""
    return message


class Source(StrEnum):
    """Where a row of the protocol comes from."""

    REGISTRY = "registry"
    DECISION = "decision"


@dataclass(frozen=True)
class Provenance:
    """The registry's own words for a row, and the reading that was chosen where they are silent.

    ``quote`` is word for word from the registry record (empty only for ``Source.DECISION``);
    ``decision`` names the row of the decision table (``"D7"``) or of the readings (``"Age"``).
    """

    source: Source
    quote: str = ""
    reading: str = ""
    decision: str = ""


class Comparison(StrEnum):
    """The four ways a value can be held against a limit; each says what happens at the limit."""

    AT_LEAST = "at_least"
    ABOVE = "above"
    AT_MOST = "at_most"
    BELOW = "below"


@dataclass(frozen=True)
class Bound:
    """One limit: ``holds`` is exact, never rounded."""

    comparison: Comparison
    value: Decimal
    unit: str

    def holds(self, value: Number) -> bool:
        """Whether ``value``, in ``self.unit``, is on the named side of the limit."""
        difference = Fraction(value) - Fraction(self.value)
        match self.comparison:
            case Comparison.AT_LEAST:
                return difference >= 0
            case Comparison.ABOVE:
                return difference > 0
            case Comparison.AT_MOST:
                return difference <= 0
            case Comparison.BELOW:
                return difference < 0


def at_least(value: str, unit: str) -> Bound:
    return Bound(Comparison.AT_LEAST, Decimal(value), unit)


def above(value: str, unit: str) -> Bound:
    return Bound(Comparison.ABOVE, Decimal(value), unit)


def at_most(value: str, unit: str) -> Bound:
    return Bound(Comparison.AT_MOST, Decimal(value), unit)


def below(value: str, unit: str) -> Bound:
    return Bound(Comparison.BELOW, Decimal(value), unit)


@dataclass(frozen=True)
class EntryLimits:
    """What a form asks about (soft) and what is impossible (hard).

    A value outside ``soft`` asks "is this right?"; a value outside ``hard`` cannot be true.  Hard
    never means "against the protocol": a real overdose must be recordable.  Each side is a bound
    that plausible values satisfy.
    """

    unit: str
    soft: tuple[Bound, ...] = ()
    hard: tuple[Bound, ...] = ()

    def is_doubtful(self, value: Number) -> bool:
        return not all(bound.holds(value) for bound in self.soft)

    def is_impossible(self, value: Number) -> bool:
        return not all(bound.holds(value) for bound in self.hard)


# --- identification, arms -------------------------------------------------------------------


@dataclass(frozen=True)
class Identification:
    registry_id: str
    brief_title: str
    official_title: str
    sponsor: str
    phase: str
    enrolment_target: int
    per_arm_target: int
    allocation_quote: str
    masking_quote: str


class Drug(StrEnum):
    """The drugs that the trial gives (``arm.drugs``) or reports."""

    IL2 = "il2"
    GANCICLOVIR = "ganciclovir"


class ArmCode(StrEnum):
    IL2_GANCICLOVIR = "il2_gcv"
    GANCICLOVIR = "gcv"


@dataclass(frozen=True)
class Arm:
    code: ArmCode
    short_label: str
    registry_label: str
    registry_type: str
    kind: str
    drugs: tuple[Drug, ...]
    provenance: Provenance


# --- eligibility ----------------------------------------------------------------------------


class CriterionKind(StrEnum):
    INCLUSION = "inclusion"
    EXCLUSION = "exclusion"
    SAFETY = "safety"  # a label stop that warns and never decides eligibility


@dataclass(frozen=True)
class Criterion:
    """One criterion: its registry sentence, its limits and how they are read.

    ``limits`` are the bounds that the *criterion* states: for an inclusion all must hold to pass,
    for an exclusion any that holds excludes.  ``max_age_days`` is how old the judged value may be.
    """

    id: str
    kind: CriterionKind
    title: str
    limit_text: str
    provenance: Provenance
    limits: tuple[Bound, ...] = ()
    max_age_days: int | None = None


@dataclass(frozen=True)
class SteroidAgent:
    """``equivalent_mg`` milligrams equal ``prednisone_mg`` (5) of prednisone; systemic routes."""

    code: str
    name: str
    equivalent_mg: Decimal


@dataclass(frozen=True)
class SteroidRule:
    agents: tuple[SteroidAgent, ...]
    prednisone_mg: Decimal
    window_first_day: int  # calendar day relative to allocation, -7
    window_last_day: int  # -1
    weight_max_age_days: int
    weight_limits: EntryLimits
    daily_prednisone_limits: EntryLimits
    provenance: Provenance

    def agent(self, code: str) -> SteroidAgent:
        return next(agent for agent in self.agents if agent.code == code)


@dataclass(frozen=True)
class ClearanceRule:
    """Cockcroft-Gault: (age_offset - age) x kg / (divisor x mg/dL) x female_factor if female."""

    formula_id: str
    age_offset: int
    divisor: int
    female_factor: Decimal
    umol_per_mg_dl: Decimal
    creatinine_limits: EntryLimits  # in umol/L
    unit_slip_mg_dl_above: Decimal  # above this, mg/dL asks "is this umol/L?"
    provenance: Provenance


@dataclass(frozen=True)
class InfectionTest:
    """One test of criterion E2.  ``group`` is the infection that the test speaks for."""

    code: str
    name: str
    group: str
    required: bool


class TestsNeeded(StrEnum):
    """Which negative tests it takes to say that an infection is absent (DOMAIN 1.1 E2, 12)."""

    EVERY_REQUIRED = "every_required"  # each test marked ``required``
    ANY = "any"  # one of the group's tests is enough, when none is positive
    IF_FEBRILE = "if_febrile"  # the group's tests, asked for only while the patient has fever


@dataclass(frozen=True)
class InfectionGroup:
    """One infection of criterion E2; its tests are those whose ``group`` is ``code``."""

    code: str
    name: str
    needed: TestsNeeded


# --- allocation -----------------------------------------------------------------------------


class AllocationMode(StrEnum):
    RANDOMISED = "randomised"
    ASSIGNED = "assigned"


@dataclass(frozen=True)
class AllocationRule:
    mode: AllocationMode
    block_sizes: tuple[int, ...]
    ratio: tuple[int, int]
    list_label: str
    arms: tuple[ArmCode, ArmCode]  # letter A, letter B of the list algorithm
    provenance: Provenance


# --- visits ---------------------------------------------------------------------------------


class Anchor(StrEnum):
    """The date that a visit is counted from."""

    ALLOCATION = "allocation"
    DAY0 = "day0"  # first ganciclovir dose
    WITHDRAWAL = "withdrawal"  # last ganciclovir dose of the first course


@dataclass(frozen=True)
class VisitRule:
    """A planned visit: ``anchor`` + ``offset_months`` (calendar, clamped) + ``offset_days``.

    The window runs from ``days_before`` before the target to ``days_after`` after it, inclusive.
    ``never_early`` forbids recording the visit before the window opens.
    """

    code: str
    title: str
    anchor: Anchor
    offset_days: int
    offset_months: int
    days_before: int
    days_after: int
    content: tuple[str, ...]
    never_early: bool
    provenance: Provenance


# --- doses ----------------------------------------------------------------------------------


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
class GanciclovirRule:
    bands: tuple[ClearanceBand, ...]
    holds: tuple[HoldRule, ...]
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


# --- laboratory -----------------------------------------------------------------------------


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


# --- outcomes, decisions --------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    code: str
    kind: str  # "primary" or "secondary"
    title: str  # the registry's own
    description: str  # the registry's own
    time_frame: str  # the registry's own
    short_title: str  # what staff see
    reading: str


@dataclass(frozen=True)
class Decision:
    """Where the registry record contradicts itself (DOMAIN 1.3)."""

    id: str
    record_says: str
    chosen: str
    configurable: str
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A reading that removes doubt (DOMAIN 12)."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Protocol:
    """One version of the protocol, whole.  An amendment adds a version; none is ever edited."""

    version: str
    identification: Identification
    arms: tuple[Arm, ...]
    criteria: tuple[Criterion, ...]
    infection_groups: tuple[InfectionGroup, ...]
    infection_tests: tuple[InfectionTest, ...]
    steroids: SteroidRule
    clearance: ClearanceRule
    allocation: AllocationRule
    visits: tuple[VisitRule, ...]
    ganciclovir: GanciclovirRule
    il2: Il2Rule
    analytes: tuple[Analyte, ...]
    grades: tuple[GradeTable, ...]
    pcr: PcrRule
    cytotoxicity: CytotoxicityRule
    outcomes: tuple[Outcome, ...]
    decisions: tuple[Decision, ...]
    readings: tuple[Reading, ...]
    follow_up_months: int
    criteria_sets: Mapping[str, tuple[str, ...]]  # diagnosis -> accepted classification criteria
    diagnosis_names: Mapping[str, str]  # diagnosis -> what staff see

    def arm(self, code: str) -> Arm:
        return next(arm for arm in self.arms if arm.code == code)

    def criterion(self, criterion_id: str) -> Criterion:
        return next(row for row in self.criteria if row.id == criterion_id)

    def analyte(self, code: str) -> Analyte:
        return next(row for row in self.analytes if row.code == code)

    def grade_table(self, analyte: str) -> GradeTable | None:
        return next((table for table in self.grades if table.analyte == analyte), None)

    def visit(self, code: str) -> VisitRule:
        return next(row for row in self.visits if row.code == code)

    def outcome(self, code: str) -> Outcome:
        return next(row for row in self.outcomes if row.code == code)
