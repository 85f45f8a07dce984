"""What harms: reactions and terms with their grades, seriousness, reporting clocks, deviations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trial_site.protocol.definition.terms import Bound, EntryLimits, Provenance
from trial_site.protocol.definition.trial import Drug


@dataclass(frozen=True)
class AdverseTerm:
    """A term of CTCAE with the criteria of each grade, in words.

    ``measured`` are the grades that one measurement shows, each from its bound on, the mildest
    first.
    """

    code: str
    name: str
    grades: Mapping[int, str]
    provenance: Provenance
    measured: tuple[tuple[int, Bound], ...] = ()


@dataclass(frozen=True)
class ReactionKind:
    """What a nurse sees after a dose; ``term`` grades it, ``is_local`` has a diameter."""

    code: str
    name: str
    term: str
    is_local: bool = False


@dataclass(frozen=True)
class VitalSign:
    """One vital sign: what the form asks about, where its alert begins, the ``term`` it grades."""

    code: str
    name: str
    unit: str
    limits: EntryLimits
    alert: Bound | None
    provenance: Provenance
    term: str = ""


@dataclass(frozen=True)
class Seriousness:
    """A criterion of a serious event; ``is_fatal_or_life_threatening`` shortens its clock."""

    code: str
    name: str
    is_fatal_or_life_threatening: bool = False


@dataclass(frozen=True)
class ReportingRule:
    """The clocks of serious events.  Day counts are calendar days, awareness being day 0.

    ``warn_hours`` before a clock runs out, whoever must report is told again.
    """

    sponsor_hours: int
    suspected_fatal_days: int
    suspected_fatal_follow_up_days: int
    suspected_other_days: int
    warn_hours: int
    provenance: Provenance


@dataclass(frozen=True)
class InteractingDrug:
    """A medicine that matters beside ``drug``; ``words`` find it in what was typed."""

    code: str
    name: str
    words: tuple[str, ...]
    drug: Drug
    warning: str
    provenance: Provenance


@dataclass(frozen=True)
class OtherAntiviral:
    """A medicine against cytomegalovirus other than intravenous ganciclovir; ``words`` find it in
    what was typed.  ``is_switch``: whoever takes it has switched to another antiviral."""

    code: str
    name: str
    words: tuple[str, ...]
    is_switch: bool
    provenance: Provenance


@dataclass(frozen=True)
class DeviationKind:
    """A departure from the protocol.  ``severity`` (minor, major) is proposed, never decided.

    ``is_certain`` ones are facts: they can be assessed, not dismissed.
    """

    code: str
    name: str
    severity: str
    provenance: Provenance
    is_certain: bool = False


@dataclass(frozen=True)
class SafetyRule:
    """Everything about harm.

    ``offer_from_grade`` is from which grade on a laboratory result is offered as an adverse event;
    ``general_grades`` are the words of a grade for a term that has none of its own.
    """

    terms: tuple[AdverseTerm, ...]
    general_grades: Mapping[int, str]
    reactions: tuple[ReactionKind, ...]
    vital_signs: tuple[VitalSign, ...]
    seriousness: tuple[Seriousness, ...]
    reporting: ReportingRule
    interactions: tuple[InteractingDrug, ...]
    antivirals: tuple[OtherAntiviral, ...]
    deviations: tuple[DeviationKind, ...]
    offer_from_grade: int
    provenance: Provenance

    def term(self, code: str) -> AdverseTerm | None:
        return next((row for row in self.terms if row.code == code), None)

    def reaction(self, code: str) -> ReactionKind:
        return next(row for row in self.reactions if row.code == code)

    def vital_sign(self, code: str) -> VitalSign:
        return next(row for row in self.vital_signs if row.code == code)

    def deviation(self, code: str) -> DeviationKind:
        return next(row for row in self.deviations if row.code == code)
