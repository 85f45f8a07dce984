"""The key of the swimmer plot: what each bar and symbol means, and how it looks."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from outcomes.figures.specification import Look, Spec
from outcomes.figures.theme import PALETTES
from trial_site.protocol.definition import gettext_noop

KEY_LINE, KEY_TEXT = 18, 12  # pixels: one line, and from a symbol to its words
KEY_COLUMN = 192
LIFT = -11  # pixels: events stand above the bars
CROSS = "M-.6,-.6L.6,.6M.6,-.6L-.6,.6"
STOP = "M0,-1V1"

WORDS = {
    "ganciclovir": gettext_noop("Ganciclovir given"),
    "il2": gettext_noop("Interleukin-2 given"),
    "rescue": gettext_noop("Rescue ganciclovir"),
    "partial": gettext_noop("Dose given in part"),
    "missed": gettext_noop("Dose not given"),
    "held": gettext_noop("Drug held"),
    "negative": gettext_noop("First negative CMV-DNA"),
    "confirmed": gettext_noop("Conversion confirmed"),
    "event": gettext_noop("Adverse event, with its grade"),
    "serious": gettext_noop("Serious adverse event"),
    "withdrawn": gettext_noop("Drug withdrawal"),
    "ended": gettext_noop("End of participation"),
    "ongoing": gettext_noop("Still followed"),
}


@dataclass(frozen=True)
class Symbol:
    """How a kind of mark looks; ``lift`` are pixels below the middle of the lane."""

    shape: str
    color: str
    fill: str
    size: int
    lift: int = 0


def symbols(look: Look) -> dict[str, Symbol]:
    palette = PALETTES[look.theme]
    open_ = palette.surface
    return {
        "partial": Symbol("circle", palette.limit, open_, 28),
        "missed": Symbol(CROSS, palette.limit, "transparent", 80),
        "negative": Symbol("diamond", palette.met, open_, 74),
        "confirmed": Symbol("diamond", palette.met, palette.met, 74),
        "event": Symbol("triangle-up", palette.late, open_, 52, lift=LIFT),
        "serious": Symbol("triangle-up", palette.limit, palette.limit, 78, lift=LIFT),
        "withdrawn": Symbol(STOP, palette.ink, "transparent", 130),
        "ended": Symbol("square", palette.ink, palette.ink, 30),
        "ongoing": Symbol("triangle-right", palette.ink_3, palette.ink_3, 44),
    }


def point(symbol: Symbol) -> Spec:
    return {
        "type": "point",
        "filled": False,
        "shape": symbol.shape,
        "stroke": symbol.color,
        "fill": symbol.fill,
        "size": symbol.size,
    }


def key(look: Look, width: int, columns: int) -> Spec:
    """What each bar and symbol means, in as many columns as fit."""
    palette = PALETTES[look.theme]
    swatches = {
        "ganciclovir": Symbol("square", palette.ink_3, palette.bar_gcv, 110),
        "rescue": Symbol("square", palette.ink_3, palette.surface, 110),
        "il2": Symbol("square", palette.il2, palette.il2, 40),
        "held": Symbol("square", palette.hold, palette.hold, 110),
    }
    shown = {**swatches, **symbols(look)}
    lines = ceil(len(shown) / columns)
    rows = {
        kind: {
            "x": 6 + (index // lines) * KEY_COLUMN,
            "y": (index % lines + 0.5) * KEY_LINE,
            "name": look.say(WORDS[kind]),
        }
        for index, kind in enumerate(shown)
    }
    height = lines * KEY_LINE
    place = {"x": _pixels("x", width), "y": _pixels("y", height)}
    points = [
        {"data": {"values": [rows[kind]]}, "mark": {**point(symbol), "aria": False}}
        for kind, symbol in shown.items()
    ]
    words = {
        "data": {"values": [*rows.values()]},
        "mark": {"type": "text", "align": "left", "dx": KEY_TEXT},
        "encoding": {"text": {"field": "name", "type": "nominal"}},
    }
    return {"width": width, "height": height, "encoding": place, "layer": [*points, words]}


def _pixels(field: str, size: float) -> Spec:
    domain = [0, size] if field == "x" else [size, 0]
    return {
        "field": field,
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": domain, "nice": False},
    }
