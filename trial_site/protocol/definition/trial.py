"""What the trial is: identification, arms, allocation, visits, outcomes, decisions."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trial_site.protocol.definition.terms import Bound, Provenance


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


class AllocationMode(StrEnum):
    RANDOMISED = "randomised"
    ASSIGNED = "assigned"


@dataclass(frozen=True)
class Stratum:
    code: str  # stands in the list's label
    name: str


@dataclass(frozen=True)
class StratificationFactor:
    """A baseline fact that splits the list in two: ``limit`` on CMV-DNA, or one ``diagnosis``.

    ``inside`` is the stratum of those for whom it holds, ``outside`` that of the others.
    """

    code: str
    name: str
    inside: Stratum
    outside: Stratum
    limit: Bound | None = None
    diagnosis: str = ""

    @property
    def strata(self) -> tuple[Stratum, Stratum]:
        return self.inside, self.outside


@dataclass(frozen=True)
class AllocationRule:
    """``factors`` are those that a plan may stratify by, one at most; a plan has none by default.

    A list has at least ``shortest_list`` places and, unless asked for more, ``usual_list``.
    """

    mode: AllocationMode
    block_sizes: tuple[int, ...]
    ratio: tuple[int, int]
    list_label: str  # "…|%s|…": the stratum goes in
    shortest_list: int
    usual_list: int
    arms: tuple[ArmCode, ArmCode]  # letter A, letter B of the list algorithm
    factors: tuple[StratificationFactor, ...]
    whole_trial: Stratum
    provenance: Provenance

    def label(self, stratum: str) -> str:
        """The name of a stratum's list, which its random stream starts from."""
        return self.list_label % stratum

    def factor(self, code: str) -> StratificationFactor | None:
        """The factor ``code``; ``None`` for no factor.  Raises ``LookupError``."""
        if not code:
            return None
        for factor in self.factors:
            if factor.code == code:
                return factor
        raise LookupError(code)

    def strata(self, factor: str) -> tuple[Stratum, ...]:
        """The strata of the factor ``factor``; the whole trial for no factor."""
        found = self.factor(factor)
        return found.strata if found else (self.whole_trial,)


class Anchor(StrEnum):
    """The date that a visit is counted from."""

    ALLOCATION = "allocation"
    DAY0 = "day0"  # first ganciclovir dose
    WITHDRAWAL = "withdrawal"  # last ganciclovir dose of the first course


@dataclass(frozen=True)
class VisitRule:
    """A planned visit: ``anchor`` + ``offset_months`` (calendar, clamped) + ``offset_days``.

    The window runs from ``days_before`` before the target to ``days_after`` after it, inclusive.
    ``never_early`` forbids recording the visit before the window opens.  ``panels`` are the groups
    of analytes among its ``content``.
    """

    code: str
    title: str
    anchor: Anchor
    offset_days: int
    offset_months: int
    days_before: int
    days_after: int
    content: tuple[str, ...]
    panels: tuple[str, ...]
    never_early: bool
    provenance: Provenance


@dataclass(frozen=True)
class Outcome:
    """``analytes`` are measured at the visits ``time_points``, each against baseline; an outcome
    that is computed otherwise has neither."""

    code: str
    kind: str  # "primary" or "secondary"
    title: str  # the registry's own
    description: str  # the registry's own
    time_frame: str  # the registry's own
    short_title: str  # what staff see
    reading: str
    analytes: tuple[str, ...] = ()
    time_points: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnalysisRule:
    """Who is analysed beside all allocated: ``per_protocol_percent`` of the doses planned before
    day 7 is the least that the per-protocol set asks for."""

    per_protocol_percent: Decimal
    provenance: Provenance


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
