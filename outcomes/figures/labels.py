"""Where the names of participants stand in a figure, so that none hides another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log

LINE_HEIGHT = 12  # pixels
# Beyond this many in one panel names would cover the marks; tooltips and the table still have them.
MOST_LABELS = 12


@dataclass(frozen=True)
class VerticalScale:
    """A vertical axis: ``low`` at the bottom, ``high`` at the top, ``height`` pixels between."""

    low: float
    high: float
    height: int
    logarithmic: bool = False

    def pixel(self, value: float) -> float:
        """Pixels above the bottom."""
        low, high, at = (
            (log(end) if self.logarithmic else end) for end in (self.low, self.high, value)
        )
        return (at - low) / (high - low) * self.height

    def value(self, pixel: float) -> float:
        """The value that stands ``pixel`` above the bottom."""
        if self.logarithmic:
            return self.low * exp(pixel / self.height * log(self.high / self.low))
        return self.low + pixel / self.height * (self.high - self.low)

    def spread(self, values: Sequence[float]) -> list[float]:
        """``values`` moved apart as little as keeps one line of text between neighbours."""
        pixels = spread([self.pixel(value) for value in values], LINE_HEIGHT)
        lift = max(0.0, LINE_HEIGHT / 2 - min(pixels, default=self.height))
        return [self.value(pixel + lift) for pixel in pixels]


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """``positions`` in their order, moved apart to at least ``gap``, each crowd about its mean."""
    order = sorted(range(len(positions)), key=positions.__getitem__)
    crowds: list[list[int]] = []
    for index in order:
        crowd = [index]
        while crowds and _top(crowds[-1], positions, gap) + gap > _bottom(crowd, positions, gap):
            crowd = crowds.pop() + crowd
        crowds.append(crowd)
    moved = dict.fromkeys(order, 0.0)
    for crowd in crowds:
        bottom = _bottom(crowd, positions, gap)
        moved.update((index, bottom + place * gap) for place, index in enumerate(crowd))
    return [moved[index] for index in range(len(positions))]


def _bottom(crowd: Sequence[int], positions: Sequence[float], gap: float) -> float:
    mean = sum(positions[index] for index in crowd) / len(crowd)
    return mean - gap * (len(crowd) - 1) / 2


def _top(crowd: Sequence[int], positions: Sequence[float], gap: float) -> float:
    return _bottom(crowd, positions, gap) + gap * (len(crowd) - 1)


def short_names(subjects: Iterable[str]) -> dict[str, str]:
    """The last part of each identifier where those still differ, else the whole identifier."""
    whole = sorted(set(subjects))
    short = {subject: subject.rpartition("-")[2] for subject in whole}
    return short if len(set(short.values())) == len(whole) else {name: name for name in whole}
