"""Small multiples: one panel an analyte, one line a participant from visit to visit (DOMAIN 10)."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from outcomes.figures.specification import (
    Look,
    Spec,
    participant_line,
    participant_marks,
    specification,
)
from outcomes.figures.theme import Theme, arm_style
from trial_site.messages import Message
from trial_site.protocol.definition import Protocol, gettext_noop

WIDTH, NARROW_WIDTH, HEIGHT = 300, 215, 200
PANELS_A_ROW = 2
TITLE_LINE, NARROW_TITLE_LINE = 40, 30  # characters
# A value that lies somewhere beyond a limit is drawn at the limit and points to where it lies.
TRIANGLES = {"<": "triangle-down", ">": "triangle-up"}

_DESCRIPTION = gettext_noop("One line a participant from visit to visit: %(panels)s.")
_PANEL = gettext_noop("%(name)s, n = %(count)s")
_NOTE = gettext_noop("Open triangle: beyond the limit of the assay, drawn at the limit.")
_TOOLTIPS = {
    "subject": gettext_noop("Participant"),
    "reported": gettext_noop("Result"),
    "visit": gettext_noop("Visit"),
}


@dataclass(frozen=True)
class LevelPoint:
    """One value at one visit: the number, or the limit where ``operator`` is not ``=``."""

    subject: str
    arm: str
    visit: str
    operator: str
    value: float
    reported: str
    href: str


@dataclass(frozen=True)
class LevelPanel:
    """One analyte: its name and unit, and everybody's points in the order of the visits."""

    name: str
    unit: str
    points: Sequence[LevelPoint]


def levels(
    panels: Sequence[LevelPanel],
    visits: Sequence[str],
    *,
    protocol: Protocol,
    theme: Theme,
    narrow: bool = False,
    translate: Callable[[str], str] = str,
) -> Spec:
    """A Vega-Lite specification; ``visits`` are the labels of the horizontal axis in order."""
    look = Look(theme, narrow, translate)
    drawn = [_panel(panel, visits, protocol, look) for panel in panels]
    rows = [
        {"hconcat": drawn[start : start + PANELS_A_ROW], "spacing": 24}
        for start in range(0, len(drawn), PANELS_A_ROW)
    ]
    beyond = any(point.operator in TRIANGLES for panel in panels for point in panel.points)
    return specification(
        drawn if narrow else rows,
        look=look,
        description=look.say(
            _DESCRIPTION, panels="; ".join(_title(panel, look) for panel in panels)
        ),
        note=look.say(_NOTE) if beyond else "",
        stacked=True,
    )


def _title(panel: LevelPanel, look: Look) -> str:
    count = str(len({point.subject for point in panel.points}))
    return look.say(_PANEL, name=Message(panel.name), count=count)


def _panel(panel: LevelPanel, visits: Sequence[str], protocol: Protocol, look: Look) -> Spec:
    line = NARROW_TITLE_LINE if look.narrow else TITLE_LINE
    return {
        "title": {"text": textwrap.wrap(_title(panel, look), line)},
        "width": NARROW_WIDTH if look.narrow else WIDTH,
        "height": HEIGHT,
        "encoding": {"x": _visits(visits, look), "y": _values(panel)},
        "layer": list(_layers(panel, visits, protocol, look)),
    }


def _layers(
    panel: LevelPanel, visits: Sequence[str], protocol: Protocol, look: Look
) -> Iterator[Spec]:
    tooltips = {field: look.say(title) for field, title in _TOOLTIPS.items()}
    for arm in protocol.arms:
        style = arm_style(arm.code, look.theme)
        rows = [_row(point, visits, style.shape) for point in panel.points if point.arm == arm.code]
        yield {
            "data": {"values": rows},
            "layer": [participant_line(style), participant_marks(style, look, tooltips)],
        }


def _row(point: LevelPoint, visits: Sequence[str], shape: str) -> Spec:
    return {
        "subject": point.subject,
        "visit": point.visit,
        "place": visits.index(point.visit),
        "level": point.value,
        "shape": TRIANGLES.get(point.operator, shape),
        "reported": point.reported,
        "href": point.href,
    }


def _visits(visits: Sequence[str], look: Look) -> Spec:
    """On a phone the labels lean, so that none runs into the next."""
    leaning = {"labelAngle": -30, "labelAlign": "right"} if look.narrow else {"labelAngle": 0}
    return {
        "field": "visit",
        "type": "ordinal",
        "sort": list(visits),
        "scale": {"domain": list(visits), "type": "point", "padding": 0.4},
        "title": None,
        "axis": {**leaning, "labelLimit": 90},
    }


def _values(panel: LevelPanel) -> Spec:
    return {
        "field": "level",
        "type": "quantitative",
        "title": panel.unit,
        "scale": {"zero": False, "nice": True},
        "axis": {"tickCount": 5},
    }
