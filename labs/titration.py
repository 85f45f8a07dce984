"""The E:T titration of one plate, drawn by the server: every ratio, its wells, the endpoint's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from labs.plate import Plate
from labs.rules.numbers import plain
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop
from trial_site.templatetags.trial import exact

# Small enough to be read unscaled on a phone; all lengths are in the drawing's own units.
WIDTH, HEIGHT = 320, 220
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 22, 40
STEPS = (5, 10, 20, 25, 50)  # percent between two lines of the grid
MOST_LINES = 6
MARGIN = 32  # from the axis to the first ratio
SPREAD = 7  # between the marks of two wells of one ratio


@dataclass(frozen=True)
class Tick:
    at: int
    label: str


@dataclass(frozen=True)
class Point:
    """The lysis at one ratio; ``wells`` are the places of its replicates, ``says`` its words."""

    x: int
    y: int
    wells: tuple[tuple[int, int], ...]
    is_endpoint: bool
    label: str
    says: Message


@dataclass(frozen=True)
class Titration:
    points: tuple[Point, ...]
    lines: tuple[Tick, ...]
    zero: int

    width, height = WIDTH, HEIGHT
    left, right = LEFT, WIDTH - RIGHT
    top, bottom = TOP, HEIGHT - BOTTOM

    @property
    def path(self) -> str:
        return " ".join(f"{point.x},{point.y}" for point in self.points)

    @property
    def endpoint(self) -> Point | None:
        return next((point for point in self.points if point.is_endpoint), None)


def titration(plate: Plate) -> Titration | None:
    """The drawing; None where no lysis is computed at any ratio."""
    formula, ratios = plate.rule.formula, plate.assessment.by_ratio
    found = [
        (ratio.et_ratio, percent, ratio.wells)
        for ratio in reversed(ratios)  # from few effectors to many
        if (percent := ratio.by_formula[formula].percent) is not None
    ]
    if not found:
        return None
    everything = [value for _, percent, wells in found for value in (percent, *wells)]
    lines = _grid(min(everything), max(everything))

    def height(percent: Fraction) -> int:
        share = (percent - lines[0]) / (lines[-1] - lines[0])
        return round(HEIGHT - BOTTOM - share * (HEIGHT - BOTTOM - TOP))

    points = []
    places_across = _across([ratio for ratio, _, _ in found])
    for x, (ratio, percent, wells) in zip(places_across, found, strict=True):
        places = tuple((_beside(x, n, len(wells)), height(well)) for n, well in enumerate(wells))
        says = Message(
            gettext_noop("E:T %(ratio)s:1, %(lysis)s %%"),
            {"ratio": plain(ratio), "lysis": exact(percent, 2)},
        )
        is_endpoint = ratio == plate.rule.et_ratio
        points.append(Point(x, height(percent), places, is_endpoint, _ratio_label(ratio), says))
    ticks = tuple(Tick(height(Fraction(line)), exact(line)) for line in lines)
    return Titration(tuple(points), ticks, height(Fraction(0)))


def _grid(lowest: Fraction, highest: Fraction) -> list[int]:
    """Round percentages around the values, zero always among them."""
    lowest, highest = min(lowest, Fraction(0)), max(highest, Fraction(0))
    for step in STEPS:
        first, last = math.floor(lowest / step), math.ceil(highest / step)
        if last - first <= MOST_LINES:
            break
    return [step * number for number in range(first, max(last, first + 1) + 1)]


def _across(ratios: list[Decimal]) -> list[int]:
    """The places of rising ``ratios`` on a logarithmic axis; a single one stands in the middle."""
    first, room = LEFT + MARGIN, WIDTH - LEFT - RIGHT - 2 * MARGIN
    lowest, span = math.log(ratios[0]), math.log(ratios[-1] / ratios[0])
    shares = [(math.log(ratio) - lowest) / span if span else 0.5 for ratio in ratios]
    return [round(first + room * share) for share in shares]


def _beside(x: int, number: int, count: int) -> int:
    return round(x + SPREAD * (number - Fraction(count - 1, 2)))


def _ratio_label(ratio: Decimal) -> str:
    return f"{plain(ratio)}:1"
