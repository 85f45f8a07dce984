"""The laboratory values that forbid giving ganciclovir (DOMAIN 4).  Dosing asks the same rule."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from labs.rules.limits import bound_text
from labs.rules.numbers import quantity
from labs.rules.pcr import Operator, result_text
from trial_site.messages import Message
from trial_site.protocol.definition import Bound, HoldRule, Protocol, gettext_noop

_HOLD = gettext_noop("%(analyte)s %(value)s, %(bound)s: hold")


def deciding_value(operator: str, value: Decimal | None, bound: Bound) -> Decimal | None:
    """The value to hold against ``bound`` (same unit); ``None`` where the result leaves it open.

    ``<L`` at or under the limit is under it for certain, so the number next below L stands for
    it; ``>U`` at or over the limit is not under it.  Anything else says nothing.
    """
    if value is None:
        return None
    match operator:
        case Operator.EQUAL:
            return value
        case Operator.BELOW if value <= bound.value:
            return value.next_minus()
        case Operator.ABOVE if value >= bound.value:
            return value.next_plus()
        case _:
            return None


def hold_reasons(latest: Mapping[str, Decimal], protocol: Protocol) -> tuple[Message, ...]:
    """Why ganciclovir must not be given now; empty where no known value forbids it.

    ``latest`` maps analyte codes to the latest value in the canonical unit.  A missing value
    forbids nothing here: ``missing_results`` names it.  Limits are strict.  Source: DOMAIN 4.
    """
    reasons: list[Message] = []
    for hold in protocol.ganciclovir.holds:
        value = latest.get(hold.analyte)
        if value is not None and hold.bound.holds(value):
            reasons.append(_reason(hold, quantity(value, hold.bound.unit), protocol))
    return tuple(reasons)


def missing_results(latest: Mapping[str, Decimal], protocol: Protocol) -> tuple[Message, ...]:
    """The analytes that decide a hold and have no result, so that unknown never looks like good."""
    return tuple(
        Message(
            gettext_noop("no result for %(analyte)s"),
            {"analyte": Message(protocol.analyte(hold.analyte).name)},
        )
        for hold in protocol.ganciclovir.holds
        if hold.analyte not in latest
    )


def stop_of_result(
    analyte: str, operator: str, value: Decimal | None, protocol: Protocol
) -> tuple[Message | None, Message | None]:
    """Why one result forbids ganciclovir, and what about it leaves that open; at most one of them.

    ``value`` is in the analyte's canonical unit.  ``<25`` platelets are below 25, so they stop;
    ``<30`` may be; a result without a number says nothing.  Limits are strict.  Source: DOMAIN 4.
    """
    hold = next((row for row in protocol.ganciclovir.holds if row.analyte == analyte), None)
    if hold is None:
        return None, None
    printed = result_text(operator, value, hold.bound.unit)
    deciding = deciding_value(operator, value, hold.bound)
    if deciding is None:
        text = gettext_noop("%(analyte)s %(value)s: may be %(bound)s, where ganciclovir stops")
        return None, _reason(hold, printed, protocol, text)
    return (_reason(hold, printed, protocol), None) if hold.bound.holds(deciding) else (None, None)


def _reason(hold: HoldRule, value: str | Message, protocol: Protocol, text: str = _HOLD) -> Message:
    return Message(
        text,
        {
            "analyte": Message(protocol.analyte(hold.analyte).name),
            "value": value,
            "bound": bound_text(hold.bound),
        },
    )
