"""Values in the unit that the protocol's limits are written in."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from trial_site.protocol.definition import Analyte


def in_canonical_unit(value: Decimal, unit: str | None, analyte: Analyte) -> Fraction | None:
    """``value`` in the analyte's unit, exactly; ``None`` for a unit that is not converted."""
    if unit == analyte.unit:
        return Fraction(value)
    for conversion in analyte.conversions:
        if conversion.unit == unit:
            return Fraction(value) * Fraction(conversion.factor)
    return None
