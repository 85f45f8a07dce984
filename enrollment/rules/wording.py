"""How numbers are printed in steps: the same digits in every language, never misleading.

Judging happens on exact values before anything here is called; only what is shown is rounded.
Messages of numbers, units and signs alone are not marked for translation.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from trial_site.protocol.definition import Number

PLACES = 2
MOST_PLACES = 12


def as_typed(value: Decimal) -> str:
    """``value`` with the digits that were typed, thousands grouped: 52,000 and 60.0."""
    return f"{value:,f}"


def dose(value: Decimal) -> str:
    """A dose without trailing zeros, which are misread as tenfold doses: 48, never 48.0."""
    return _without_trailing_zeros(as_typed(value))


def rounded(value: Number, places: int = PLACES) -> str:
    """``value`` rounded half up to ``places``, exactly: 1.00."""
    scale = 10**places
    half_up = (2 * abs(Fraction(value)) * scale + 1) // 2
    sign = "-" if value < 0 and half_up else ""
    whole, part = divmod(int(half_up), scale)
    return f"{sign}{whole:,}" + (f".{part:0{places}}" if places else "")


def rounded_apart(value: Number, limit: Number, places: int = PLACES) -> str:
    """``value`` rounded, with as many more places as keep it from reading like ``limit``.

    30.0008 against 30 is printed 30.001, because "30.00, allowed above 30" would look wrong.
    """
    while places < MOST_PLACES and value != limit and _reads_as(value, limit, places):
        places += 1
    return rounded(value, places)


def compact(value: Number, places: int = PLACES) -> str:
    """``value`` rounded, never to 0, without trailing zeros: a computed dose of 60 or 66.67."""
    return _without_trailing_zeros(rounded_apart(value, 0, places))


def _reads_as(value: Number, limit: Number, places: int) -> bool:
    return rounded(value, places) == rounded(limit, places)


def _without_trailing_zeros(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
