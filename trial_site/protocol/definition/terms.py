"""What every table of a protocol is made of: provenance, bounds, limits of entry."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from enum import StrEnum
from fractions import Fraction

Number = Decimal | Fraction | int


def gettext_noop(message: str) -> str:
    """Mark ``message`` for translation; it is translated when it is shown."""
    return message


class Source(StrEnum):
    """Where a row of the protocol comes from."""

    REGISTRY = "registry"
    DECISION = "decision"


@dataclass(frozen=True)
class Provenance:
    """The registry's own words for a row, and the reading that was chosen where they are silent.

    ``quote`` is word for word from the registry record (empty only for ``Source.DECISION``);
    ``decision`` names the row of the decision table (``"D7"``) or of the readings (``"Age"``).
    """

    source: Source
    quote: str = ""
    reading: str = ""
    decision: str = ""


class Comparison(StrEnum):
    """The four ways a value can be held against a limit; each says what happens at the limit."""

    AT_LEAST = "at_least"
    ABOVE = "above"
    AT_MOST = "at_most"
    BELOW = "below"


# Python compares integers, decimals and fractions with each other exactly.
_HOLDS: Mapping[Comparison, Callable[[Number, Number], bool]] = {
    Comparison.AT_LEAST: operator.ge,
    Comparison.ABOVE: operator.gt,
    Comparison.AT_MOST: operator.le,
    Comparison.BELOW: operator.lt,
}
_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


@dataclass(frozen=True)
class Bound:
    """One limit: ``holds`` is exact, never rounded."""

    comparison: Comparison
    value: Decimal
    unit: str

    def holds(self, value: Number) -> bool:
        """Whether ``value``, in ``self.unit``, is on the named side of the limit."""
        return _HOLDS[self.comparison](value, self.value)

    def holds_of(self, value: Decimal, reference: Decimal) -> bool:
        """Whether ``value`` / ``reference`` is on the named side; ``reference`` is above 0."""
        return _HOLDS[self.comparison](value, _EXACT.multiply(self.value, reference))


def at_least(value: str, unit: str) -> Bound:
    return Bound(Comparison.AT_LEAST, Decimal(value), unit)


def above(value: str, unit: str) -> Bound:
    return Bound(Comparison.ABOVE, Decimal(value), unit)


def at_most(value: str, unit: str) -> Bound:
    return Bound(Comparison.AT_MOST, Decimal(value), unit)


def below(value: str, unit: str) -> Bound:
    return Bound(Comparison.BELOW, Decimal(value), unit)


@dataclass(frozen=True)
class EntryLimits:
    """What a form asks about (soft) and what is impossible (hard).

    A value outside ``soft`` asks "is this right?"; a value outside ``hard`` cannot be true.  Hard
    never means "against the protocol": a real overdose must be recordable.  Each side is a bound
    that plausible values satisfy.
    """

    unit: str
    soft: tuple[Bound, ...] = ()
    hard: tuple[Bound, ...] = ()

    def is_doubtful(self, value: Number) -> bool:
        return not all(bound.holds(value) for bound in self.soft)

    def is_impossible(self, value: Number) -> bool:
        return not all(bound.holds(value) for bound in self.hard)
