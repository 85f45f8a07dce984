"""Viral load over time: one line a participant, one panel an arm, one mark a result (DOMAIN 6)."""

from __future__ import annotations

import json
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import ceil

from outcomes.figures.dose_strip import NOTE, DoseSpan, dose_strip, has_strip
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
from trial_site.messages import Message
from trial_site.protocol.definition import Arm, PcrRule, Protocol, gettext_noop

DAYS_A_WEEK = 7
MOST_TICKS = 7
NAMES_LINE = 8  # characters
NAMES_WIDTH = 56  # pixels, room for one such line
# A value that lies somewhere beyond a limit is drawn at the limit and points to where it lies.
TRIANGLES = {"<": "triangle-down", "ND": "triangle-down", ">": "triangle-up"}
# What was not detected has no number at all: here, a mark of its own at the limit of detection.
BEYOND = {**TRIANGLES, "ND": "diamond"}

_DESCRIPTION = gettext_noop(
    "CMV-DNA in %(unit)s by day since the first ganciclovir dose, on a log scale, with the "
    "threshold of %(threshold)s. One line a participant: %(panels)s."
)
_PANEL = gettext_noop("%(arm)s · n = %(count)s")
_COPIES = gettext_noop("%(unit)s, log scale")
_DAYS = gettext_noop("Days since first dose")
_THRESHOLD = gettext_noop("threshold")
_NOTES = {
    "<": gettext_noop("Open triangle down: below the limit of quantification, drawn at it."),
    "ND": gettext_noop("Open diamond: not detected, drawn at the limit of detection."),
    ">": gettext_noop("Open triangle up: above the range of the assay, drawn at its end."),
}
_TOOLTIPS = {
    "subject": gettext_noop("Participant"),
    "reported": gettext_noop("Result"),
    "day": _DAYS,
    "collected": gettext_noop("Collected"),
}


@dataclass(frozen=True)
class ViralLoadPoint:
    """One result as it is drawn.

    ``day`` counts calendar days from the first ganciclovir dose (day 0).  ``copies`` (copies/mL,
    above 0) is the number or, where ``operator`` is not ``=`` (``<``, ``ND``, ``>``), the limit of
    that result's assay at which an open mark is drawn.  ``reported`` is the result in the
    laboratory's words.
    """

    subject: str
    arm: str
    day: int
    collected_on: date
    operator: str
    copies: Decimal
    reported: str
    href: str


@dataclass(frozen=True)
class _Frame:
    """What both panels share: size in pixels and axes."""

    width: int
    first_day: int
    last_day: int
    copies: VerticalScale
    names: dict[str, str]


def viral_load(
    points: Sequence[ViralLoadPoint],
    *,
    protocol: Protocol,
    theme: Theme,
    narrow: bool = False,
    translate: Callable[[str], str] = str,
    doses: Sequence[DoseSpan] = (),
) -> Spec:
    """A Vega-Lite specification, with the threshold of ``protocol`` drawn across both arms, and
    below each the doses of few enough participants.

    ``narrow`` puts one arm below the other, for a phone; ``translate`` turns a message id into
    the reader's language.
    """
    look = Look(theme, narrow, translate)
    frame = _frame(points, doses, protocol.pcr, narrow=narrow)
    arms = {arm: [point for point in points if point.arm == arm.code] for arm in protocol.arms}
    titles = [_title(arm, drawn, look) for arm, drawn in arms.items()]
    panels = [
        {
            "title": title,
            "width": frame.width,
            "height": frame.copies.height,
            "layer": list(_layers(arm, drawn, frame, protocol.pcr, look)),
        }
        for title, (arm, drawn) in zip(titles, arms.items(), strict=True)
    ]
    if has_strip(doses):
        strips = (_strip(arm, doses, frame, look) for arm in protocol.arms)
        panels = [
            {"vconcat": [panel, strip], "spacing": 8}
            for panel, strip in zip(panels, strips, strict=True)
        ]
    return specification(
        panels,
        look=look,
        description=look.say(
            _DESCRIPTION,
            unit=protocol.pcr.unit,
            threshold=f"{protocol.pcr.threshold:,}",
            panels=", ".join(titles),
        ),
        note=" ".join(_notes(points, doses, look)),
    )


def _strip(arm: Arm, doses: Sequence[DoseSpan], frame: _Frame, look: Look) -> Spec:
    mine = [span for span in doses if span.arm == arm.code]
    everybody = [span.subject for span in doses]
    return dose_strip(mine, x=_days(frame, look), width=frame.width, look=look, everybody=everybody)


def _notes(
    points: Sequence[ViralLoadPoint], doses: Sequence[DoseSpan], look: Look
) -> Iterator[str]:
    found = {point.operator for point in points}
    yield from (look.say(text) for operator, text in _NOTES.items() if operator in found)
    if has_strip(doses):
        yield look.say(NOTE)


def _frame(
    points: Sequence[ViralLoadPoint], doses: Sequence[DoseSpan], rule: PcrRule, *, narrow: bool
) -> _Frame:
    values = [float(rule.threshold), *(float(point.copies) for point in points)]
    height = 210 if narrow else 300
    return _Frame(
        width=205 if narrow else 440,
        first_day=min((0, *(point.day for point in points))),
        last_day=max(
            (DAYS_A_WEEK, *(point.day for point in points), *(span.last + 1 for span in doses))
        ),
        copies=VerticalScale(min(values) / 2, max(values) * 1.5, height, logarithmic=True),
        names=short_names(point.subject for point in points),
    )


def _title(arm: Arm, points: Sequence[ViralLoadPoint], look: Look) -> str:
    count = len({point.subject for point in points})
    return look.say(_PANEL, arm=Message(arm.short_label), count=str(count))


def _layers(
    arm: Arm, points: Sequence[ViralLoadPoint], frame: _Frame, rule: PcrRule, look: Look
) -> Iterator[Spec]:
    style = arm_style(arm.code, look.theme)
    tooltips = {field: look.say(title) for field, title in _TOOLTIPS.items()}
    x, y = _days(frame, look), _copies(frame, rule, look)
    yield reference_line(float(rule.threshold), y, PALETTES[look.theme].limit, dash=(6, 4))
    yield {
        "data": {"values": [_row(point, style.shape) for point in points]},
        "encoding": {"x": x, "y": y},
        "layer": [participant_line(style), participant_marks(style, look, tooltips)],
    }
    yield names(_line_ends(points, frame), x, y, look)


def _row(point: ViralLoadPoint, shape: str) -> Spec:
    return {
        "subject": point.subject,
        "day": point.day,
        "copies": float(point.copies),
        "shape": BEYOND.get(point.operator, shape),
        "reported": point.reported,
        "collected": point.collected_on.isoformat(),
        "href": point.href,
    }


def _days(frame: _Frame, look: Look) -> Spec:
    weeks = ceil(frame.last_day / DAYS_A_WEEK)
    step = ceil(weeks / MOST_TICKS) * DAYS_A_WEEK
    span = frame.last_day - frame.first_day
    # Room is left for the names of those whose lines end last.
    beside = span * NAMES_WIDTH / (frame.width - NAMES_WIDTH)
    start, end = frame.first_day - span / 40, frame.last_day + beside
    return {
        "field": "day",
        "type": "quantitative",
        "title": look.say(_DAYS),
        "axis": {"values": [*range(0, ceil(end), step)]},
        "scale": {"domain": [start, end], "nice": False},
    }


def _copies(frame: _Frame, rule: PcrRule, look: Look) -> Spec:
    """Powers of ten and the threshold, which is named at the axis: no mark can cover it there."""
    scale, threshold = frame.copies, float(rule.threshold)
    powers = (10.0**power for power in range(11))
    shown = sorted({threshold, *(power for power in powers if scale.low <= power <= scale.high)})
    palette, is_threshold = PALETTES[look.theme], f"datum.value == {threshold}"
    named = json.dumps(look.say(_THRESHOLD), ensure_ascii=False)
    return {
        "field": "copies",
        "type": "quantitative",
        "title": look.say(_COPIES, unit=rule.unit),
        "axis": {
            "values": shown,
            "format": ",d",
            "labelExpr": f"{is_threshold} ? [datum.label, {named}] : datum.label",
            "labelColor": {
                "condition": {"test": is_threshold, "value": palette.limit},
                "value": palette.ink_2,
            },
        },
        "scale": {"type": "log", "domain": [scale.low, scale.high], "nice": False},
    }


def _line_ends(points: Sequence[ViralLoadPoint], frame: _Frame) -> list[Spec]:
    """The participants' names at the ends of their lines; those that end together share one."""
    ends = {point.subject: point for point in sorted(points, key=lambda point: point.day)}
    if len(ends) > MOST_LABELS:
        return []
    shared: dict[tuple[int, Decimal], list[str]] = defaultdict(list)
    for subject, end in sorted(ends.items(), reverse=True):
        shared[end.day, end.copies].insert(0, frame.names[subject])
    lines = [
        (day, copies, line)
        for (day, copies), together in shared.items()
        for line in reversed(textwrap.wrap(" ".join(together), NAMES_LINE, break_on_hyphens=False))
    ]
    heights = frame.copies.spread([float(copies) for _, copies, _ in lines])
    return [
        {"day": day, "copies": height, "name": line}
        for (day, _, line), height in zip(lines, heights, strict=True)
    ]
