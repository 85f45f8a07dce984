"""What differs between two states of the same table: a value by participant and item.

Pure: both states are texts that were spelled by the same code (``outcomes.cuts.content``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Values = Mapping[str, Mapping[str, str]]
"""The value of each item, by participant; a missing item and an empty value are the same."""


@dataclass(frozen=True)
class Difference:
    """One value that is not what it was; empty where there was, or is, none."""

    subject: str
    item: str
    then: str
    now: str


def differences(then: Values, now: Values) -> list[Difference]:
    """Every item of every participant whose value differs, by participant and then by item.

    Empty exactly where both states say the same.  Source: R14, EMA 6.3.
    """
    return [
        Difference(subject, item, was, is_now)
        for subject in sorted({*then, *now})
        for item, was, is_now in _pairs(then.get(subject, {}), now.get(subject, {}))
        if was != is_now
    ]


def _pairs(then: Mapping[str, str], now: Mapping[str, str]) -> list[tuple[str, str, str]]:
    items = sorted({*then, *now})
    return [(item, then.get(item, ""), now.get(item, "")) for item in items]
