"""Age in completed years (DOMAIN 1.1 A1 and 12), also when only the month of birth is known."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import NamedTuple


class AgeRange(NamedTuple):
    """The youngest and the oldest that a person can be, in completed years."""

    youngest: int
    oldest: int


def age_on(birth: date, on: date) -> int:
    """Completed years on ``on``.  Born on 29 February, a common year is completed on 1 March.

    Raises ``ValueError`` when ``on`` is before the birth.
    """
    if on < birth:
        raise ValueError("a person has no age before birth")
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def age_range(birth: date, on: date, *, day_known: bool) -> AgeRange:
    """The ages possible on ``on`` when the day of birth may be any of its month.

    Raises ``ValueError`` when ``on`` is before every possible birth.
    """
    if day_known:
        age = age_on(birth, on)
        return AgeRange(age, age)
    first = birth.replace(day=1)
    last = birth.replace(day=monthrange(birth.year, birth.month)[1])
    return AgeRange(age_on(min(last, max(on, first)), on), age_on(first, on))
