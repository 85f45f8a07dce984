"""CMV-DNA that comes back, or that rises under treatment: findings that wait for a decision.

What they are is decided by the rules of conversion (``labs.rules.conversion``; DOMAIN 6 and 12);
here, as long as which they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from enrollment.rules.calendar import PlannedWindow
from labs.rules.conversion import Conversion, DatedResult
from labs.rules.pcr import PcrClass
from outcomes.rules.flags import DueFlag, FlagKind, flag_of, one_day
from trial_site.messages import Message
from trial_site.protocol.definition import PcrRule, gettext_noop

_SUSPECTED_TITLE = gettext_noop("Relapse suspected")
_CONFIRMED_TITLE = gettext_noop("Relapse confirmed")
_REFRACTORY_TITLE = gettext_noop("CMV-DNA rises under treatment")
_SUSPECTED = gettext_noop(
    "%(result)s on %(date)s, after conversion: above %(threshold)s %(unit)s. Suspected until "
    "the next sample, due by %(by)s"
)
_CONFIRMED = gettext_noop(
    "%(result)s on %(date)s, after conversion: %(number)s successive results above "
    "%(threshold)s %(unit)s"
)
_REFRACTORY = gettext_noop(
    "%(result)s on %(date)s: more than %(rise)s log10 above baseline after %(days)s days or more "
    "of treatment"
)


def setbacks(
    conversion: Conversion,
    *,
    day0: date,
    rescues: Iterable[date],
    withdrawn: bool,
    rule: PcrRule,
) -> Iterator[DueFlag]:
    """The flags of one participant's series; ``rescues`` are the days on which a rescue began.

    A suspected relapse stands until the next result, a confirmed one until a rescue begins on or
    after its day, a rise under treatment until a later negative result or until the drugs are
    withdrawn.
    """
    run = _above_at_last(conversion)
    if 0 < len(run) < rule.relapse_results:
        yield _suspected(run, day0, rule)
    latest_rescue = max(rescues, default=date.min)
    for result in _confirmed(conversion, run, rule):
        if latest_rescue < _day(result, day0):
            yield _relapse(result, day0, rule)
    if conversion.refractory and not withdrawn and not _negative_after(conversion):
        yield _refractory(conversion.refractory, day0, rule)


def _day(result: DatedResult, day0: date) -> date:
    return day0 + timedelta(days=result.days)


def _above_at_last(conversion: Conversion) -> list[DatedResult]:
    """The results above the threshold that end the series, none of them before conversion."""
    if conversion.first_negative is None:
        return []
    run: list[DatedResult] = []
    for result in reversed(conversion.post_baseline):
        if result.pcr_class is not PcrClass.ABOVE:
            break
        run.insert(0, result)
    return run


def _confirmed(
    conversion: Conversion, run: Sequence[DatedResult], rule: PcrRule
) -> list[DatedResult]:
    """The first result of the first confirmed relapse, and of one that the series ends with."""
    found = [run[0]] if len(run) >= rule.relapse_results else []
    relapse = conversion.relapse
    if relapse and relapse.confirmed and relapse.first not in found:
        found.insert(0, relapse.first)
    return found


def _negative_after(conversion: Conversion) -> bool:
    since = conversion.refractory.days if conversion.refractory else 0
    return any(
        result.days > since and result.pcr_class is PcrClass.NEGATIVE
        for result in conversion.post_baseline
    )


def _suspected(run: Sequence[DatedResult], day0: date, rule: PcrRule) -> DueFlag:
    """No source says when to look again: as often as before conversion, so by that many days."""
    day = _day(run[-1], day0)
    by = day + timedelta(days=rule.days_between_until_confirmed)
    return flag_of(
        FlagKind.RELAPSE,
        f"suspected:{day}",
        _SUSPECTED_TITLE,
        PlannedWindow(by, opens=day, closes=by),
        Message(_SUSPECTED, _about(run[-1], day, rule) | {"by": by.isoformat()}),
        evidence=tuple(_record(result) for result in run),
    )


def _relapse(result: DatedResult, day0: date, rule: PcrRule) -> DueFlag:
    day = _day(result, day0)
    about = _about(result, day, rule) | {"number": str(rule.relapse_results)}
    return flag_of(
        FlagKind.RELAPSE,
        f"relapse:{day}",
        _CONFIRMED_TITLE,
        one_day(day),
        Message(_CONFIRMED, about),
        evidence=(_record(result),),
    )


def _refractory(result: DatedResult, day0: date, rule: PcrRule) -> DueFlag:
    day = _day(result, day0)
    about = _about(result, day, rule) | {
        "rise": f"{rule.refractory_log10_rise}",
        "days": str(rule.refractory_after_days),
    }
    return flag_of(
        FlagKind.REFRACTORY,
        f"refractory:{day}",
        _REFRACTORY_TITLE,
        one_day(day),
        Message(_REFRACTORY, about),
        evidence=(_record(result),),
    )


def _about(result: DatedResult, day: date, rule: PcrRule) -> dict[str, str | Message]:
    return {
        "result": result.observation.value.text,
        "date": day.isoformat(),
        "threshold": f"{rule.threshold}",
        "unit": rule.unit,
    }


def _record(result: DatedResult) -> str:
    return f"result:{result.observation.key}"
