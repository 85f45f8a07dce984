"""Questions about a dose as it is recorded, and the numbers that cannot be (DOMAIN 4, 5).

A warning never blocks: what was given must be recordable, overdoses and deviations included.
Only what is physically impossible is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from labs.rules.limits import EntryLevel, bound_text, check_limits
from labs.rules.numbers import plain, quantity
from trial_site.messages import Message
from trial_site.protocol.definition import (
    Arm,
    Bound,
    Drug,
    EntryLimits,
    GanciclovirRule,
    Il2Rule,
    Number,
    at_least,
    gettext_noop,
)


@dataclass(frozen=True)
class GanciclovirDose:
    """A delivered infusion: its start (aware), ``mg`` delivered, ``minutes`` if they are known."""

    at: datetime
    mg: Decimal
    minutes: Number | None = None


@dataclass(frozen=True)
class Il2Dose:
    """A delivered injection (aware time): million IU, and the code of its site if it is known."""

    at: datetime
    miu: Decimal
    site: str | None = None


def ganciclovir_warnings(
    dose: GanciclovirDose,
    *,
    others: Iterable[GanciclovirDose],
    ordered_mg: Decimal | None,
    rule: GanciclovirRule,
) -> tuple[Message, ...]:
    """What to ask about ``dose``, given the participant's ``others``; nothing here blocks.

    ``ordered_mg`` is ``None`` where no comparison is meant (no order, or a dose said to be
    partial).  Source: DOMAIN 4.
    """
    shortest = at_least(str(rule.soft_min_interval_hours), "h")
    warnings = [
        _doubt(rule.mg_limits, dose.mg),
        _doubt(rule.infusion_minutes_limits, dose.minutes),
        _deviation(dose.mg, ordered_mg, rule.soft_deviation_percent),
        *_intervals(dose.at, [other.at for other in others], (shortest,)),
    ]
    return tuple(warning for warning in warnings if warning)


def ganciclovir_impossible(dose: GanciclovirDose, rule: GanciclovirRule) -> tuple[Message, ...]:
    """Why ``dose`` cannot have been given; empty for every real one.  Source: DOMAIN 4."""
    refusals = [
        _refusal(rule.mg_limits, dose.mg),
        _refusal(rule.infusion_minutes_limits, dose.minutes),
    ]
    return tuple(refusal for refusal in refusals if refusal)


def il2_warnings(
    dose: Il2Dose, *, others: Iterable[Il2Dose], arm: Arm, rule: Il2Rule
) -> tuple[Message, ...]:
    """What to ask about ``dose``, given the participant's ``others``; nothing here blocks.

    In an arm without IL-2 any dose is a protocol deviation, still recorded.  Source: DOMAIN 5.
    """
    others = tuple(others)
    warnings = [
        _wrong_arm(arm),
        _wrong_dose(dose, rule),
        *_intervals(dose.at, [other.at for other in others], rule.interval_hours_limits.soft),
        _same_site(dose, others, rule),
    ]
    return tuple(warning for warning in warnings if warning)


def il2_impossible(dose: Il2Dose, rule: Il2Rule) -> tuple[Message, ...]:
    """Why ``dose`` cannot have been given; empty for every real one.  Source: DOMAIN 5."""
    refusal = _refusal(rule.miu_limits, dose.miu)
    return (refusal,) if refusal else ()


# --- single questions -----------------------------------------------------------------------

_SINCE = gettext_noop("%(hours)s h since the dose before: expected %(bound)s.")
_UNTIL = gettext_noop("%(hours)s h until the dose after: expected %(bound)s.")


def _doubt(limits: EntryLimits, value: Number | None) -> Message | None:
    check = None if value is None else check_limits(limits, value)
    return check.message if check and check.level is EntryLevel.DOUBTFUL else None


def _refusal(limits: EntryLimits, value: Number | None) -> Message | None:
    check = None if value is None else check_limits(limits, value)
    return check.message if check and check.level is EntryLevel.IMPOSSIBLE else None


def _deviation(mg: Decimal, ordered_mg: Decimal | None, percent: Decimal) -> Message | None:
    if ordered_mg is None:
        return None
    difference = abs(Fraction(mg) - Fraction(ordered_mg))
    if difference * 100 <= Fraction(ordered_mg) * Fraction(percent):
        return None
    return Message(
        gettext_noop("%(mg)s is more than %(percent)s %% away from the %(ordered)s ordered."),
        {
            "mg": quantity(mg, "mg"),
            "ordered": quantity(ordered_mg, "mg"),
            "percent": plain(percent),
        },
    )


def _intervals(
    at: datetime, others: Iterable[datetime], bounds: tuple[Bound, ...]
) -> Iterable[Message]:
    """Hold the time since the dose before, and to the dose after, against ``bounds`` in hours.

    A dose that is recorded late has one after it as well.
    """
    others = sorted(others)
    before = [other for other in others if other <= at][-1:]
    after = [other for other in others if other > at][:1]
    gaps = [(at - other, _SINCE) for other in before] + [(other - at, _UNTIL) for other in after]
    for gap, text in gaps:
        hours = Fraction(gap // timedelta(microseconds=1), 3_600_000_000)
        broken = next((bound for bound in bounds if not bound.holds(hours)), None)
        if broken:
            yield Message(text, {"hours": plain(hours), "bound": bound_text(broken)})


def _wrong_arm(arm: Arm) -> Message | None:
    if Drug.IL2 in arm.drugs:
        return None
    return Message(
        gettext_noop("The arm “%(arm)s” has no IL-2: this dose is a protocol deviation."),
        {"arm": Message(arm.short_label)},
    )


def _wrong_dose(dose: Il2Dose, rule: Il2Rule) -> Message | None:
    if dose.miu == rule.dose_miu:
        return None
    return Message(
        gettext_noop("%(miu)s differs from the protocol's %(planned)s."),
        {"miu": quantity(dose.miu, "MIU"), "planned": quantity(rule.dose_miu, "MIU")},
    )


def _same_site(dose: Il2Dose, others: Iterable[Il2Dose], rule: Il2Rule) -> Message | None:
    before = max(
        (other for other in others if other.at <= dose.at),
        key=lambda other: other.at,
        default=None,
    )
    if before is None or dose.site is None or dose.site != before.site:
        return None
    name = dict(rule.injection_sites).get(dose.site, dose.site)
    return Message(
        gettext_noop("%(site)s is the site of the dose before as well."), {"site": Message(name)}
    )
