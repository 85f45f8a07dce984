"""Absolute counts of lymphocyte subsets, and stimulated cells over their control (DOMAIN 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext

from labs.rules.numbers import NO_BREAK_SPACE, plain
from labs.rules.pcr import Operator, printed_text
from trial_site.messages import Message
from trial_site.protocol.definition import Analyte, CountRule, Protocol, gettext_noop
from trial_site.units import spelled

_HUNDREDTH = Decimal("0.01")
_DIGITS = 99  # more than any product of typed numbers has, so that none is rounded


@dataclass(frozen=True)
class Measured:
    """A result in its analyte's canonical unit; ``value`` is ``None`` where there is no number."""

    operator: str
    value: Decimal | None

    @property
    def text(self) -> str:
        return printed_text(self.operator, self.value)


@dataclass(frozen=True)
class Computed:
    """``operator`` and ``value`` in the unit of ``analyte``, exact; ``step`` is how, or why not."""

    analyte: str
    operator: str
    value: Decimal | None
    step: Message


def absolute_counts(measured: Mapping[str, Measured], protocol: Protocol) -> tuple[Computed, ...]:
    """The counts (cells/µL) that the percentages among ``measured`` give, in the protocol's order.

    Lymphocytes (10^9/L) x 1000 x % / 100, and the same of NK cells for their subsets.  A count
    that was itself measured stands: it is not computed, and subsets start from it.  A percentage
    or a count with ``<`` or ``>`` gives a count with it; without a number the count is unknown and
    ``step`` says why.  Source: DOMAIN 7.
    """
    known = dict(measured)
    found = []
    for rule in protocol.counts:
        counted = known.get(rule.analyte)
        if rule.percent not in known or (counted is not None and counted.value is not None):
            continue
        computed = _count(rule, known, protocol)
        known[rule.analyte] = Measured(computed.operator, computed.value)
        found.append(computed)
    return tuple(found)


def _count(rule: CountRule, known: Mapping[str, Measured], protocol: Protocol) -> Computed:
    analyte, of = protocol.analyte(rule.analyte), protocol.analyte(rule.of)
    percent, whole = known[rule.percent], known.get(rule.of)
    unknown = _no_number(protocol.analyte(rule.percent), percent) or _no_number(of, whole)
    if unknown or whole is None or whole.value is None or percent.value is None:
        return Computed(rule.analyte, Operator.NOT_EVALUABLE, None, unknown or Message(""))
    operator = _operator(whole, percent)
    if operator is None:
        text = gettext_noop("unknown: %(whole)s and %(percent)s bound it on different sides")
        params = {"whole": whole.text, "percent": percent.text}
        return Computed(rule.analyte, Operator.NOT_EVALUABLE, None, Message(text, params))
    times = analyte.canonical(Decimal(1), of.unit) or Decimal(1)
    with localcontext() as context:
        context.prec = _DIGITS
        value = (whole.value * times * percent.value * _HUNDREDTH).normalize()
    count = Measured(operator, value)
    return Computed(rule.analyte, operator, value, _step(whole, times, percent, count, analyte))


def _no_number(analyte: Analyte, result: Measured | None) -> Message | None:
    if result is None:
        text = gettext_noop("unknown: no result for %(analyte)s")
    elif result.value is None:
        text = gettext_noop("unknown: %(analyte)s is %(result)s")
    else:
        return None
    shown = "" if result is None else result.text
    return Message(text, {"analyte": Message(analyte.name), "result": shown})


def _operator(whole: Measured, percent: Measured) -> str | None:
    """The product of a bound and a number is a bound; of two opposite bounds it is nothing."""
    if any(row.operator == Operator.EQUAL and row.value == 0 for row in (whole, percent)):
        return Operator.EQUAL
    signs = {whole.operator, percent.operator} - {Operator.EQUAL}
    return None if len(signs) > 1 else next(iter(signs), Operator.EQUAL)


def _step(
    whole: Measured, times: Decimal, percent: Measured, count: Measured, analyte: Analyte
) -> Message:
    sign = "" if count.operator == Operator.EQUAL else count.operator
    params = {
        "whole": whole.text if times == 1 else f"{whole.text} × {plain(times)}",
        "percent": percent.text,
        "count": f"{sign}{plain(count.value or Decimal(0))}",
        "unit": f"{NO_BREAK_SPACE}{spelled(analyte.unit)}",
    }
    return Message("%(whole)s × %(percent)s ÷ 100 = %(count)s%(unit)s", params)


def over_control(analyte: str, stimulated: Measured, unstimulated: Measured) -> Computed:
    """Stimulated minus unstimulated cells, in percentage points; what is negative stays so.

    Unknown unless both are measured numbers, because a bound less another is no bound.
    Source: DOMAIN 7.
    """
    for sample in (stimulated, unstimulated):
        if sample.operator != Operator.EQUAL or sample.value is None:
            text = gettext_noop("unknown: %(result)s cannot be subtracted")
            step = Message(text, {"result": sample.text})
            return Computed(analyte, Operator.NOT_EVALUABLE, None, step)
    with localcontext() as context:
        context.prec = _DIGITS
        value = (stimulated.value or Decimal(0)) - (unstimulated.value or Decimal(0))
    params = {
        "stimulated": stimulated.text,
        "unstimulated": unstimulated.text,
        "net": f"{plain(value)}{NO_BREAK_SPACE}%",
    }
    step = Message("%(stimulated)s − %(unstimulated)s = %(net)s", params)
    return Computed(analyte, Operator.EQUAL, value, step)
