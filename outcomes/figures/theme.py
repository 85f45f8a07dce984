"""How every figure looks: the colours of ``trial.css`` as a Vega-Lite config, light and dark.

An arm is told apart by colour, shape, filling and dash together, never by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from trial_site.protocol.definition import ArmCode

FONT = (
    "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', "
    "Arial, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
)


class Theme(StrEnum):
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True)
class Palette:
    """Colours by what they mean."""

    ink: str
    ink_2: str
    ink_3: str
    grid: str
    axis: str
    limit: str
    surface: str
    il2: str
    gcv: str
    hold: str
    late: str
    met: str
    bar_il2: str
    bar_gcv: str


PALETTES: Mapping[Theme, Palette] = {
    Theme.LIGHT: Palette(
        ink="#14202a",
        ink_2="#43515d",
        ink_3="#586672",
        grid="#e8edf0",
        axis="#a9b5be",
        limit="#a01c1f",
        surface="#ffffff",
        il2="#0b5878",
        gcv="#5a6672",
        hold="#652878",
        late="#a83a00",
        met="#135f37",
        bar_il2="#b9d7e4",
        bar_gcv="#d3d9de",
    ),
    Theme.DARK: Palette(
        ink="#e4eaee",
        ink_2="#b0bcc6",
        ink_3="#93a1ac",
        grid="#242e36",
        axis="#4b5965",
        limit="#ff9f97",
        surface="#161d23",
        il2="#74c4e3",
        gcv="#a3afb9",
        hold="#dcaaee",
        late="#ff9d69",
        met="#82d2a2",
        bar_il2="#214e60",
        bar_gcv="#3b4751",
    ),
}


@dataclass(frozen=True)
class ArmStyle:
    """The look of one arm in one theme."""

    color: str
    shape: str
    filled: bool
    dash: tuple[int, int]
    bar: str


def arm_style(arm: str, theme: Theme) -> ArmStyle:
    """Filled circles on a solid line with IL-2, open squares on a dashed one without."""
    palette = PALETTES[theme]
    if arm == ArmCode.IL2_GANCICLOVIR:
        return ArmStyle(palette.il2, shape="circle", filled=True, dash=(1, 0), bar=palette.bar_il2)
    return ArmStyle(palette.gcv, shape="square", filled=False, dash=(5, 3), bar=palette.bar_gcv)


def config(theme: Theme) -> dict[str, Any]:
    """The ``config`` of a Vega-Lite specification."""
    palette = PALETTES[theme]
    return {
        "background": "transparent",
        "font": FONT,
        "padding": 4,
        "view": {"stroke": None},
        **_axes(palette),
        **_captions(palette),
        **_marks(palette),
        "range": {"category": [palette.il2, palette.gcv]},
    }


def _fonts() -> dict[str, str]:
    return {"labelFont": FONT, "titleFont": FONT}


def _axes(palette: Palette) -> dict[str, Any]:
    return {
        "axis": {
            **_fonts(),
            "aria": False,  # Vega would read axes out in English only
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": 500,
            "labelColor": palette.ink_2,
            "titleColor": palette.ink_2,
            "domainColor": palette.axis,
            "tickColor": palette.axis,
            "gridColor": palette.grid,
            "gridWidth": 1,
            "tickSize": 4,
            "labelPadding": 5,
            "titlePadding": 8,
            "labelFlush": False,
        },
        # The title of the vertical axis lies above it, to be read without turning the head.
        "axisY": {
            "domain": False,
            "ticks": False,
            "titleAngle": 0,
            "titleAlign": "left",
            "titleAnchor": "end",
            "titleBaseline": "bottom",
            "titleX": 0,
            "titleY": -10,
        },
        "axisX": {"grid": False},
    }


def _captions(palette: Palette) -> dict[str, Any]:
    return {
        "header": {
            **_fonts(),
            "labelFontSize": 13,
            "labelFontWeight": 600,
            "labelColor": palette.ink,
            "labelAnchor": "start",
            "labelPadding": 16,
            "title": None,
        },
        "legend": {
            **_fonts(),
            "labelFontSize": 12,
            "labelColor": palette.ink_2,
            "titleColor": palette.ink_2,
            "symbolSize": 70,
            "orient": "top",
            "direction": "horizontal",
            "title": None,
            "offset": 8,
        },
        "title": {
            "font": FONT,
            "subtitleFont": FONT,
            "fontSize": 13,
            "fontWeight": 600,
            "color": palette.ink,
            "anchor": "start",
            "offset": 10,
            "frame": "group",
        },
    }


def _marks(palette: Palette) -> dict[str, Any]:
    return {
        "text": {"font": FONT, "fontSize": 12, "color": palette.ink_2},
        "line": {"strokeWidth": 2, "strokeCap": "round", "strokeJoin": "round"},
        "point": {"size": 64, "filled": True, "strokeWidth": 2, "opacity": 1},
        "rule": {"color": palette.axis},
    }
