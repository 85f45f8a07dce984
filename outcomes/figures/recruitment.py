"""Recruitment: the cumulative number of participants as steps, and the target as a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from outcomes.figures.specification import Look, Spec, specification
from outcomes.figures.theme import PALETTES, Theme
from outcomes.rules.recruitment import Step
from trial_site.protocol.definition import gettext_noop

MOST_PANELS = 6  # beyond, only the first: all sites together
WIDTH, NARROW_WIDTH, HEIGHT, NARROW_HEIGHT = 560, 200, 240, 190
COUNT_TICKS = 5

_DESCRIPTION = gettext_noop("Participants allocated over time, and the target: %(panels)s.")
_PANEL = gettext_noop("%(site)s: %(allocated)s allocated of %(target)s")
_PANEL_WITHOUT = gettext_noop("%(site)s: %(allocated)s allocated, no target")
_COUNT = gettext_noop("Participants")
_DAY = gettext_noop("Day")
_TARGET, _ALLOCATED = gettext_noop("Target number"), gettext_noop("Allocated")


@dataclass(frozen=True)
class Course:
    """One panel: the corners of the target's line, the steps, and the day that it is drawn on."""

    title: str
    promised: Sequence[tuple[date, Fraction]]
    steps: Sequence[Step]
    today: date

    @property
    def allocated(self) -> int:
        return self.steps[-1].count if self.steps else 0

    @property
    def target(self) -> int:
        return int(self.promised[-1][1]) if self.promised else 0


def recruitment_figure(
    courses: Sequence[Course],
    *,
    theme: Theme,
    narrow: bool = False,
    translate: Callable[[str], str] = str,
) -> Spec:
    """A Vega-Lite specification with one panel a course, one below the other."""
    look = Look(theme, narrow, translate)
    shown = courses if len(courses) <= MOST_PANELS else courses[:1]
    titles = [_title(course, look) for course in shown]
    panels = [_panel(course, title, look) for course, title in zip(shown, titles, strict=True)]
    description = look.say(_DESCRIPTION, panels="; ".join(titles))
    spec = specification([{"vconcat": panels, "spacing": 24}], look=look, description=description)
    return spec


def _title(course: Course, look: Look) -> str:
    allocated, target = str(course.allocated), str(course.target)
    if course.promised:
        return look.say(_PANEL, site=course.title, allocated=allocated, target=target)
    return look.say(_PANEL_WITHOUT, site=course.title, allocated=allocated)


def _panel(course: Course, title: str, look: Look) -> Spec:
    palette = PALETTES[look.theme]
    target = [_row(day, float(count)) for day, count in course.promised]
    steps = [_row(step.day, step.count) for step in course.steps]
    most = max([1, *(row["count"] for row in (*target, *steps))])
    return {
        "title": title,
        "width": NARROW_WIDTH if look.narrow else WIDTH,
        "height": NARROW_HEIGHT if look.narrow else HEIGHT,
        "encoding": {"x": _day(), "y": _count(most, look)},
        "layer": [
            *_line(target, look.say(_TARGET), palette.ink_3, look, dash=(5, 3)),
            *_line(steps, look.say(_ALLOCATED), palette.il2, look, interpolate="step-after"),
        ],
    }


def _row(day: date, count: float) -> Spec:
    """``day`` is where the mark stands, ``on`` the same to be read."""
    return {"day": day.isoformat(), "on": day.isoformat(), "count": count}


def _line(
    rows: Sequence[Spec],
    name: str,
    color: str,
    look: Look,
    *,
    dash: tuple[int, int] = (1, 0),
    interpolate: str = "linear",
) -> list[Spec]:
    """A line with its name at its end; nothing where there are no rows."""
    if not rows:
        return []
    data = {"values": [{**row, "series": name} for row in rows]}
    line = {"type": "line", "color": color, "strokeDash": list(dash), "interpolate": interpolate}
    spoken = {"expr": "datum.series + ', ' + utcFormat(datum.day, '%Y-%m-%d') + ': ' + datum.count"}
    point = {"type": "point", "color": color, "size": 36, "description": spoken}
    text = {"type": "text", "color": color, "align": "right", "dx": -4, "dy": -10, "aria": False}
    return [
        {"data": data, "mark": {**line, "aria": False}},
        {
            "data": data,
            "mark": point,
            "encoding": {
                "tooltip": [
                    {"field": "series", "type": "nominal", "title": " "},
                    {"field": "on", "type": "nominal", "title": look.say(_DAY)},
                    {"field": "count", "type": "quantitative", "title": look.say(_COUNT)},
                ]
            },
        },
        {
            "data": {"values": data["values"][-1:]},
            "mark": text,
            "encoding": {"text": {"field": "series"}},
        },
    ]


def _day() -> Spec:
    """Days of the site, which have no time zone: read and written as they stand."""
    return {
        "field": "day",
        "type": "temporal",
        "title": None,
        "scale": {"type": "utc"},
        "axis": {"format": "%Y-%m-%d", "labelOverlap": "greedy", "labelSeparation": 12},
    }


def _count(most: float, look: Look) -> Spec:
    return {
        "field": "count",
        "type": "quantitative",
        "title": look.say(_COUNT),
        "scale": {"domain": [0, most], "nice": True},
        "axis": {"tickCount": COUNT_TICKS, "tickMinStep": 1, "format": "d"},
    }
