"""E4b creatinine clearance by Cockcroft-Gault, unrounded (DOMAIN 1.1 and 3)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from enrollment.facts import Sex
from enrollment.rules.age import AgeRange, age_range
from enrollment.rules.clearance import (
    MG_DL,
    cockcroft_gault,
    conversion_step,
    creatinine_mg_dl,
    formula_step,
)
from enrollment.rules.criteria.case import (
    Case,
    collected_step,
    date_needed,
    sex_or_needed,
    weight_date_needed,
    weight_or_needed,
)
from enrollment.rules.verdicts import CriterionVerdict
from enrollment.rules.wording import rounded_apart
from trial_site.messages import Message
from trial_site.protocol.definition import ClearanceRule, Criterion, gettext_noop


@dataclass(frozen=True)
class _Inputs:
    """What the formula is given, once all of it is there; ages on the day of the sample."""

    sex: Sex
    weight_kg: Decimal
    creatinine_mg_dl: Fraction
    ages: AgeRange

    def clearance(self, age: int, rule: ClearanceRule) -> Fraction:
        return cockcroft_gault(
            age=age,
            weight_kg=self.weight_kg,
            creatinine_mg_dl=self.creatinine_mg_dl,
            sex=self.sex,
            rule=rule,
        )


def creatinine_clearance(criterion: Criterion, case: Case) -> CriterionVerdict:
    """E4b: at the limit is excluded."""
    collected = date_needed(
        case.facts.creatinine_collected_on, case.judged_on, criterion.max_age_days
    )
    match sex_or_needed(case), weight_or_needed(case), _creatinine(case), _ages(case):
        case Sex() as sex, Decimal() as weight, Fraction() as mg_dl, AgeRange() as ages if (
            collected is None
        ):
            return _judged(criterion, case, _Inputs(sex, weight, mg_dl, ages))
        case answers:
            needed = [answer for answer in (*answers, collected) if isinstance(answer, Message)]
            return CriterionVerdict.of(criterion, None, needed=needed)


def _judged(criterion: Criterion, case: Case, inputs: _Inputs) -> CriterionVerdict:
    """The verdict; an uncertain age decides only when every possible age agrees."""
    rule = case.protocol.clearance
    answers = {
        any(bound.holds(inputs.clearance(age, rule)) for bound in criterion.limits)
        for age in inputs.ages
    }
    decided = len(answers) == 1
    needed = Message(gettext_noop("the day of birth: the age is near the limit"))
    return CriterionVerdict.of(
        criterion,
        answers.pop() if decided else None,
        steps=_steps(criterion, case, inputs),
        needed=[] if decided else [needed],
        flags=_weight_flags(case),
    )


def _creatinine(case: Case) -> Fraction | Message:
    """Creatinine in mg/dL, or what is wrong with it."""
    facts, rule = case.facts, case.protocol.clearance
    if facts.creatinine is None:
        return Message(gettext_noop("serum creatinine"))
    mg_dl = creatinine_mg_dl(facts.creatinine, facts.creatinine_unit, rule)
    if mg_dl is None:
        return Message(gettext_noop("the unit of creatinine"))
    if rule.creatinine_limits.is_impossible(mg_dl * Fraction(rule.umol_per_mg_dl)):
        return Message(gettext_noop("a creatinine that is possible"))
    return mg_dl


def _ages(case: Case) -> AgeRange | Message | None:
    """The ages possible on the day of the sample; ``None`` when that day is missing."""
    birth, on = case.facts.birth_date, case.facts.creatinine_collected_on
    if birth is None:
        return Message(gettext_noop("the date of birth"))
    if on is None:
        return None
    if on < birth:
        return Message(gettext_noop("a date of birth before the sample"))
    return age_range(birth, on, day_known=case.facts.birth_day_known)


def _steps(criterion: Criterion, case: Case, inputs: _Inputs) -> list[Message]:
    facts, rule = case.facts, case.protocol.clearance
    steps = []
    if facts.creatinine_collected_on is not None:
        steps.append(collected_step(facts.creatinine_collected_on, case.judged_on))
    if facts.creatinine is not None and facts.creatinine_unit != MG_DL:
        steps.append(conversion_step(facts.creatinine, inputs.creatinine_mg_dl, rule))
    age = inputs.ages.oldest  # of several possible ages, the one with the lowest clearance
    steps.append(
        formula_step(
            age=age,
            weight_kg=inputs.weight_kg,
            creatinine_mg_dl=inputs.creatinine_mg_dl,
            sex=inputs.sex,
            rule=rule,
        )
    )
    clearance = rounded_apart(inputs.clearance(age, rule), criterion.limits[0].value)
    steps.append(Message("%(clearance)s mL/min", {"clearance": clearance}))
    return steps


def _weight_flags(case: Case) -> list[Message]:
    """The protocol ages the weight for corticosteroid doses only; here an old one is flagged."""
    problem = weight_date_needed(case)
    if problem is None:
        return []
    return [Message(gettext_noop("The weight should have: %(needed)s"), {"needed": problem})]
