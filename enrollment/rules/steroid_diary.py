"""The corticosteroid window day by day, as it is shown beside the verdict (DOMAIN 2 and 12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from enrollment.facts import ScreeningFacts, SteroidDose
from enrollment.rules.steroids import (
    days_of,
    exposure,
    listed_in_window,
    rate,
    unreadable,
)
from enrollment.rules.wording import compact, dose, rounded_apart
from trial_site.messages import Message
from trial_site.protocol.definition import Number, Protocol, SteroidRule, gettext_noop

CRITERION = "I3"


@dataclass(frozen=True)
class Intake:
    """Prednisone equivalent as it is printed: ``ped`` in mg/d, ``per_kg`` in mg/kg/d or empty."""

    ped: str
    per_kg: str


@dataclass(frozen=True)
class DiaryDay:
    on: date
    doses: tuple[Message, ...]
    intake: Intake
    is_highest: bool


@dataclass(frozen=True)
class Diary:
    """Every day of the window.  The highest decides; the mean stands there for comparison."""

    days: tuple[DiaryDay, ...]
    highest: Intake
    mean: Intake


def diary(facts: ScreeningFacts, judged_on: date, protocol: Protocol) -> Diary | None:
    """The days before ``judged_on``; ``None`` where no dose is listed or one cannot be read."""
    rule = protocol.steroids
    doses = facts.steroids
    if unreadable(doses, rule) or not listed_in_window(doses, judged_on, rule):
        return None
    found = exposure(doses, judged_on, rule)
    limit = protocol.criterion(CRITERION).limits[0].value
    weight = facts.weight_kg
    if weight is not None and rule.weight_limits.is_impossible(weight):
        weight = None
    return Diary(
        tuple(
            DiaryDay(
                on,
                _given_on(on, doses, rule),
                _intake(ped, weight, limit),
                is_highest=ped > 0 and on == found.highest_on,
            )
            for on, ped in found.window.items()
        ),
        _intake(found.highest_ped_mg, weight, limit),
        _intake(found.mean_ped_mg, weight, limit),
    )


def _intake(ped: Fraction, weight: Decimal | None, limit: Number) -> Intake:
    per_kg = "" if weight is None else rounded_apart(rate(ped, weight), limit)
    return Intake(compact(ped), per_kg)


def _given_on(on: date, doses: Iterable[SteroidDose], rule: SteroidRule) -> tuple[Message, ...]:
    return tuple(_dose_words(entry, rule) for entry in doses if on in days_of(entry))


def _dose_words(entry: SteroidDose, rule: SteroidRule) -> Message:
    named: dict[str, str | Message] = {
        "agent": Message(rule.agent(entry.agent).name),
        "dose": dose(entry.dose_mg),
    }
    if entry.every_days == 1:
        return Message("%(agent)s %(dose)s mg", named)
    text = gettext_noop("%(agent)s %(dose)s mg over %(days)s days")
    return Message(text, named | {"days": str(entry.every_days)})
