"""A PCR result held against a limit: what a number, a bound and "not detected" can decide.

DOMAIN 6: ``<L`` and "not detected" lie somewhere below their limit, ``>U`` somewhere above; a
limit inside that range cannot be decided, and undecided is unknown.
"""

from __future__ import annotations

from fractions import Fraction

from enrollment.facts import Operator, ViralLoad
from trial_site.protocol.definition import Bound


def holds(bound: Bound, load: ViralLoad) -> bool | None:
    """Whether ``load`` is on the named side of ``bound`` (same unit); ``None`` when undecidable."""
    limit = Fraction(bound.value)
    match load.operator:
        case Operator.EQUAL if load.value is not None:
            return bound.holds(load.value)
        case Operator.BELOW if load.value is not None:
            return _holds_below(bound, limit, Fraction(load.value))
        case Operator.NOT_DETECTED if load.lod is not None:
            return _holds_below(bound, limit, Fraction(load.lod))
        case Operator.ABOVE if load.value is not None:
            return bound.holds(limit + 1) if Fraction(load.value) >= limit else None
    return None


def _holds_below(bound: Bound, limit: Fraction, top: Fraction) -> bool | None:
    """The answer for a value that is known to be below ``top``."""
    return bound.holds(limit - 1) if top <= limit else None
