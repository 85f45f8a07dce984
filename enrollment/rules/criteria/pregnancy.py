"""E7 pregnant or breast-feeding; without child-bearing potential it does not apply (DOMAIN 1.1)."""

from __future__ import annotations

from enrollment.facts import QualitativeResult, ScreeningFacts, Sex
from enrollment.rules.criteria.case import Case, collected_step, date_needed, sex_or_needed
from enrollment.rules.verdicts import CriterionVerdict
from trial_site.messages import Message
from trial_site.protocol.definition import Criterion, gettext_noop

RESULT_STEPS = {
    QualitativeResult.NEGATIVE: gettext_noop("β-hCG negative"),
    QualitativeResult.POSITIVE: gettext_noop("β-hCG positive"),
}


def pregnancy(criterion: Criterion, case: Case) -> CriterionVerdict:
    """E7: any excludes; a test counts while it is fresh, and a fresh positive one always does."""
    sex, facts = sex_or_needed(case), case.facts
    if isinstance(sex, Message):
        return CriterionVerdict.of(criterion, None, needed=[sex])
    if sex is Sex.MALE:
        return _of_a_man(criterion, facts)
    if facts.breastfeeding:
        step = Message(gettext_noop("breast-feeding"))
        return CriterionVerdict.of(criterion, True, steps=[step])
    needed = _test_needed(criterion, case)
    positive = facts.hcg is QualitativeResult.POSITIVE
    if positive and not needed:
        return CriterionVerdict.of(criterion, True, steps=_test_steps(case))
    if facts.childbearing_potential is False and not positive:
        reason = Message(gettext_noop("no child-bearing potential: not applicable"))
        return CriterionVerdict.not_applicable(criterion, reason)
    needed += _unanswered(facts)
    return CriterionVerdict.of(
        criterion, None if needed else False, steps=_test_steps(case), needed=needed
    )


def _of_a_man(criterion: Criterion, facts: ScreeningFacts) -> CriterionVerdict:
    """Not asked: an answer to it says that one of the two is wrong."""
    answers = (facts.childbearing_potential, facts.hcg, facts.hcg_on, facts.breastfeeding)
    if any(answer is not None for answer in answers):
        needed = gettext_noop("either male at birth or answers about pregnancy: both are entered")
        return CriterionVerdict.of(criterion, None, needed=[Message(needed)])
    reason = Message(gettext_noop("male at birth: not applicable"))
    return CriterionVerdict.not_applicable(criterion, reason)


def _test_needed(criterion: Criterion, case: Case) -> list[Message]:
    if case.facts.hcg not in RESULT_STEPS:
        return [Message(gettext_noop("a pregnancy test (β-hCG)"))]
    problem = date_needed(
        case.facts.hcg_on,
        case.judged_on,
        criterion.max_age_days,
        missing=gettext_noop("the date of the pregnancy test"),
    )
    return [problem] if problem else []


def _unanswered(facts: ScreeningFacts) -> list[Message]:
    needed = []
    if facts.childbearing_potential is None:
        needed.append(Message(gettext_noop("whether child-bearing is possible")))
    if facts.breastfeeding is None:
        needed.append(Message(gettext_noop("whether the patient is breast-feeding")))
    return needed


def _test_steps(case: Case) -> list[Message]:
    steps = []
    if case.facts.hcg_on is not None:
        steps.append(collected_step(case.facts.hcg_on, case.judged_on))
    if case.facts.hcg in RESULT_STEPS:
        steps.append(Message(RESULT_STEPS[case.facts.hcg]))
    return steps
