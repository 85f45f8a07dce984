"""From the unit that a laboratory prints to the analyte's own, and whether a number can be."""

from __future__ import annotations

from decimal import Decimal, localcontext

from labs.rules.limits import EntryCheck, EntryLevel, check_limits
from labs.rules.numbers import quantity
from labs.rules.pcr import Operator
from trial_site.messages import Message
from trial_site.protocol.definition import Analyte, ClearanceRule, gettext_noop


class InconvertibleUnit(ValueError):
    """The protocol knows no factor from this unit to the analyte's; nothing is guessed."""

    def __init__(self, analyte: Analyte, unit: str) -> None:
        self.message = Message(
            gettext_noop("%(analyte)s in %(unit)s is never converted to %(canonical)s."),
            {"analyte": Message(analyte.name), "unit": unit, "canonical": analyte.unit},
        )
        super().__init__(str(self.message))


def to_canonical(analyte: Analyte, value: Decimal, unit: str) -> Decimal:
    """``value`` in ``unit``, expressed in ``analyte.unit``; the product is exact, never rounded.

    Raises ``InconvertibleUnit`` where the protocol gives no factor.  Source: DOMAIN 8.
    """
    if unit == analyte.unit:
        return value
    for conversion in analyte.conversions:
        if conversion.unit == unit:
            return _exact_product(value, conversion.factor)
    raise InconvertibleUnit(analyte, unit)


def _exact_product(left: Decimal, right: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = len(left.as_tuple().digits) + len(right.as_tuple().digits)
        return left * right


_CREATININE, _MG_DL = "creatinine", "mg/dL"
_SLIP = {
    EntryLevel.DOUBTFUL: gettext_noop("%(value)s is very high: is this %(canonical)s?"),
    EntryLevel.IMPOSSIBLE: gettext_noop("%(value)s is impossible: is this %(canonical)s?"),
}


def check_entry(
    analyte: Analyte,
    value: Decimal | None,
    unit: str,
    *,
    clearance: ClearanceRule,
    operator: str = Operator.EQUAL,
) -> EntryCheck:
    """Whether to ask about, or refuse, ``value`` as it was entered in ``unit``.

    Only a number that was measured (``=``) is held against the limits; ``<L``, ``>U``, "not
    detected" and units that are recorded as printed ask nothing.  Creatinine that is high enough
    in mg/dL to be a slip of the unit gets that question.  Raises ``InconvertibleUnit`` for a unit
    that the analyte does not take at all.  Sources: DOMAIN 3 and 6.
    """
    if unit in analyte.unconverted_units or operator != Operator.EQUAL or value is None:
        return EntryCheck(EntryLevel.OK)
    canonical = to_canonical(analyte, value, unit)
    if analyte.entry_limits is None:
        return EntryCheck(EntryLevel.OK)
    check = check_limits(analyte.entry_limits, canonical)
    in_mg_dl = analyte.code == _CREATININE and unit == _MG_DL
    if in_mg_dl and value > clearance.unit_slip_mg_dl_above and check.level in _SLIP:
        params = {"value": quantity(value, unit), "canonical": analyte.unit}
        return EntryCheck(check.level, Message(_SLIP[check.level], params))
    return check
