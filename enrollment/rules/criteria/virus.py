"""I2 CMV-DNA above the threshold, E1 CMV-DNA negative (DOMAIN 1.1, 1.3 rows 4 and 5, and 6)."""

from __future__ import annotations

from enrollment.facts import Operator, ViralLoad
from enrollment.rules.criteria.case import Case, all_of, any_of, collected_step, date_needed
from enrollment.rules.verdicts import CriterionVerdict
from enrollment.rules.viral_load import holds
from enrollment.rules.wording import as_typed
from trial_site.messages import Message
from trial_site.protocol.definition import Criterion, Protocol, gettext_noop


def cmv_positive(criterion: Criterion, case: Case) -> CriterionVerdict:
    """I2: more than the threshold, in plasma, fresh; detected but not above it is not enough."""
    load = case.facts.cmv or ViralLoad()
    needed = _unjudgeable(load, criterion, case)
    above = None if needed else all_of([holds(bound, load) for bound in criterion.limits])
    steps = _result_steps(load, case)
    if above is False:
        steps.append(_why_not_allocatable(load, case.protocol))
    elif above is None and not needed:
        needed.append(_decidable(case.protocol))
    return CriterionVerdict.of(criterion, above, steps=steps, needed=needed)


def cmv_negative(criterion: Criterion, case: Case) -> CriterionVerdict:
    """E1: below the threshold; exactly at it is not negative."""
    load = case.facts.cmv or ViralLoad()
    needed = _unjudgeable(load, criterion, case)
    negative = None if needed else any_of([holds(bound, load) for bound in criterion.limits])
    if negative is None and not needed:
        needed.append(_decidable(case.protocol))
    return CriterionVerdict.of(criterion, negative, steps=_result_steps(load, case), needed=needed)


def _unjudgeable(load: ViralLoad, criterion: Criterion, case: Case) -> list[Message]:
    """What a result lacks before its number may be looked at."""
    rule = case.protocol.pcr
    if load.operator is None:
        return [Message(gettext_noop("a CMV-DNA result"))]
    needed = _missing_number(load, case.protocol)
    if load.unit != rule.unit:
        needed.append(
            Message(
                gettext_noop("a result in %(unit)s (other units are not converted)"),
                {"unit": rule.unit},
            )
        )
    if load.specimen != rule.specimen:
        needed.append(
            Message(
                gettext_noop("a result from %(specimen)s"), {"specimen": Message(rule.specimen)}
            )
        )
    if problem := date_needed(load.collected_on, case.judged_on, criterion.max_age_days):
        needed.append(problem)
    return needed


def _missing_number(load: ViralLoad, protocol: Protocol) -> list[Message]:
    not_detected = load.operator is Operator.NOT_DETECTED
    number = load.lod if not_detected else load.value
    if number is None and not_detected:
        return [Message(gettext_noop("the assay's limit of detection"))]
    if number is None:
        return [Message(gettext_noop("the number of the CMV-DNA result"))]
    limits = protocol.analyte(protocol.pcr.analyte).entry_limits
    if limits is not None and limits.is_impossible(number):
        return [Message(gettext_noop("a CMV-DNA number that is possible"))]
    return []


def _decidable(protocol: Protocol) -> Message:
    return Message(
        gettext_noop("a result that can be told apart from %(limit)s %(unit)s"),
        {"limit": as_typed(protocol.pcr.threshold), "unit": protocol.pcr.unit},
    )


def _result_steps(load: ViralLoad, case: Case) -> list[Message]:
    """When it was collected and what was reported, as far as it was typed."""
    steps = []
    if load.collected_on is not None:
        steps.append(collected_step(load.collected_on, case.judged_on))
    unit = load.unit or ""
    if load.operator is Operator.NOT_DETECTED and load.lod is None:
        steps.append(Message(gettext_noop("not detected")))
    elif load.operator is Operator.NOT_DETECTED and load.lod is not None:
        text = gettext_noop("not detected, limit of detection %(value)s %(unit)s")
        steps.append(Message(text, {"value": as_typed(load.lod), "unit": unit}))
    elif load.operator is not None and load.value is not None:
        sign = "" if load.operator is Operator.EQUAL else f"{load.operator} "
        steps.append(
            Message(
                "%(sign)s%(value)s %(unit)s",
                {"sign": sign, "value": as_typed(load.value), "unit": unit},
            )
        )
    return steps


def _why_not_allocatable(load: ViralLoad, protocol: Protocol) -> Message:
    threshold = protocol.pcr.threshold
    if load.operator is Operator.NOT_DETECTED:
        return Message(gettext_noop("negative"))
    if load.operator is Operator.EQUAL and load.value == threshold:
        return Message(gettext_noop("at the limit: not negative and not allocatable, repeat"))
    return Message(
        gettext_noop("detected, but not above %(limit)s %(unit)s: positive, not allocatable"),
        {"limit": as_typed(threshold), "unit": protocol.pcr.unit},
    )
