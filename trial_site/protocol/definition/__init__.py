"""The types that a protocol version is written in.

Standard library only, so that a clinician's review needs no framework: frozen dataclasses,
exact numbers (``Decimal``), units always beside the number, bounds that are named instead of
strings to evaluate.  Texts that staff read go through ``gettext_noop``: they are collected for
translation here and translated where they are shown.
"""

from trial_site.protocol.definition.doses import (
    BandDose,
    ClearanceBand,
    Frequency,
    GanciclovirRule,
    HoldRule,
    Il2Rule,
)
from trial_site.protocol.definition.eligibility import (
    ClearanceRule,
    Criterion,
    CriterionKind,
    InfectionGroup,
    InfectionTest,
    SteroidAgent,
    SteroidRule,
    TestsNeeded,
)
from trial_site.protocol.definition.laboratory import (
    Analyte,
    CytotoxicityRule,
    GradeBound,
    GradeTable,
    PcrRule,
    Reference,
    UnitConversion,
)
from trial_site.protocol.definition.terms import (
    Bound,
    Comparison,
    EntryLimits,
    Number,
    Provenance,
    Source,
    above,
    at_least,
    at_most,
    below,
    gettext_noop,
)
from trial_site.protocol.definition.trial import (
    AllocationMode,
    AllocationRule,
    Anchor,
    Arm,
    ArmCode,
    Decision,
    Drug,
    Identification,
    Outcome,
    Reading,
    VisitRule,
)
from trial_site.protocol.definition.version import Protocol

__all__ = [
    "AllocationMode",
    "AllocationRule",
    "Analyte",
    "Anchor",
    "Arm",
    "ArmCode",
    "BandDose",
    "Bound",
    "ClearanceBand",
    "ClearanceRule",
    "Comparison",
    "Criterion",
    "CriterionKind",
    "CytotoxicityRule",
    "Decision",
    "Drug",
    "EntryLimits",
    "Frequency",
    "GanciclovirRule",
    "GradeBound",
    "GradeTable",
    "HoldRule",
    "Identification",
    "Il2Rule",
    "InfectionGroup",
    "InfectionTest",
    "Number",
    "Outcome",
    "PcrRule",
    "Protocol",
    "Provenance",
    "Reading",
    "Reference",
    "Source",
    "SteroidAgent",
    "SteroidRule",
    "TestsNeeded",
    "UnitConversion",
    "VisitRule",
    "above",
    "at_least",
    "at_most",
    "below",
    "gettext_noop",
]
