"""Values in the unit that the protocol's limits are written in."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from trial_site.protocol.definition import Analyte


def in_canonical_unit(value: Decimal, unit: str | None, analyte: Analyte) -> Fraction | None:
    """``value`` in the analyte's unit, exactly; ``None`` for a unit that is not converted."""
    canonical = None if unit is None else analyte.canonical(value, unit)
    return None if canonical is None else Fraction(canonical)
