"""What every table of a protocol is made of: provenance, bounds, limits of entry."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
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


@dataclass(frozen=True)
class Bound:
    """One limit: ``holds`` is exact, never rounded."""

    comparison: Comparison
    value: Decimal
    unit: str

    def holds(self, value: Number) -> bool:
        """Whether ``value``, in ``self.unit``, is on the named side of the limit."""
        difference = Fraction(value) - Fraction(self.value)
        match self.comparison:
            case Comparison.AT_LEAST:
                return difference >= 0
            case Comparison.ABOVE:
                return difference > 0
            case Comparison.AT_MOST:
                return difference <= 0
            case Comparison.BELOW:
                return difference < 0


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
