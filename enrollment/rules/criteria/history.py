"""What the investigator answers: E3, E4a, E4e, E5 and E6 (DOMAIN 1.1)."""

from __future__ import annotations

from dataclasses import dataclass

from enrollment.rules.criteria.case import Case, asked
from enrollment.rules.verdicts import CriterionVerdict
from trial_site.messages import Message
from trial_site.protocol.definition import Criterion, gettext_noop


def il2_allergy(criterion: Criterion, case: Case) -> CriterionVerdict:
    """E3: known allergy or intolerance to IL-2 or its excipients."""
    return asked(
        criterion,
        case.facts.il2_allergy,
        yes=Message(gettext_noop("known allergy or intolerance to IL-2")),
        no=Message(gettext_noop("no known allergy or intolerance to IL-2")),
        needed=Message(gettext_noop("whether IL-2 or its excipients are not tolerated")),
    )


def heart_failure(criterion: Criterion, case: Case) -> CriterionVerdict:
    """E4a: NYHA class at the limit or above it excludes; no heart failure does not."""
    failing, nyha = case.facts.heart_failure, case.facts.nyha
    if failing is None or (not failing and nyha is not None):
        needed = Message(gettext_noop("whether there is heart failure"))
        return CriterionVerdict.of(criterion, None, needed=[needed])
    if not failing:
        step = Message(gettext_noop("no heart failure"))
        return CriterionVerdict.of(criterion, False, steps=[step])
    if nyha is None:
        needed = Message(gettext_noop("the NYHA class"))
        return CriterionVerdict.of(criterion, None, needed=[needed])
    step = Message(gettext_noop("NYHA class %(nyha)s"), {"nyha": str(nyha)})
    excluded = any(bound.holds(nyha) for bound in criterion.limits)
    return CriterionVerdict.of(criterion, excluded, steps=[step])


def other_severe_disease(criterion: Criterion, case: Case) -> CriterionVerdict:
    """E4e: the investigator's judgement, with its words."""
    return _judgement(
        criterion,
        case.facts.other_severe_disease,
        case.facts.other_severe_disease_text,
        _Wording(
            yes=gettext_noop("other severe disease: %(text)s"),
            no=gettext_noop("no other severe disease"),
            no_although=gettext_noop("Another disease, judged not to exclude: %(text)s"),
            unanswered=gettext_noop("whether there is another severe disease"),
            unexplained=gettext_noop("which disease, and why it is severe"),
        ),
    )


def malignancy(criterion: Criterion, case: Case) -> CriterionVerdict:
    """E5: any history excludes, unless the investigator overrides it with a reason."""
    reason = case.facts.malignancy_override_reason.strip()
    if case.facts.malignancy and reason:
        text = gettext_noop("Malignancy in the history, overridden by the investigator: %(reason)s")
        return CriterionVerdict.of(
            criterion,
            False,
            steps=[Message(gettext_noop("history of malignancy, overridden"))],
            flags=[Message(text, {"reason": reason})],
        )
    return asked(
        criterion,
        case.facts.malignancy,
        yes=Message(gettext_noop("history of malignancy")),
        no=Message(gettext_noop("no history of malignancy")),
        needed=Message(gettext_noop("whether there was ever a malignancy")),
    )


def psychiatric_disorder(criterion: Criterion, case: Case) -> CriterionVerdict:
    """E6: an uncontrolled disorder excludes, a controlled one does not."""
    return _judgement(
        criterion,
        case.facts.uncontrolled_psychiatric,
        case.facts.uncontrolled_psychiatric_text,
        _Wording(
            yes=gettext_noop("uncontrolled psychiatric or emotional disorder: %(text)s"),
            no=gettext_noop("no uncontrolled psychiatric or emotional disorder"),
            no_although=gettext_noop("A disorder, judged to be controlled: %(text)s"),
            unanswered=gettext_noop("whether there is an uncontrolled psychiatric disorder"),
            unexplained=gettext_noop("which disorder, and why it is uncontrolled"),
        ),
    )


@dataclass(frozen=True)
class _Wording:
    """The sentences of one judgement; ``%(text)s`` is what the investigator wrote."""

    yes: str
    no: str
    no_although: str
    unanswered: str
    unexplained: str


def _judgement(
    criterion: Criterion, answer: bool | None, text: str, wording: _Wording
) -> CriterionVerdict:
    """A judgement against the patient counts with its reason only; a no may say what it weighed."""
    written = {"text": text.strip()}
    if answer is None:
        return CriterionVerdict.of(criterion, None, needed=[Message(wording.unanswered)])
    if not answer:
        flags = [Message(wording.no_although, written)] if written["text"] else []
        return CriterionVerdict.of(criterion, False, steps=[Message(wording.no)], flags=flags)
    if not written["text"]:
        return CriterionVerdict.of(criterion, None, needed=[Message(wording.unexplained)])
    return CriterionVerdict.of(criterion, True, steps=[Message(wording.yes, written)])
