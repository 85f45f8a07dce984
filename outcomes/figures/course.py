"""One analyte of one participant over time, with its limits, and doses and visits under it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from outcomes.figures.labels import VerticalScale
from outcomes.figures.specification import Look, Spec, names, reference_line, specification
from outcomes.figures.theme import PALETTES, Theme
from outcomes.figures.viral_load import TRIANGLES
from trial_site.messages import Message
from trial_site.protocol.definition import Analyte, gettext_noop
from trial_site.units import spelled

LANE_HEIGHT = 22  # pixels
LOG_FROM = 30  # a course that spans this many times its lowest value is read on a log scale
WIDE, NARROW = 820, 250

_DESCRIPTION = gettext_noop("%(analyte)s of %(subject)s in %(unit)s over time: %(count)s results.")
_DAYS = gettext_noop("Days since first dose")
_DAYS_OF_RESULTS = gettext_noop("Days since first result")
_LOG = gettext_noop("%(unit)s, log scale")
_NOTE = gettext_noop("Open triangle: beyond a limit of the assay, drawn at the limit.")
_TOOLTIPS = {
    "reported": gettext_noop("Result"),
    "day": gettext_noop("Day"),
    "verdict": gettext_noop("Verdict"),
}


@dataclass(frozen=True)
class CoursePoint:
    """One result: ``value`` in the analyte's unit is the number, or the limit it lies beyond.

    ``grade`` is its CTCAE grade, if it has one; ``low`` and ``high`` its own limits of normal.
    """

    day: int
    value: Decimal
    operator: str
    reported: str
    verdict: str
    href: str
    grade: int | None = None
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True)
class LaneMark:
    """Something that happened on ``day``, drawn as a tick in ``lane``; ``done`` or not."""

    lane: str
    day: int
    what: str
    done: bool
    href: str


@dataclass(frozen=True)
class Course:
    """What is drawn.  ``limits`` are lines across it with their names; ``since_dose`` says what
    day 0 is."""

    subject: str
    analyte: Analyte
    points: Sequence[CoursePoint]
    marks: Sequence[LaneMark]
    lanes: Sequence[str]
    limits: Sequence[tuple[Decimal, str]]
    since_dose: bool


def course_figure(
    course: Course,
    *,
    theme: Theme,
    narrow: bool = False,
    translate: Callable[[str], str] = str,
) -> Spec:
    """A Vega-Lite specification: the course above, one lane a drug and one of visits below."""
    look = Look(theme, narrow, translate)
    scale = _scale(course, narrow=narrow)
    beyond = any(point.operator in TRIANGLES for point in course.points)
    panels = [_panel(course, scale, look)]
    if course.lanes:
        panels.append(_lanes(course, look))
    return specification(
        panels,
        look=look,
        stacked=True,
        description=look.say(
            _DESCRIPTION,
            analyte=Message(course.analyte.name),
            subject=course.subject,
            unit=course.analyte.unit,
            count=str(len(course.points)),
        ),
        note=look.say(_NOTE) if beyond else "",
    )


def _scale(course: Course, *, narrow: bool) -> VerticalScale:
    shown = [float(point.value) for point in course.points]
    shown += [float(limit) for limit, _ in course.limits]
    shown += [float(edge) for p in course.points for edge in (p.low, p.high) if edge is not None]
    low, high = min(shown, default=0.0), max(shown, default=1.0)
    height = 190 if narrow else 260
    if low > 0 and high / low >= LOG_FROM:
        return VerticalScale(low / 2, high * 1.5, height, logarithmic=True)
    room = (high - low or abs(high) or 1.0) / 10
    bottom = low - room if low < 0 else max(0.0, low - room)
    return VerticalScale(bottom, high + room, height)


def _days(course: Course, look: Look, *, titled: bool) -> Spec:
    days = [point.day for point in course.points] + [mark.day for mark in course.marks]
    first, last = min(days, default=0), max(days, default=7)
    room = max(1.0, (last - first) / 25)
    title = look.say(_DAYS if course.since_dose else _DAYS_OF_RESULTS)
    return {
        "field": "day",
        "type": "quantitative",
        "title": title if titled else None,
        "axis": {"tickMinStep": 1, "format": "d", "labels": titled, "ticks": titled},
        "scale": {"domain": [first - room, last + room], "nice": False},
    }


def _panel(course: Course, scale: VerticalScale, look: Look) -> Spec:
    x = _days(course, look, titled=not course.lanes)
    unit = course.analyte.unit
    powers = [10.0**power for power in range(-3, 11)]
    ticks = {"values": [power for power in powers if scale.low <= power <= scale.high]}
    y: Spec = {
        "field": "value",
        "type": "quantitative",
        "title": look.say(_LOG, unit=spelled(unit)) if scale.logarithmic else spelled(unit),
        "axis": ticks if scale.logarithmic and len(ticks["values"]) > 1 else {},
        "scale": {
            "type": "log" if scale.logarithmic else "linear",
            "domain": [scale.low, scale.high],
            "nice": False,
        },
    }
    return {
        "width": NARROW if look.narrow else WIDE,
        "height": scale.height,
        "layer": list(_layers(course, x, y, look)),
    }


def _layers(course: Course, x: Spec, y: Spec, look: Look) -> Iterator[Spec]:
    palette = PALETTES[look.theme]
    band = [
        {"day": p.day, "value": float(p.low), "high": float(p.high)}
        for p in course.points
        if p.low is not None and p.high is not None
    ]
    if band:
        yield {
            "data": {"values": band},
            "mark": {"type": "area", "color": palette.grid, "interpolate": "step-after"},
            "encoding": {"x": x, "y": y, "y2": {"field": "high"}},
        }
    for limit, name in course.limits:
        yield from _limit(float(limit), name, y, palette.limit)
    yield {
        "data": {"values": [_row(point) for point in course.points]},
        "encoding": {"x": x, "y": y},
        "layer": [
            {"mark": {"type": "line", "color": palette.il2, "aria": False}},
            _marks(look),
        ],
    }
    graded = [_row(point) | {"name": f"G{point.grade}"} for point in course.points if point.grade]
    yield names(graded, x, y, look)


def _limit(value: float, name: str, y: Spec, color: str) -> Iterator[Spec]:
    """A line across the panel, named above its right end."""
    yield reference_line(value, y, color, dash=(6, 4))
    yield {
        "data": {"values": [{"value": value, "name": name}]},
        "mark": {"type": "text", "align": "right", "dy": -7, "color": color, "aria": False},
        "encoding": {
            "x": {"value": "width"},
            "y": y,
            "text": {"field": "name", "type": "nominal"},
        },
    }


def _row(point: CoursePoint) -> Spec:
    return {
        "day": point.day,
        "value": float(point.value),
        "shape": TRIANGLES.get(point.operator, "circle"),
        "reported": point.reported,
        "verdict": point.verdict,
        "href": point.href,
    }


def _marks(look: Look) -> Spec:
    palette = PALETTES[look.theme]
    own = {"test": "datum.shape == 'circle'", "value": palette.il2}
    return {
        "mark": {"type": "point", "filled": False, "stroke": palette.il2},
        "encoding": {
            "shape": {"field": "shape", "type": "nominal", "scale": None},
            "fill": {"condition": own, "value": palette.surface},
            "href": {"field": "href", "type": "nominal"},
            "tooltip": [
                {"field": field, "type": "nominal", "title": look.say(title)}
                for field, title in _TOOLTIPS.items()
            ],
        },
    }


def _lanes(course: Course, look: Look) -> Spec:
    palette = PALETTES[look.theme]
    rows = [
        {"lane": m.lane, "day": m.day, "what": m.what, "done": m.done, "href": m.href}
        for m in course.marks
    ]
    done = {"test": "datum.done", "value": palette.ink_2}
    return {
        "width": NARROW if look.narrow else WIDE,
        "height": LANE_HEIGHT * len(course.lanes),
        "data": {"values": rows},
        "mark": {"type": "point", "filled": False, "size": 36},
        "encoding": {
            "x": _days(course, look, titled=True),
            "y": {
                "field": "lane",
                "type": "nominal",
                "title": None,
                "scale": {"domain": list(course.lanes)},
                "axis": {"labelLimit": 90, "domain": False, "ticks": False},
            },
            "shape": {
                "condition": {"test": "datum.done", "value": "circle"},
                "value": "cross",
            },
            "fill": {"condition": done, "value": "transparent"},
            "stroke": {"condition": done, "value": palette.limit},
            "href": {"field": "href", "type": "nominal"},
            "tooltip": [{"field": "what", "type": "nominal", "title": look.say(_TOOLTIPS["day"])}],
        },
    }
