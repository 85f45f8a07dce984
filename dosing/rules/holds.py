"""The laboratory values that forbid giving ganciclovir (DOMAIN 4)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from labs.rules.limits import bound_text
from labs.rules.numbers import quantity
from trial_site.messages import Message
from trial_site.protocol.definition import Protocol, gettext_noop


def hold_reasons(latest: Mapping[str, Decimal], protocol: Protocol) -> tuple[Message, ...]:
    """Why ganciclovir must not be given now; empty where no known value forbids it.

    ``latest`` maps analyte codes to the latest value in the canonical unit.  A missing value
    forbids nothing here: ``missing_results`` names it.  Limits are strict.  Source: DOMAIN 4.
    """
    reasons: list[Message] = []
    for hold in protocol.ganciclovir.holds:
        value = latest.get(hold.analyte)
        if value is not None and hold.bound.holds(value):
            params: dict[str, str | Message] = {
                "analyte": Message(protocol.analyte(hold.analyte).name),
                "value": quantity(value, hold.bound.unit),
                "bound": bound_text(hold.bound),
            }
            reasons.append(Message(gettext_noop("%(analyte)s %(value)s, %(bound)s: hold"), params))
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
