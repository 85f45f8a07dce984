"""Cumulative ganciclovir: one rising line a participant, one panel an arm (DOMAIN 4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from outcomes.figures.labels import MOST_LABELS, VerticalScale, short_names
from outcomes.figures.specification import (
    Look,
    Spec,
    names,
    participant_line,
    participant_marks,
    specification,
)
from outcomes.figures.theme import Theme, arm_style
from trial_site.messages import Message
from trial_site.protocol.definition import Arm, Protocol, gettext_noop

DAYS_A_WEEK = 7
WIDTH, NARROW_WIDTH, HEIGHT, NARROW_HEIGHT = 420, 200, 260, 200
NAMES_SHARE = 0.14  # of the axis, room for the names at the lines' ends

_DESCRIPTION = gettext_noop(
    "Cumulative ganciclovir of the first course in mg by day since the first dose, one line a "
    "participant: %(panels)s."
)
_PANEL = gettext_noop("%(arm)s · n = %(count)s")
_MG = gettext_noop("mg delivered")
_DAYS = gettext_noop("Days since first dose")
_TOOLTIPS = {
    "subject": gettext_noop("Participant"),
    "mg": _MG,
    "day": _DAYS,
}


@dataclass(frozen=True)
class Cumulated:
    """What one participant had received by the end of ``day`` (0 is the day of the first dose)."""

    subject: str
    arm: str
    day: int
    mg: float
    href: str


def cumulative(
    points: Sequence[Cumulated],
    *,
    protocol: Protocol,
    theme: Theme,
    narrow: bool = False,
    translate: Callable[[str], str] = str,
) -> Spec:
    """A Vega-Lite specification; ``points`` are in the order of days, one a day with a dose."""
    look = Look(theme, narrow, translate)
    last_day = max((DAYS_A_WEEK, *(point.day for point in points)))
    most = max((1.0, *(point.mg for point in points))) * 1.05
    scale = VerticalScale(0, most, NARROW_HEIGHT if narrow else HEIGHT)
    panels, titles = [], []
    for arm in protocol.arms:
        drawn = [point for point in points if point.arm == arm.code]
        titles.append(_title(arm, drawn, look))
        panels.append(
            {
                "title": titles[-1],
                "width": NARROW_WIDTH if narrow else WIDTH,
                "height": scale.height,
                "layer": list(_layers(arm, drawn, last_day, scale, look)),
            }
        )
    description = look.say(_DESCRIPTION, panels=", ".join(titles))
    return specification(panels, look=look, description=description)


def _title(arm: Arm, points: Sequence[Cumulated], look: Look) -> str:
    count = len({point.subject for point in points})
    return look.say(_PANEL, arm=Message(arm.short_label), count=str(count))


def _layers(
    arm: Arm, points: Sequence[Cumulated], last_day: int, scale: VerticalScale, look: Look
) -> Iterator[Spec]:
    style = arm_style(arm.code, look.theme)
    axes = {"x": _days(last_day, look), "y": _mg(scale, look)}
    line = participant_line(style)
    line["mark"]["interpolate"] = "step-after"
    yield {"data": {"values": [_row(point, style.shape) for point in points]}, **_with(line, axes)}
    ends = list({point.subject: point for point in points}.values())
    tooltips = {field: look.say(title) for field, title in _TOOLTIPS.items()}
    marks = participant_marks(style, look, tooltips)
    yield {"data": {"values": [_row(point, style.shape) for point in ends]}, **_with(marks, axes)}
    if len(ends) <= MOST_LABELS:
        yield names(_named(ends, scale), axes["x"], axes["y"], look)


def _with(layer: Spec, axes: Spec) -> Spec:
    return {**layer, "encoding": {**layer["encoding"], **axes}}


def _row(point: Cumulated, shape: str) -> Spec:
    return {
        "subject": point.subject,
        "day": point.day,
        "mg": point.mg,
        "shape": shape,
        "href": point.href,
    }


def _named(ends: Sequence[Cumulated], scale: VerticalScale) -> list[Spec]:
    short = short_names(point.subject for point in ends)
    heights = scale.spread([point.mg for point in ends])
    return [
        {"day": point.day, "mg": height, "name": short[point.subject]}
        for point, height in zip(ends, heights, strict=True)
    ]


def _days(last_day: int, look: Look) -> Spec:
    weeks = ceil(last_day / DAYS_A_WEEK)
    return {
        "field": "day",
        "type": "quantitative",
        "title": look.say(_DAYS),
        "axis": {"values": [week * DAYS_A_WEEK for week in range(weeks + 1)]},
        "scale": {"domain": [0, last_day * (1 + NAMES_SHARE)], "nice": False},
    }


def _mg(scale: VerticalScale, look: Look) -> Spec:
    return {
        "field": "mg",
        "type": "quantitative",
        "title": look.say(_MG),
        "axis": {"format": ",d", "tickCount": 5},
        "scale": {"domain": [0, scale.high], "nice": False},
    }
