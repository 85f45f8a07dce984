"""Exposure: one lane a participant, with doses, holds, conversion, events and the end.

A lane has two bars from the first dose on: ganciclovir, and below it, thinner, interleukin-2.  A
gap in a bar is a day without a delivered dose.  Above the bars stand adverse events.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import inf

from outcomes.figures.days import DAYS_A_WEEK, day_axis
from outcomes.figures.specification import Look, Spec, specification
from outcomes.figures.swimmer_key import LIFT, WORDS, key, point, symbols
from outcomes.figures.theme import PALETTES, ArmStyle, Theme, arm_style
from trial_site.messages import Message
from trial_site.protocol.definition import Protocol, gettext_noop

LANE = 34  # pixels
WIDE, NARROW = 700, 220
KEY_COLUMNS = 4
NEAR = 40  # parts of the axis: closer marks leave no room for a number between them
LENGTH_WIDTH = 44  # pixels, room for the days of treatment behind a lane

_DESCRIPTION = gettext_noop(
    "Exposure by participant in days since the first dose: doses, holds, conversion, adverse "
    "events and the end. One lane a participant: %(panels)s."
)
_PANEL = gettext_noop("%(arm)s · n = %(count)s")
_LENGTH = gettext_noop("%(days)s d")
_TOOLTIPS = {
    "subject": gettext_noop("Participant"),
    "what": gettext_noop("What"),
    "when": gettext_noop("Day"),
}
_GRADED = gettext_noop("%(term)s, grade %(grade)s")


@dataclass(frozen=True)
class Bar:
    """Days ``first`` to ``last``, both included; ``kind`` is ganciclovir, il2, rescue or held."""

    kind: str
    first: int
    last: int


@dataclass(frozen=True)
class Mark:
    """One thing on ``day``: a kind of the key; an event has its ``term`` and ``grade``."""

    kind: str
    day: int
    term: str = ""
    grade: int = 0


@dataclass(frozen=True)
class Lane:
    """One participant; ``length`` are days of treatment, ``last`` is where follow-up stands."""

    subject: str
    arm: str
    href: str
    length: int
    last: int
    bars: Sequence[Bar]
    marks: Sequence[Mark]


def swimmer(
    lanes: Sequence[Lane],
    *,
    protocol: Protocol,
    theme: Theme,
    narrow: bool = False,
    translate: Callable[[str], str] = str,
) -> Spec:
    """A Vega-Lite specification: the key, then one panel an arm with one lane a participant.

    An arm without anybody has no panel.
    """
    look = Look(theme, narrow, translate)
    panels, titles = [], []
    ends = (min([0, *_firsts(lanes)]), max([DAYS_A_WEEK, *(lane.last for lane in lanes)]))
    for arm in protocol.arms:
        mine = [lane for lane in lanes if lane.arm == arm.code]
        title = look.say(_PANEL, arm=Message(arm.short_label), count=str(len(mine)))
        titles.append(title)
        if mine:
            panels.append(_panel(mine, title, arm_style(arm.code, theme), ends, look))
    for panel in panels[:-1]:
        panel["layer"][0]["encoding"]["x"]["title"] = None
    return specification(
        [key(look, *((NARROW, 1) if narrow else (WIDE, KEY_COLUMNS))), *panels],
        look=look,
        stacked=True,
        description=look.say(_DESCRIPTION, panels=", ".join(titles)),
    )


def _firsts(lanes: Sequence[Lane]) -> Iterator[int]:
    return (mark.day for lane in lanes for mark in lane.marks)


def _panel(
    lanes: Sequence[Lane], title: str, style: ArmStyle, ends: tuple[int, int], look: Look
) -> Spec:
    width = NARROW if look.narrow else WIDE
    first, last = ends
    beside, small = LENGTH_WIDTH, look.narrow
    x = day_axis(first, last, width=width, beside=beside, small=small, look=look, grid=True)
    y = _lane_axis([lane.subject for lane in lanes])
    return {
        "title": title,
        "width": width,
        "height": LANE * len(lanes),
        "layer": [
            _followed(lanes, x, y, look),
            *_bars(lanes, x, y, style, look),
            *_marks(lanes, x, y, look),
            *_grades(lanes, x, y, ends),
            _lengths(lanes, x, y, look),
        ],
    }


def _lane_axis(subjects: Sequence[str]) -> Spec:
    return {
        "field": "subject",
        "type": "nominal",
        "title": None,
        "sort": None,
        "scale": {"domain": list(subjects)},
        "axis": {"labelLimit": 90, "labelFontWeight": 600, "grid": False},
    }


def _followed(lanes: Sequence[Lane], x: Spec, y: Spec, look: Look) -> Spec:
    """A thin line from the first dose to the end, or to today."""
    rows = [{"subject": lane.subject, "day": 0, "until": lane.last} for lane in lanes]
    return {
        "data": {"values": rows},
        "mark": {"type": "rule", "color": PALETTES[look.theme].axis, "aria": False},
        "encoding": {"x": x, "x2": {"field": "until"}, "y": y},
    }


def _bars(lanes: Sequence[Lane], x: Spec, y: Spec, style: ArmStyle, look: Look) -> Iterator[Spec]:
    """Bars reach over whole days, so that one day has a width."""
    palette = PALETTES[look.theme]
    looks = {
        "ganciclovir": {"height": 11, "color": style.bar, "stroke": style.color},
        "rescue": {"height": 11, "color": palette.surface, "stroke": style.color},
        "il2": {"height": 5, "color": palette.il2, "yOffset": 10},
        "held": {"height": 11, "color": palette.hold},
    }
    for kind, drawn in looks.items():
        rows = [
            _row(lane, bar.first, look.say(WORDS[kind]), _when(bar), until=bar.last + 1)
            for lane in lanes
            for bar in lane.bars
            if bar.kind == kind
        ]
        if rows:
            mark = {"type": "bar", "strokeWidth": 1, **drawn, "description": _spoken(look)}
            yield {
                "data": {"values": rows},
                "mark": mark,
                "encoding": {"x": x, "x2": {"field": "until"}, "y": y, **_answers(look)},
            }


def _when(bar: Bar) -> str:
    return str(bar.first) if bar.first == bar.last else f"{bar.first}–{bar.last}"


def _marks(lanes: Sequence[Lane], x: Spec, y: Spec, look: Look) -> Iterator[Spec]:
    for kind, symbol in symbols(look).items():
        rows = [
            _row(lane, mark.day, _what(mark, look), str(mark.day))
            for lane in lanes
            for mark in lane.marks
            if mark.kind == kind
        ]
        if not rows:
            continue
        encoding = {"x": _in_the_middle(x), "y": y}
        yield {
            "data": {"values": rows},
            "mark": {**point(symbol), "yOffset": symbol.lift, "description": _spoken(look)},
            "encoding": {**encoding, **_answers(look)},
        }


def _grades(lanes: Sequence[Lane], x: Spec, y: Spec, ends: tuple[int, int]) -> Iterator[Spec]:
    """The grade beside each event: before it where the next one stands too close behind."""
    near = (ends[1] - ends[0]) / NEAR
    sides: dict[str, list[Spec]] = {"left": [], "right": []}
    for lane in lanes:
        events = sorted((mark.day, mark.grade) for mark in lane.marks if mark.grade)
        nexts = [day for day, _ in events[1:]] + [inf]
        for (day, grade), following in zip(events, nexts, strict=False):
            side = "right" if following - day <= near else "left"
            row = {"subject": lane.subject, "middle": day + 0.5, "grade": str(grade)}
            sides[side].append(row)
    for align, rows in sides.items():
        if rows:
            text = {"type": "text", "fontSize": 10, "align": align, "dy": LIFT, "aria": False}
            yield {
                "data": {"values": rows},
                "mark": {**text, "dx": 6 if align == "left" else -6},
                "encoding": {
                    "x": _in_the_middle(x),
                    "y": y,
                    "text": {"field": "grade", "type": "nominal"},
                },
            }


def _in_the_middle(x: Spec) -> Spec:
    """Marks of a day stand in the middle of its width."""
    return {**x, "field": "middle"}


def _what(mark: Mark, look: Look) -> str:
    if not mark.term:
        return look.say(WORDS[mark.kind])
    told = look.say(_GRADED, term=mark.term, grade=str(mark.grade))
    return f"{look.say(WORDS['serious'])}: {told}" if mark.kind == "serious" else told


def _row(lane: Lane, day: int, what: str, when: str, **more: int) -> Spec:
    """``day`` is where a bar begins, ``middle`` where a mark of that day stands."""
    base = {"subject": lane.subject, "href": lane.href, "what": what, "when": when}
    return {**base, "day": day, "middle": day + 0.5, **more}


def _spoken(look: Look) -> Spec:
    said = " + '; ' + ".join(
        f"{json.dumps(f'{look.say(title)}: ', ensure_ascii=False)} + datum[{json.dumps(field)}]"
        for field, title in _TOOLTIPS.items()
    )
    return {"expr": said}


def _answers(look: Look) -> Spec:
    return {
        "href": {"field": "href", "type": "nominal"},
        "tooltip": [
            {"field": field, "type": "nominal", "title": look.say(title)}
            for field, title in _TOOLTIPS.items()
        ],
    }


def _lengths(lanes: Sequence[Lane], x: Spec, y: Spec, look: Look) -> Spec:
    """Days of treatment, written where follow-up stands."""
    rows = [
        {
            "subject": lane.subject,
            "day": lane.last + 0.5,
            "name": look.say(_LENGTH, days=str(lane.length)),
        }
        for lane in lanes
    ]
    return {
        "data": {"values": rows},
        "mark": {"type": "text", "align": "left", "fontSize": 11, "dx": 10, "aria": False},
        "encoding": {"x": x, "y": y, "text": {"field": "name", "type": "nominal"}},
    }
