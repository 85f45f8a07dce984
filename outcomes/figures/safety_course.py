"""Blood counts and creatinine of everybody over time: small multiples, one panel an analyte.

The label's stops are drawn across; a result that was collected while a drug was held is marked,
and the days of holds stand in a lane below.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import floor, log10

from outcomes.figures.days import DAYS_A_WEEK, day_axis
from outcomes.figures.labels import MOST_LABELS, VerticalScale, short_names
from outcomes.figures.specification import (
    Look,
    Spec,
    names,
    participant_line,
    participant_marks,
    reference_line,
    specification,
)
from outcomes.figures.theme import PALETTES, Theme, arm_style
from outcomes.figures.viral_load import TRIANGLES
from trial_site.messages import Message
from trial_site.protocol.definition import Analyte, Arm, Protocol, gettext_noop
from trial_site.units import spelled

WIDE, NARROW, BETWEEN = 340, 205, 36
HEIGHT, NARROW_HEIGHT = 190, 160
LANE = 16  # pixels
NAMES_WIDTH = 34  # pixels, room for a short name behind a line
TICKS = 4

_DESCRIPTION = gettext_noop(
    "%(analytes)s by day since the first dose, one line a participant, with the label's stops and "
    "the days on which a drug was held. %(arms)s."
)
_ARM = gettext_noop("%(arm)s: n = %(count)s")
_PANEL = gettext_noop("%(analyte)s, %(unit)s")
_STOP = gettext_noop("stop")
_HOLDS = gettext_noop("Drug held")
_HELD_DAYS = gettext_noop("held on days %(days)s")
_NOTE = gettext_noop(
    "Diamond around a result: a drug was held. Open triangle: beyond a limit of the assay."
)
_TOOLTIPS = {
    "subject": gettext_noop("Participant"),
    "reported": gettext_noop("Result"),
    "day": gettext_noop("Day"),
    "grade": gettext_noop("CTCAE grade"),
}


@dataclass(frozen=True)
class BloodPoint:
    """One result of one participant; ``value`` in the analyte's unit, or the limit it is beyond."""

    subject: str
    arm: str
    analyte: str
    day: int
    value: Decimal
    operator: str
    reported: str
    grade: str
    held: bool
    href: str


@dataclass(frozen=True)
class HeldDays:
    """Days ``first`` to ``last``, both included, on which a drug was held."""

    subject: str
    first: int
    last: int
    href: str


@dataclass(frozen=True)
class _Frame:
    first_day: int
    last_day: int
    width: int
    names: dict[str, str]

    def axis(self, look: Look) -> Spec:
        ends, width = (self.first_day, self.last_day), self.width
        return day_axis(*ends, width=width, beside=NAMES_WIDTH, small=True, look=look)


def safety_course(
    points: Sequence[BloodPoint],
    held: Sequence[HeldDays],
    analytes: Sequence[Analyte],
    *,
    protocol: Protocol,
    theme: Theme,
    narrow: bool = False,
    translate: Callable[[str], str] = str,
) -> Spec:
    """A Vega-Lite specification: one panel an analyte, two abreast, and the lane of holds."""
    look = Look(theme, narrow, translate)
    frame = _frame(points, held, narrow=narrow)
    panels = [_panel(analyte, points, frame, protocol, look) for analyte in analytes]
    if not narrow:
        panels = [
            {"hconcat": panels[start : start + 2], "spacing": BETWEEN}
            for start in range(0, len(panels), 2)
        ]
    if held:
        panels.append(_lane(held, frame, look))
    return specification(
        panels,
        look=look,
        stacked=True,
        description=look.say(
            _DESCRIPTION,
            analytes=", ".join(look.say(analyte.name) for analyte in analytes),
            arms=", ".join(_arm(arm, points, look) for arm in protocol.arms),
        ),
        note=look.say(_NOTE) if any(p.held or p.operator in TRIANGLES for p in points) else "",
    )


def _arm(arm: Arm, points: Sequence[BloodPoint], look: Look) -> str:
    count = len({point.subject for point in points if point.arm == arm.code})
    return look.say(_ARM, arm=Message(arm.short_label), count=str(count))


def _frame(points: Sequence[BloodPoint], held: Sequence[HeldDays], *, narrow: bool) -> _Frame:
    days = [point.day for point in points] + [row.last for row in held]
    return _Frame(
        first_day=min([0, *days]),
        last_day=max([DAYS_A_WEEK, *days]),
        width=NARROW if narrow else WIDE,
        names=short_names(point.subject for point in points),
    )


def _panel(
    analyte: Analyte,
    points: Sequence[BloodPoint],
    frame: _Frame,
    protocol: Protocol,
    look: Look,
) -> Spec:
    mine = [point for point in points if point.analyte == analyte.code]
    stops = [row.bound.value for row in protocol.ganciclovir.holds if row.analyte == analyte.code]
    scale = _scale(mine, stops, look)
    return {
        "title": look.say(_PANEL, analyte=Message(analyte.name), unit=spelled(analyte.unit)),
        "width": frame.width,
        "height": scale.height,
        "layer": list(_layers(mine, stops, scale, frame, protocol, look)),
    }


def _scale(points: Sequence[BloodPoint], stops: Sequence[Decimal], look: Look) -> VerticalScale:
    """From zero, so that a fall looks as deep as it is."""
    top = max([1.0, *(float(p.value) for p in points), *(float(stop) for stop in stops)])
    return VerticalScale(0, top * 1.08, NARROW_HEIGHT if look.narrow else HEIGHT)


def _layers(
    points: Sequence[BloodPoint],
    stops: Sequence[Decimal],
    scale: VerticalScale,
    frame: _Frame,
    protocol: Protocol,
    look: Look,
) -> Iterator[Spec]:
    x, y = frame.axis(look), _values(scale, stops, look)
    for stop in stops:
        yield reference_line(float(stop), y, PALETTES[look.theme].limit, dash=(6, 4))
    for arm in protocol.arms:
        style = arm_style(arm.code, look.theme)
        rows = [_row(point, style.shape) for point in points if point.arm == arm.code]
        tooltips = {field: look.say(title) for field, title in _TOOLTIPS.items()}
        marks = participant_marks(style, look, tooltips)
        marks["mark"] |= {"size": 26, "strokeWidth": 1.5}
        line = participant_line(style)
        line["mark"] |= {"strokeWidth": 1.25}
        yield {
            "data": {"values": rows},
            "encoding": {"x": x, "y": y},
            "layer": [line, marks],
        }
    yield _halo(points, x, y, look)
    yield names(_ends(points, scale, frame), x, y, look, dx=6)


def _halo(points: Sequence[BloodPoint], x: Spec, y: Spec, look: Look) -> Spec:
    """A diamond around each result that was collected while a drug was held."""
    rows = [{"day": point.day, "value": float(point.value)} for point in points if point.held]
    color = PALETTES[look.theme].hold
    mark = {"type": "point", "filled": False, "shape": "diamond", "stroke": color, "size": 130}
    return {
        "data": {"values": rows},
        "mark": {**mark, "strokeWidth": 1.5, "aria": False},
        "encoding": {"x": x, "y": y},
    }


def _row(point: BloodPoint, shape: str) -> Spec:
    return {
        "subject": point.subject,
        "day": point.day,
        "value": float(point.value),
        "shape": TRIANGLES.get(point.operator, shape),
        "reported": point.reported,
        "grade": point.grade,
        "href": point.href,
    }


def _values(scale: VerticalScale, stops: Sequence[Decimal], look: Look) -> Spec:
    """The stop is named at the axis: no mark can cover it there."""
    named = [float(stop) for stop in stops]
    palette, test = PALETTES[look.theme], f"indexof({json.dumps(named)}, datum.value) >= 0"
    stop = json.dumps(look.say(_STOP), ensure_ascii=False)
    near = scale.high / 9
    ticks = [t for t in _ticks(scale.high) if all(abs(t - at) > near or t == 0 for at in named)]
    return {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "axis": {
            "values": sorted({*ticks, *named}),
            "labelExpr": f"{test} ? {stop} + ' ' + datum.value : datum.label",
            "labelColor": {
                "condition": {"test": test, "value": palette.limit},
                "value": palette.ink_2,
            },
        },
        "scale": {"domain": [scale.low, scale.high], "nice": False},
    }


def _ticks(top: float) -> list[float]:
    """Round numbers from 0 to ``top``."""
    rough = top / TICKS
    power = 10 ** floor(log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [step * number for number in range(int(top / step) + 1)]


def _ends(points: Sequence[BloodPoint], scale: VerticalScale, frame: _Frame) -> list[Spec]:
    """Short names at the ends of the lines, moved apart where they end together."""
    ends = {point.subject: point for point in sorted(points, key=lambda point: point.day)}
    if len(ends) > MOST_LABELS:
        return []
    by_day: dict[int, list[BloodPoint]] = defaultdict(list)
    for point in ends.values():
        by_day[point.day].append(point)
    rows = []
    for day, together in sorted(by_day.items()):
        heights = scale.spread([float(point.value) for point in together])
        rows += [
            {"day": day, "value": height, "name": frame.names[point.subject]}
            for point, height in zip(together, heights, strict=True)
        ]
    return rows


def _lane(held: Sequence[HeldDays], frame: _Frame, look: Look) -> Spec:
    """One line a participant with a hold, in the colour of holds."""
    subjects = list(dict.fromkeys(row.subject for row in held))
    color = PALETTES[look.theme].hold
    rows = [
        {
            "subject": row.subject,
            "day": row.first,
            "until": row.last + 1,
            "what": look.say(_HELD_DAYS, days=f"{row.first}–{row.last}"),
            "href": row.href,
        }
        for row in held
    ]
    shared = replace(frame, width=NARROW if look.narrow else 2 * WIDE + BETWEEN)
    return {
        "title": look.say(_HOLDS),
        "width": shared.width,
        "height": LANE * len(subjects),
        "data": {"values": rows},
        "mark": {
            "type": "bar",
            "color": color,
            "height": LANE - 6,
            "description": {"expr": "datum.subject + ': ' + datum.what"},
        },
        "encoding": {
            "x": shared.axis(look),
            "x2": {"field": "until"},
            "y": {
                "field": "subject",
                "type": "nominal",
                "title": None,
                "scale": {"domain": subjects},
                "axis": {"labelLimit": 90, "grid": False},
            },
            "href": {"field": "href", "type": "nominal"},
            "tooltip": [
                {"field": "subject", "type": "nominal", "title": look.say(_TOOLTIPS["subject"])},
                {"field": "what", "type": "nominal", "title": look.say(_HOLDS)},
            ],
        },
    }
