"""Eligibility of one screening: every criterion of the protocol, three states, no shortcuts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from enrollment.facts import ScreeningFacts
from enrollment.rules.consent import before_consent
from enrollment.rules.criteria import RULES
from enrollment.rules.criteria.case import Case
from enrollment.rules.criteria.label import warnings
from enrollment.rules.verdicts import CriterionVerdict, Eligibility
from trial_site.protocol.definition import Criterion, CriterionKind, Protocol


def evaluate(
    facts: ScreeningFacts,
    *,
    consent_on: date | None,
    judged_on: date,
    protocol: Protocol,
    answered_on: date | None = None,
) -> Eligibility:
    """Judge ``facts``, gone through on ``answered_on``, as if day 0 were ``judged_on``.

    Without ``answered_on`` the facts are those of the day that they are judged (DOMAIN 1.1).
    Missing, outdated, in another unit or undecidable is unknown, and unknown never passes.
    Raises ``KeyError`` for a criterion of the protocol that no rule judges.
    """
    case = Case(facts, consent_on, judged_on, protocol, answered_on or judged_on)
    verdicts = tuple(
        _judged(criterion, case)
        for criterion in protocol.criteria
        if criterion.kind is not CriterionKind.SAFETY
    )
    return Eligibility(verdicts, warnings(case), protocol.version, judged_on)


def _judged(criterion: Criterion, case: Case) -> CriterionVerdict:
    """The rule's verdict, with what was collected before the consent: flagged, never deciding."""
    verdict = RULES[criterion.id](criterion, case)
    early = before_consent(criterion.id, case.facts, case.consent_on, case.protocol)
    return replace(verdict, flags=(*verdict.flags, *early))
