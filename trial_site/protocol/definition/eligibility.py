"""Who may enter: criteria, and the rules that their values are worked out by."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trial_site.protocol.definition.terms import Bound, EntryLimits, Provenance


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
