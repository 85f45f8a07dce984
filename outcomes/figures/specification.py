"""The parts that every figure's Vega-Lite specification has in common.

Specifications are plain dictionaries, which the tests hold against the Vega-Lite schema that
Altair carries.  Building them with Altair was measured first: it adds 28 MB to a web worker and
takes 200 ms a figure of ten participants, longer with more; a dictionary takes none and 1 ms.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from outcomes.figures.theme import PALETTES, ArmStyle, Theme, config
from trial_site.messages import Message

Spec = dict[str, Any]
NOTE_LINE = 45  # characters, narrow enough for a phone
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"


@dataclass(frozen=True)
class Look:
    """Who the figure is drawn for: the theme, the width, and the reader's language."""

    theme: Theme
    narrow: bool = False
    translate: Callable[[str], str] = str

    def say(self, text: str, **params: str | Message) -> str:
        return Message(text, params).render(self.translate)


def specification(
    panels: Sequence[Spec],
    *,
    look: Look,
    description: str,
    note: str = "",
    stacked: bool = False,
) -> Spec:
    """A whole figure: its panels side by side, or below each other when narrow or ``stacked``."""
    spec = {
        "$schema": SCHEMA,
        "description": description,
        "vconcat" if look.narrow or stacked else "hconcat": list(panels),
        "spacing": 24,
        "config": config(look.theme),
    }
    for panel in panels:
        _keep_silent_where_empty(panel)
    if note:
        spec["title"] = {
            "text": textwrap.wrap(note, NOTE_LINE),
            "orient": "bottom",
            "fontSize": 11,
            "fontWeight": "normal",
            "color": PALETTES[look.theme].ink_3,
        }
    return spec


def _keep_silent_where_empty(part: Spec, is_empty: bool = False) -> None:
    """Vega names the group of a layer's marks for screen readers, also where there are none."""
    if "data" in part:
        is_empty = not part["data"].get("values")
    if is_empty and isinstance(part.get("mark"), dict):
        part["mark"]["aria"] = False
    for inner in (*part.get("layer", ()), *part.get("hconcat", ()), *part.get("vconcat", ())):
        _keep_silent_where_empty(inner, is_empty)


def reference_line(value: float, y: Spec, color: str, dash: tuple[int, int] = (1, 0)) -> Spec:
    """A line across the panel at ``value`` of the vertical channel ``y``."""
    mark = {"type": "rule", "strokeWidth": 1.5, "aria": False}
    return {
        "data": {"values": [{y["field"]: value}]},
        "mark": {**mark, "color": color, "strokeDash": list(dash)},
        "encoding": {"y": y},
    }


def participant_line(style: ArmStyle) -> Spec:
    return {
        "mark": {
            "type": "line",
            "color": style.color,
            "strokeDash": list(style.dash),
            "aria": False,  # the marks on it are read out
        },
        "encoding": {"detail": {"field": "subject", "type": "nominal"}},
    }


def participant_marks(style: ArmStyle, look: Look, tooltips: Mapping[str, str]) -> Spec:
    """One mark a row that leads to the participant; other shapes than the arm's own stay open.

    Rows have ``subject``, ``shape`` and ``href``; ``tooltips`` gives the fields to show, and to
    read out, with their titles.
    """
    surface = PALETTES[look.theme].surface
    spoken = " + '; ' + ".join(
        f"{json.dumps(f'{title}: ', ensure_ascii=False)} + datum[{json.dumps(field)}]"
        for field, title in tooltips.items()
    )
    own = {"test": f"datum.shape == '{style.shape}'", "value": style.color}
    return {
        "mark": {
            "type": "point",
            "filled": False,
            "stroke": style.color,
            "description": {"expr": spoken},
        },
        "encoding": {
            "shape": {"field": "shape", "type": "nominal", "scale": None},
            "fill": {"condition": own, "value": surface} if style.filled else {"value": surface},
            "href": {"field": "href", "type": "nominal"},
            "tooltip": [
                {"field": field, "type": "nominal", "title": title}
                for field, title in tooltips.items()
            ],
        },
    }


def names(
    rows: Iterable[Spec], x: Spec, y: Spec, look: Look, *, align: str = "left", dx: int = 8
) -> Spec:
    """Small text beside marks, each row's ``name`` at its place, legible across lines."""
    text = {"type": "text", "align": align, "dx": dx, "fontSize": 11, "aria": False}
    surface = PALETTES[look.theme].surface
    return {
        "data": {"values": list(rows)},
        "encoding": {"x": x, "y": y, "text": {"field": "name", "type": "nominal"}},
        "layer": [{"mark": {**text, "stroke": surface, "strokeWidth": 3}}, {"mark": text}],
    }
