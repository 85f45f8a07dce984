"""Replicate readings of one sample: their exact mean and their spread (DOMAIN 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from labs.rules.numbers import plain
from labs.rules.pcr import Operator, printed_text
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

MEAN_PLACES = 12  # of a mean that is kept: an exact third has no end
Reading = tuple[str, Decimal | None]  # operator and number, as ``parse_result`` reads them


@dataclass(frozen=True)
class Replicates:
    """``mean`` is exact, in the unit of the readings; ``None`` with a ``step`` that says why.

    ``cv_percent`` (sample SD / mean x 100) is undefined for one reading and for a mean of 0 or
    less.
    """

    mean: Fraction | None
    cv_percent: Decimal | None
    step: Message


def summarise(readings: Sequence[Reading]) -> Replicates:
    """The mean of ``readings``, all in one unit and of one sample.

    A reading beyond the range (``>250``, ``<0.5``), not detected or not evaluable is no number:
    a mean of the others would leave out just the extreme ones, so there is none.  Raises
    ``ValueError`` without readings.  Source: DOMAIN 7.
    """
    if not readings:
        raise ValueError("no readings")
    beyond = [row for row in readings if row[0] != Operator.EQUAL or row[1] is None]
    if beyond:
        text = gettext_noop("no mean: %(reading)s is beyond what was measured")
        return Replicates(None, None, Message(text, {"reading": printed_text(*beyond[0])}))
    numbers = [number for _, number in readings if number is not None]
    values = [Fraction(number) for number in numbers]
    mean = mean_of(values)
    squared = squared_cv_percent(values, mean)
    return Replicates(mean, None if squared is None else root(squared), _step(numbers, mean))


def _step(numbers: Sequence[Decimal], mean: Fraction) -> Message:
    params = {
        "sum": " + ".join(f"{number:f}" for number in numbers),
        "count": str(len(numbers)),
        "mean": plain(mean),
    }
    return Message("(%(sum)s) ÷ %(count)s = %(mean)s", params)


# --- the arithmetic, shared with the wells of a plate -------------------------------------------


def mean_of(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction()) / len(values)


def squared_cv_percent(values: Sequence[Fraction], mean: Fraction) -> Fraction | None:
    """The square of the CV in percent, which stays exact where its root would not."""
    if len(values) < 2 or mean <= 0:
        return None
    squares = sum(((value - mean) ** 2 for value in values), Fraction())
    return squares / (len(values) - 1) / mean**2 * 100**2


def root(square: Fraction) -> Decimal:
    return (Decimal(square.numerator) / Decimal(square.denominator)).sqrt()
