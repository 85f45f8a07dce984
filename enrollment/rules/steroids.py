"""Systemic corticosteroid as prednisone equivalent, in mg/d and mg/kg/d (DOMAIN 2 and 12)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from enrollment.facts import SteroidDose
from enrollment.rules.wording import compact, dose
from trial_site.messages import Message
from trial_site.protocol.definition import SteroidAgent, SteroidRule, gettext_noop


@dataclass(frozen=True)
class SteroidExposure:
    """Prednisone equivalent (PED) of the days before allocation, in mg of prednisone a day.

    ``window`` has every day of it, in order; a day for which nothing is listed counts as 0.
    """

    window: Mapping[date, Fraction]

    @property
    def highest_on(self) -> date:
        """The day with the highest PED, the latest of several."""
        return max(self.window, key=lambda day: (self.window[day], day))

    @property
    def highest_ped_mg(self) -> Fraction:
        return self.window[self.highest_on]

    @property
    def mean_ped_mg(self) -> Fraction:
        return sum(self.window.values(), Fraction(0)) / len(self.window)


def rate(ped_mg: Fraction, weight_kg: Decimal) -> Fraction:
    """PED per kilogram of actual weight, mg/kg/d, exactly."""
    return ped_mg / Fraction(weight_kg)


def window_days(judged_on: date, rule: SteroidRule) -> tuple[date, ...]:
    """The calendar days before allocation that are looked at, in order."""
    offsets = range(rule.window_first_day, rule.window_last_day + 1)
    return tuple(judged_on + timedelta(days=offset) for offset in offsets)


def days_of(entry: SteroidDose) -> tuple[date, ...]:
    """The days that a dose is spread over: its own, or its cycle when it is not daily."""
    return tuple(entry.on + timedelta(days=day) for day in range(entry.every_days))


def in_table(doses: Iterable[SteroidDose], rule: SteroidRule) -> list[SteroidDose]:
    """The entries whose agent the protocol can convert."""
    known = {agent.code for agent in rule.agents}
    return [entry for entry in doses if entry.agent in known]


def unreadable(doses: Iterable[SteroidDose], rule: SteroidRule) -> list[SteroidDose]:
    """The entries that cannot be judged: an agent not in the table, an impossible dose."""
    entries = list(doses)
    readable = [
        entry
        for entry in in_table(entries, rule)
        if not rule.daily_prednisone_limits.is_impossible(prednisone_mg(entry, rule))
    ]
    return [entry for entry in entries if entry not in readable]


def prednisone_mg(entry: SteroidDose, rule: SteroidRule) -> Fraction:
    """PED of one entry on each of its days, mg.  The agent must be in the protocol's table."""
    agent = rule.agent(entry.agent)
    total = Fraction(entry.dose_mg) * Fraction(rule.prednisone_mg) / Fraction(agent.equivalent_mg)
    return total / entry.every_days


def daily_prednisone(doses: Iterable[SteroidDose], rule: SteroidRule) -> dict[date, Fraction]:
    """PED in mg of every calendar day that a dose is listed for."""
    totals: dict[date, Fraction] = {}
    for entry in doses:
        for day in days_of(entry):
            totals[day] = totals.get(day, Fraction(0)) + prednisone_mg(entry, rule)
    return totals


def listed_in_window(doses: Iterable[SteroidDose], judged_on: date, rule: SteroidRule) -> bool:
    """Whether any entry, be it of 0 mg, speaks about a day of the window."""
    return not daily_prednisone(doses, rule).keys().isdisjoint(window_days(judged_on, rule))


def exposure(doses: Iterable[SteroidDose], judged_on: date, rule: SteroidRule) -> SteroidExposure:
    """The days of the window with their PED.  All agents must be in the protocol's table."""
    totals = daily_prednisone(doses, rule)
    days = window_days(judged_on, rule)
    return SteroidExposure({day: totals.get(day, Fraction(0)) for day in days})


def dose_steps(
    doses: Iterable[SteroidDose], found: SteroidExposure, rule: SteroidRule
) -> tuple[Message, ...]:
    """In words, how the doses of the highest day became prednisone."""
    steps = [
        _conversion_step(entry, rule.agent(entry.agent), rule)
        for entry in doses
        if found.highest_on in days_of(entry)
    ]
    total = Message(
        gettext_noop("%(dose)s mg prednisone on the highest day, %(date)s"),
        {"dose": compact(found.highest_ped_mg), "date": found.highest_on.isoformat()},
    )
    return (*steps, total)


def _conversion_step(entry: SteroidDose, agent: SteroidAgent, rule: SteroidRule) -> Message:
    numbers: dict[str, str | Message] = {
        "agent": Message(agent.name),
        "dose": dose(entry.dose_mg),
        "prednisone": dose(rule.prednisone_mg),
        "equivalent": dose(agent.equivalent_mg),
    }
    if entry.every_days == 1:
        return Message("%(agent)s %(dose)s mg × %(prednisone)s ÷ %(equivalent)s", numbers)
    return Message(
        gettext_noop("%(agent)s %(dose)s mg × %(prednisone)s ÷ %(equivalent)s ÷ %(days)s days"),
        numbers | {"days": str(entry.every_days)},
    )
