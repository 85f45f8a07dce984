"""How much of what was planned has been recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dosing.rules.timing import LATE_FROM

PERCENT = 100


@dataclass(frozen=True)
class Completeness:
    """``recorded`` of the ``expected`` doses: those recorded, and those that are late by now."""

    recorded: int
    expected: int

    @property
    def percent(self) -> int | None:
        """Whole percent, cut, so that only what is complete is 100; ``None`` of nothing."""
        return self.recorded * PERCENT // self.expected if self.expected else None

    @property
    def is_whole(self) -> bool:
        return self.recorded == self.expected


def completeness(slots: Iterable[tuple[datetime, bool]], now: datetime) -> Completeness:
    """Count planned slots (aware time, whether it is recorded) as they stand at ``now``.

    A dose is expected on record once the sheet calls it late, or when it has been recorded before:
    given, not given and held ones alike, for each has to be recorded.
    """
    recorded = expected = 0
    for at, is_recorded in slots:
        recorded += is_recorded
        expected += is_recorded or now - at >= LATE_FROM
    return Completeness(recorded, expected)
