"""From the unit that a laboratory prints to the analyte's own, and whether a number can be."""

from __future__ import annotations

from decimal import Decimal

from labs.rules.limits import EntryCheck, EntryLevel, check_limits
from labs.rules.numbers import quantity
from labs.rules.pcr import Operator
from trial_site.messages import Message
from trial_site.protocol.definition import Analyte, ClearanceRule, gettext_noop


class InconvertibleUnit(ValueError):
    """Neither the protocol nor the assay relates this number to the analyte's unit."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


class ImpossiblePower(InconvertibleUnit):
    """A logarithm that would be a number beyond anything that can be counted."""


def to_canonical(
    analyte: Analyte, value: Decimal, unit: str, *, factor: Decimal | None = None
) -> Decimal:
    """``value`` in ``unit``, expressed in ``analyte.unit``: exact but for powers of ten.

    A logarithm gives ten to its power, to 28 digits.  ``factor`` is what the assay declares: how
    many canonical units one of ``unit`` is (1 IU = 1.1 copies).  Raises ``InconvertibleUnit``
    where neither gives the number, ``ImpossiblePower`` for a power beyond +-20; nothing is
    guessed.  Sources: DOMAIN 6 and 8.
    """
    canonical = analyte.canonical(value, unit, factor)
    if canonical is not None:
        return canonical
    params: dict[str, str | Message] = {"unit": unit, "canonical": analyte.unit}
    if unit in analyte.units:
        params["value"] = quantity(value, unit)
        text = gettext_noop("%(value)s is impossible: it is the power of ten of %(canonical)s.")
        raise ImpossiblePower(Message(text, params))
    params["analyte"] = Message(analyte.name)
    text = (
        gettext_noop("%(analyte)s in %(unit)s needs the assay's own factor to %(canonical)s.")
        if unit in analyte.assay_units
        else gettext_noop("%(analyte)s in %(unit)s is never converted to %(canonical)s.")
    )
    raise InconvertibleUnit(Message(text, params))


def limit_fault(analyte: Analyte, limit: Decimal | None, unit: str) -> Message | None:
    """Why ``limit`` of an assay cannot be in ``unit``; ``None`` where it can.

    150 copies/mL, kept beside a logarithm, would be ten to the power of 150: every result that was
    not detected would be undecided for it.
    """
    try:
        if limit is not None and unit in analyte.units:
            to_canonical(analyte, limit, unit)
    except ImpossiblePower as impossible:
        return impossible.message
    return None


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
    factor: Decimal | None = None,
) -> EntryCheck:
    """Whether to ask about, or refuse, ``value`` as it was entered in ``unit``.

    Only a number that was measured (``=``) is held against the limits; ``<L``, ``>U``, "not
    detected" and what stays as it was printed (no ``factor`` of the assay) ask nothing.  A power of
    ten that cannot be one is impossible whatever its sign.
    Creatinine that is high enough in mg/dL to be a slip of the unit gets that question.  Raises
    ``InconvertibleUnit`` for a unit that the analyte does not take.  Sources: DOMAIN 3 and 6.
    """
    if value is None:
        return EntryCheck(EntryLevel.OK)
    try:
        canonical = to_canonical(analyte, value, unit, factor=factor)
    except ImpossiblePower as impossible:
        return EntryCheck(EntryLevel.IMPOSSIBLE, impossible.message)
    except InconvertibleUnit:
        if unit not in analyte.unconverted_units:
            raise
        return EntryCheck(EntryLevel.OK)
    if operator != Operator.EQUAL or analyte.entry_limits is None:
        return EntryCheck(EntryLevel.OK)
    check = check_limits(analyte.entry_limits, canonical)
    in_mg_dl = analyte.code == _CREATININE and unit == _MG_DL
    if in_mg_dl and value > clearance.unit_slip_mg_dl_above and check.level in _SLIP:
        params = {"value": quantity(value, unit), "canonical": analyte.unit}
        return EntryCheck(check.level, Message(_SLIP[check.level], params))
    return check
