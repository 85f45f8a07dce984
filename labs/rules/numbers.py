"""Numbers as text, for the messages of rules.  Nothing is compared after it was rounded here."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from trial_site.protocol.definition import Number
from trial_site.units import spelled

NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
MOST_DIGITS = 24  # far more than an instrument prints, and short enough to be stored converted


def half_up(value: Number, places: int) -> Decimal:
    """``value`` rounded to ``places`` decimals, halves away from zero, from its exact value."""
    scaled = Fraction(value) * 10**places
    whole = (2 * abs(scaled.numerator) + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole if scaled >= 0 else -whole).scaleb(-places)


def rounded(value: Number, places: int) -> str:
    """``value`` to read, with exactly ``places`` decimals: ``"1,234.50"``."""
    return f"{half_up(value, places):,f}"


def plain(value: Number) -> str:
    """``value`` without an exponent or trailing zeros, ``"52,000"``.

    A fraction is told to two places, and so is what only a computation can have come to: the
    28 digits of a power of ten, which nobody reads.
    """
    if isinstance(value, Fraction) or len(Decimal(value).as_tuple().digits) > MOST_DIGITS:
        return rounded(value, 2)
    return f"{Decimal(value).normalize():,f}"


def quantity(value: Number, unit: str) -> str:
    """``value`` and its unit as people write it, never broken over two lines."""
    return f"{plain(value)}{NO_BREAK_SPACE}{spelled(unit)}"
