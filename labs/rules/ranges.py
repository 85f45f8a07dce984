"""What a laboratory calls normal, from one day to another, for a sex or for both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeVar


class DatedRange(Protocol):
    """What the rules look at: a record of the laboratory's table has it, and so has a draft."""

    @property
    def analyte(self) -> str: ...
    @property
    def sex(self) -> str: ...
    @property
    def valid_from(self) -> dt.date: ...
    @property
    def valid_to(self) -> dt.date | None: ...


@dataclass(frozen=True)
class RangeRow:
    """One range: limits in ``unit``, either of them may be missing.

    ``sex`` is empty for both.  ``valid_from`` and ``valid_to`` are the first and the last day;
    without a last one it still holds.
    """

    analyte: str
    sex: str
    unit: str
    low: Decimal | None
    high: Decimal | None
    valid_from: dt.date
    valid_to: dt.date | None


AnyRange = TypeVar("AnyRange", bound=DatedRange)


def overlaps(one: DatedRange, other: DatedRange) -> bool:
    """Whether two ranges would both speak about the same person on some day.

    A range for a sex and one for both do not: that of the sex wins.  Units make no difference,
    because a person has one normal haemoglobin however it is written.
    """
    if (one.analyte, one.sex) != (other.analyte, other.sex):
        return False
    return _begins_by_end(one, other) and _begins_by_end(other, one)


def _begins_by_end(one: DatedRange, other: DatedRange) -> bool:
    return other.valid_to is None or one.valid_from <= other.valid_to


def in_force(rows: Iterable[AnyRange], *, analyte: str, sex: str, day: dt.date) -> AnyRange | None:
    """The range of ``analyte`` on ``day`` (first and last day included) for a person of ``sex``.

    A range for the sex wins over one for both; an empty ``sex`` is one that is not known.
    ``None`` where the laboratory has none, which is never taken for normal.
    """
    found = [
        row
        for row in rows
        if row.analyte == analyte
        and row.sex in {"", sex}
        and row.valid_from <= day
        and (row.valid_to is None or day <= row.valid_to)
    ]
    return max(found, key=lambda row: row.sex != "", default=None)
