"""I3 corticosteroid below the limit, in prednisone equivalent (DOMAIN 2 and 12)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from enrollment.facts import SteroidDose
from enrollment.rules.criteria.case import Case, weight_date_needed, weight_or_needed
from enrollment.rules.steroids import (
    SteroidExposure,
    dose_steps,
    exposure,
    listed_in_window,
    rate,
    unreadable,
)
from enrollment.rules.verdicts import CriterionVerdict
from enrollment.rules.wording import as_typed, rounded, rounded_apart
from trial_site.messages import Message
from trial_site.protocol.definition import Criterion, gettext_noop


def corticosteroid(criterion: Criterion, case: Case) -> CriterionVerdict:
    """I3: the highest day of the window per kilogram; 0 mg passes whatever the weight.

    What was answered before the window closed cannot pass it: a dose may have been given since.
    """
    verdict = _as_answered(criterion, case)
    if verdict.blocks or case.answered_on >= case.judged_on:
        return verdict
    since = Message(
        gettext_noop("the corticosteroid doses from %(date)s on: go through the screening again"),
        {"date": case.answered_on.isoformat()},
    )
    return CriterionVerdict.of(criterion, None, steps=verdict.steps, needed=[since])


def _as_answered(criterion: Criterion, case: Case) -> CriterionVerdict:
    facts, rule = case.facts, case.protocol.steroids
    if unread := unreadable(facts.steroids, rule):
        return CriterionVerdict.of(criterion, None, needed=_readable(unread))
    found = exposure(facts.steroids, case.judged_on, rule)
    if found.highest_ped_mg > 0:
        return _of_some(criterion, case, found)
    listed = listed_in_window(facts.steroids, case.judged_on, rule)
    if facts.no_steroids or (listed and facts.no_steroids is None):
        return _of_none(criterion)
    needed = Message(
        gettext_noop("the doses of the %(days)s days before allocation, or that there were none"),
        {"days": str(len(found.window))},
    )
    return CriterionVerdict.of(criterion, None, needed=[needed])


def _of_none(criterion: Criterion) -> CriterionVerdict:
    return CriterionVerdict.of(
        criterion,
        True,
        steps=[Message(gettext_noop("0 mg in the window"))],
        flags=[
            Message(gettext_noop("No corticosteroid: the record may mean that it must be taken"))
        ],
    )


def _of_some(criterion: Criterion, case: Case, found: SteroidExposure) -> CriterionVerdict:
    steps = dose_steps(case.facts.steroids, found, case.protocol.steroids)
    weight, undated = weight_or_needed(case), weight_date_needed(case)
    needed = [undated] if undated else []
    if case.facts.no_steroids:
        needed.append(Message(gettext_noop("either the doses or “none”: both are entered")))
    if isinstance(weight, Message):
        needed = [weight, *needed]
    if isinstance(weight, Message) or needed:
        return CriterionVerdict.of(criterion, None, steps=steps, needed=needed)
    highest = rate(found.highest_ped_mg, weight)
    per_day = rounded_apart(highest, criterion.limits[0].value)
    return CriterionVerdict.of(
        criterion,
        all(bound.holds(highest) for bound in criterion.limits),
        steps=(
            *steps,
            Message("÷ %(weight)s kg", {"weight": as_typed(weight)}),
            Message("%(rate)s mg/kg/d", {"rate": per_day}),
        ),
        flags=[_for_comparison(found, weight)],
    )


def _for_comparison(found: SteroidExposure, weight: Decimal) -> Message:
    """The mean of the window, which does not decide."""
    mean = rounded(rate(found.mean_ped_mg, weight))
    text = gettext_noop("for comparison, mean of the %(days)s days as listed: %(mean)s mg/kg/d")
    return Message(text, {"days": str(len(found.window)), "mean": mean})


def _readable(unread: Sequence[SteroidDose]) -> list[Message]:
    return [
        Message(
            gettext_noop(
                "a dose and an agent of the table for %(date)s (not %(dose)s mg %(agent)s)"
            ),
            {"date": entry.on.isoformat(), "dose": as_typed(entry.dose_mg), "agent": entry.agent},
        )
        for entry in unread
    ]
