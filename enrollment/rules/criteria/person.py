"""A1 age, A2 sex, I1 rheumatic disease (DOMAIN 1.1 and 12)."""

from __future__ import annotations

from enrollment.facts import ScreeningFacts, Sex
from enrollment.rules.age import AgeRange, age_range
from enrollment.rules.criteria.case import Case, date_needed, sex_or_needed
from enrollment.rules.verdicts import CriterionVerdict
from trial_site.messages import Message
from trial_site.protocol.definition import Criterion, Protocol, gettext_noop

OTHER_DIAGNOSIS = "other"

SEX_STEPS = {
    Sex.FEMALE: gettext_noop("female at birth"),
    Sex.MALE: gettext_noop("male at birth"),
}


def age(criterion: Criterion, case: Case) -> CriterionVerdict:
    """A1: completed years on the day of consent."""
    birth, consent_on = case.facts.birth_date, case.consent_on
    needed = []
    if birth is None:
        needed.append(Message(gettext_noop("the date of birth")))
    elif consent_on is not None and consent_on < birth:
        needed.append(Message(gettext_noop("a date of birth before the date of consent")))
    if problem := date_needed(
        consent_on, case.judged_on, None, missing=gettext_noop("the date of consent")
    ):
        needed.append(problem)
    if birth is None or consent_on is None or needed:
        return CriterionVerdict.of(criterion, None, needed=needed)
    ages = age_range(birth, consent_on, day_known=case.facts.birth_day_known)
    return _judged_age(criterion, ages, consent_on.isoformat())


def _judged_age(criterion: Criterion, ages: AgeRange, consent_on: str) -> CriterionVerdict:
    answers = {all(bound.holds(years) for bound in criterion.limits) for years in ages}
    if len(answers) > 1:
        step = Message(
            gettext_noop("%(youngest)s or %(oldest)s years on the day of consent, %(date)s"),
            {"youngest": str(ages.youngest), "oldest": str(ages.oldest), "date": consent_on},
        )
        needed = Message(gettext_noop("the day of birth: the age is near the limit"))
        return CriterionVerdict.of(criterion, None, steps=[step], needed=[needed])
    step = Message(
        gettext_noop("%(age)s completed years on the day of consent, %(date)s"),
        {"age": str(ages.youngest), "date": consent_on},
    )
    return CriterionVerdict.of(criterion, answers.pop(), steps=[step])


def sex(criterion: Criterion, case: Case) -> CriterionVerdict:
    """A2: all sexes; sex at birth is needed by the clearance and the pregnancy criterion."""
    match sex_or_needed(case):
        case Sex() as known:
            return CriterionVerdict.of(criterion, True, steps=[Message(SEX_STEPS[known])])
        case needed:
            return CriterionVerdict.of(criterion, None, needed=[needed])


def rheumatic_disease(criterion: Criterion, case: Case) -> CriterionVerdict:
    """I1: diagnosis, a named criteria set, its date and the investigator's attestation."""
    facts = case.facts
    needed = _missing_of_diagnosis(facts, case.protocol)
    if problem := date_needed(
        facts.diagnosis_on, case.judged_on, None, missing=gettext_noop("the date of diagnosis")
    ):
        needed.append(problem)
    if facts.diagnosis_attested is None:
        needed.append(Message(gettext_noop("the investigator's attestation of the diagnosis")))
    if needed:
        return CriterionVerdict.of(criterion, None, needed=needed)
    return CriterionVerdict.of(
        criterion, facts.diagnosis_attested, steps=_diagnosis_steps(facts, case.protocol)
    )


def _missing_of_diagnosis(facts: ScreeningFacts, protocol: Protocol) -> list[Message]:
    needed = []
    if facts.diagnosis not in protocol.criteria_sets:
        needed.append(Message(gettext_noop("a diagnosis of the list")))
    elif facts.diagnosis == OTHER_DIAGNOSIS and not facts.diagnosis_text.strip():
        needed.append(Message(gettext_noop("the name of the disease and of its criteria")))
    accepted = protocol.criteria_sets.get(facts.diagnosis or "", ())
    if facts.criteria_set not in accepted:
        needed.append(Message(gettext_noop("a classification criteria set for the diagnosis")))
    return needed


def _diagnosis_steps(facts: ScreeningFacts, protocol: Protocol) -> list[Message]:
    named = Message(
        gettext_noop("%(diagnosis)s by %(criteria)s, diagnosed %(date)s"),
        {
            "diagnosis": Message(protocol.diagnosis_names[str(facts.diagnosis)]),
            "criteria": Message(str(facts.criteria_set)),
            "date": str(facts.diagnosis_on),
        },
    )
    attested = (
        gettext_noop("attested by the investigator")
        if facts.diagnosis_attested
        else gettext_noop("not attested by the investigator")
    )
    if not facts.diagnosis_text:
        return [named, Message(attested)]
    described = Message("“%(text)s”", {"text": facts.diagnosis_text})
    return [named, described, Message(attested)]
