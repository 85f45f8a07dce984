"""What every criterion is given, and what several of them ask in the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from enrollment.facts import ScreeningFacts, Sex
from enrollment.rules.verdicts import CriterionVerdict
from trial_site.messages import Message
from trial_site.protocol.definition import Criterion, Protocol, gettext_noop


@dataclass(frozen=True)
class Case:
    """One screening on the day it is judged; ``judged_on`` stands for day 0.

    ``answered_on`` is the day that the facts were last gone through: they say nothing of the days
    from then on.
    """

    facts: ScreeningFacts
    consent_on: date | None
    judged_on: date
    protocol: Protocol
    answered_on: date


CriterionRule = Callable[[Criterion, Case], CriterionVerdict]


COLLECTION_DATE = gettext_noop("the date of collection")


def date_needed(
    on: date | None, judged_on: date, max_age_days: int | None, *, missing: str = COLLECTION_DATE
) -> Message | None:
    """What is wrong with the date of a value, or ``None`` when it may be judged."""
    if on is None:
        return Message(missing)
    age = (judged_on - on).days
    if age < 0:
        return Message(
            gettext_noop("a date that is not after the day of the decision (not %(date)s)"),
            {"date": on.isoformat()},
        )
    if max_age_days is not None and age > max_age_days:
        return Message(
            gettext_noop("a value at most %(limit)s d old (this one is %(age)s d old)"),
            {"limit": str(max_age_days), "age": str(age)},
        )
    return None


def weight_or_needed(case: Case) -> Decimal | Message:
    """The weight in kg, whatever its date, or what is wrong with it."""
    weight = case.facts.weight_kg
    if weight is None:
        return Message(gettext_noop("the weight"))
    if case.protocol.steroids.weight_limits.is_impossible(weight):
        return Message(gettext_noop("a weight that is possible"))
    return weight


def weight_date_needed(case: Case) -> Message | None:
    """What is wrong with the date of the weight, as the corticosteroid rule reads it."""
    return date_needed(
        case.facts.weight_on,
        case.judged_on,
        case.protocol.steroids.weight_max_age_days,
        missing=gettext_noop("the date of the weight"),
    )


def sex_or_needed(case: Case) -> Sex | Message:
    """Sex at birth, or that it is missing."""
    return case.facts.sex or Message(gettext_noop("sex at birth"))


def collected_step(on: date, judged_on: date) -> Message:
    """When a sample was taken, and how old that makes it."""
    return Message(
        gettext_noop("collected %(date)s, %(age)s d old"),
        {"date": on.isoformat(), "age": str((judged_on - on).days)},
    )


def asked(
    criterion: Criterion, answer: bool | None, *, yes: Message, no: Message, needed: Message
) -> CriterionVerdict:
    """The verdict of a plain question: yes is met, no is not met, unanswered is unknown."""
    if answer is None:
        return CriterionVerdict.of(criterion, None, needed=[needed])
    return CriterionVerdict.of(criterion, answer, steps=[yes if answer else no])


def any_of(answers: Sequence[bool | None]) -> bool | None:
    """Three-valued OR: one yes decides, otherwise one unknown leaves it open."""
    if True in answers:
        return True
    return None if None in answers else False


def all_of(answers: Sequence[bool | None]) -> bool | None:
    """Three-valued AND: one no decides, otherwise one unknown leaves it open."""
    if False in answers:
        return False
    return None if None in answers else True
