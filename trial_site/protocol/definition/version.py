"""One version of the protocol, whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from trial_site.protocol.definition.doses import GanciclovirRule, Il2Rule
from trial_site.protocol.definition.eligibility import (
    ClearanceRule,
    Criterion,
    InfectionGroup,
    InfectionTest,
    SteroidRule,
)
from trial_site.protocol.definition.laboratory import (
    Analyte,
    CountRule,
    CytotoxicityRule,
    GradeTable,
    Panel,
    PcrRule,
    SerologyKit,
)
from trial_site.protocol.definition.safety import SafetyRule
from trial_site.protocol.definition.trial import (
    AllocationRule,
    AnalysisRule,
    Arm,
    Decision,
    Identification,
    Outcome,
    Reading,
    VisitRule,
)


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
    panels: tuple[Panel, ...]
    analytes: tuple[Analyte, ...]
    counts: tuple[CountRule, ...]
    serology_kits: tuple[SerologyKit, ...]
    ucum: Mapping[str, str]  # unit -> its code
    grades: tuple[GradeTable, ...]
    pcr: PcrRule
    cytotoxicity: CytotoxicityRule
    safety: SafetyRule
    outcomes: tuple[Outcome, ...]
    analysis: AnalysisRule
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
        return self._analytes[code]

    @cached_property
    def _analytes(self) -> dict[str, Analyte]:
        return {row.code: row for row in self.analytes}

    def panel(self, group: str) -> Panel:
        return next(row for row in self.panels if row.group == group)

    def grade_table(self, analyte: str) -> GradeTable | None:
        return self._grade_tables.get(analyte)

    @cached_property
    def _grade_tables(self) -> dict[str, GradeTable]:
        return {table.analyte: table for table in self.grades}

    def visit(self, code: str) -> VisitRule:
        return next(row for row in self.visits if row.code == code)

    def decision(self, decision_id: str) -> Decision:
        return next(row for row in self.decisions if row.id == decision_id)

    def outcome(self, code: str) -> Outcome:
        return next(row for row in self.outcomes if row.code == code)
