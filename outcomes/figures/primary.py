"""The primary endpoint: each participant from baseline to day 7, and the change by arm."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from labs.rules.numbers import half_up
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
from outcomes.figures.theme import PALETTES, ArmStyle, Theme, arm_style
from outcomes.rules.endpoints import ArmComparison, ArmSummary, nk_change
from trial_site.protocol.definition import Protocol, gettext_noop

_DESCRIPTION = gettext_noop(
    "NK cytotoxicity, percent specific lysis, of each participant at baseline and day 7, and the "
    "change by arm with its mean and 95 %% confidence interval: %(panels)s."
)
_PANEL = gettext_noop("%(arm)s · n = %(count)s")
_PANEL_MISSING = gettext_noop("%(arm)s · n = %(count)s of %(allocated)s")
_CHANGE = gettext_noop("Change, mean and 95 % CI")
_LYSIS = gettext_noop("Specific lysis, %")
_POINTS = gettext_noop("Percentage points")
_BASELINE = gettext_noop("Baseline")
_DAY7 = gettext_noop("Day 7")
_MEAN = gettext_noop("%(arm)s: mean %(mean)s")
_MEAN_AND_INTERVAL = gettext_noop("%(arm)s: mean %(mean)s, 95 %% CI %(low)s to %(high)s")
_PARTICIPANT = gettext_noop("Participant")
_TIME_POINT = gettext_noop("Time point")

ASIDE = 24  # pixels from the middle of an arm to its participants and to its mean


@dataclass(frozen=True)
class PairedResult:
    """One participant's specific lysis (percent) at both time points; ``None`` is missing."""

    subject: str
    arm: str
    baseline: Decimal | None
    day7: Decimal | None
    href: str

    @property
    def change(self) -> Decimal | None:
        return nk_change(self.baseline, self.day7)


@dataclass(frozen=True)
class _Arm:
    """What one arm is drawn from and how."""

    label: str
    title: str
    style: ArmStyle
    summary: ArmSummary
    results: tuple[PairedResult, ...]


@dataclass(frozen=True)
class _Frame:
    """What all panels share: sizes in pixels, vertical axes, names."""

    look: Look
    pair_width: int
    change_width: int
    lysis: VerticalScale
    change: VerticalScale
    names: dict[str, str]


def primary(
    results: Sequence[PairedResult],
    comparison: ArmComparison,
    *,
    protocol: Protocol,
    theme: Theme,
    narrow: bool = False,
    translate: Callable[[str], str] = str,
) -> Spec:
    """A Vega-Lite specification of every participant and of the means in ``comparison``.

    A participant without day 7 stands at baseline alone.  ``narrow`` puts the change below the
    pairs, for a phone; ``translate`` turns a message id into the reader's language.
    """
    look = Look(theme, narrow, translate)
    frame = _frame(results, comparison, look)
    arms = [_arm(summary, results, protocol, look) for summary in comparison.arms]
    pairs = [_pairs(arm, frame) for arm in arms]
    panels = [{"hconcat": pairs, "spacing": 24}] if narrow else pairs
    return specification(
        [*panels, _changes(arms, frame)],
        look=look,
        description=look.say(_DESCRIPTION, panels=", ".join(arm.title for arm in arms)),
    )


def _arm(
    summary: ArmSummary, results: Sequence[PairedResult], protocol: Protocol, look: Look
) -> _Arm:
    label = look.say(protocol.arm(summary.arm).short_label)
    count, allocated = str(summary.description.n), str(summary.allocated)
    return _Arm(
        label=label,
        title=look.say(_PANEL_MISSING, arm=label, count=count, allocated=allocated)
        if summary.missing
        else look.say(_PANEL, arm=label, count=count),
        style=arm_style(summary.arm, look.theme),
        summary=summary,
        results=tuple(result for result in results if result.arm == summary.arm),
    )


def _frame(results: Sequence[PairedResult], comparison: ArmComparison, look: Look) -> _Frame:
    lysis = [value for result in results for value in (result.baseline, result.day7)]
    intervals = [arm.description for arm in comparison.arms]
    change = [
        *(result.change for result in results),
        *(end for interval in intervals for end in (interval.ci_low, interval.ci_high)),
    ]
    height = 220 if look.narrow else 260
    return _Frame(
        look=look,
        pair_width=96 if look.narrow else 230,
        change_width=250 if look.narrow else 400,
        lysis=_scale(lysis, height),
        change=_scale(change, height),
        names=short_names(result.subject for result in results),
    )


def _scale(values: Sequence[Decimal | None], height: int) -> VerticalScale:
    """Zero and every value, with a little room beyond the outermost."""
    present = [0.0, *(float(value) for value in values if value is not None)]
    low, high = min(present), max(present)
    room = (high - low or 1) / 12
    return VerticalScale(low - room if low < 0 else low, high + room, height)


# --- pairs ----------------------------------------------------------------------------------


def _pairs(arm: _Arm, frame: _Frame) -> Spec:
    look = frame.look
    baseline, day7 = look.say(_BASELINE), look.say(_DAY7)
    x, y = _place([baseline, day7]), _value(look.say(_LYSIS), frame.lysis)
    rows = [
        _row(result, arm.style, place, value)
        for result in arm.results
        for place, value in ((baseline, result.baseline), (day7, result.day7))
        if value is not None
    ]
    tooltips = {
        "subject": look.say(_PARTICIPANT),
        "place": look.say(_TIME_POINT),
        "value": look.say(_LYSIS),
    }
    return {
        "title": arm.title.split(" · ") if look.narrow else arm.title,
        "width": frame.pair_width,
        "height": frame.lysis.height,
        "layer": [
            {
                "data": {"values": rows},
                "encoding": {"x": x, "y": y},
                "layer": [
                    participant_line(arm.style),
                    participant_marks(arm.style, look, tooltips),
                ],
            },
            names(_beside(rows, frame.lysis, frame.names), x, y, look),
        ],
    }


def _row(result: PairedResult, style: ArmStyle, place: str, value: Decimal) -> Spec:
    return {
        "subject": result.subject,
        "place": place,
        "value": float(value),
        "shape": style.shape,
        "href": result.href,
    }


def _place(places: Sequence[str]) -> Spec:
    return {
        "field": "place",
        "type": "nominal",
        "title": None,
        "axis": {"labelAngle": 0, "ticks": False},
        "scale": {"type": "point", "domain": list(places), "padding": 0.5},
    }


def _value(title: str, scale: VerticalScale) -> Spec:
    return {
        "field": "value",
        "type": "quantitative",
        "title": title,
        "axis": {"tickCount": 6},
        "scale": {"domain": [scale.low, scale.high], "nice": False},
    }


def _beside(rows: Sequence[Spec], scale: VerticalScale, short: dict[str, str]) -> list[Spec]:
    """A name for the last row of each participant, moved apart where they would touch."""
    last = list({row["subject"]: row for row in rows}.values())
    if len(last) > MOST_LABELS:
        return []
    heights = scale.spread([row["value"] for row in last])
    return [
        {"place": row["place"], "value": height, "name": short[row["subject"]]}
        for row, height in zip(last, heights, strict=True)
    ]


# --- change ---------------------------------------------------------------------------------


def _changes(arms: Sequence[_Arm], frame: _Frame) -> Spec:
    x = _place([arm.label for arm in arms])
    y = _value(frame.look.say(_POINTS), frame.change)
    layers = [
        layer for arm in arms for layer in (_dots(arm, x, y, frame), *_mean(arm, x, y, frame.look))
    ]
    return {
        "title": frame.look.say(_CHANGE),
        "width": frame.change_width,
        "height": frame.change.height,
        "layer": [reference_line(0, y, PALETTES[frame.look.theme].ink_3), *layers],
    }


def _dots(arm: _Arm, x: Spec, y: Spec, frame: _Frame) -> Spec:
    """Every participant's change, left of the middle of the arm."""
    look = frame.look
    rows = [
        _row(result, arm.style, arm.label, result.change)
        for result in arm.results
        if result.change is not None
    ]
    tooltips = {"subject": look.say(_PARTICIPANT), "value": look.say(_POINTS)}
    marks = participant_marks(arm.style, look, tooltips)
    marks["mark"]["xOffset"] = -ASIDE
    dots = {"data": {"values": rows}, "encoding": {"x": x, "y": y}, "layer": [marks]}
    labels = _beside(rows, frame.change, frame.names)
    return {"layer": [dots, names(labels, x, y, look, align="right", dx=-ASIDE - 8)]}


def _mean(arm: _Arm, x: Spec, y: Spec, look: Look) -> Iterator[Spec]:
    """The mean as a diamond, its confidence interval as a bar, right of the middle of the arm."""
    found, color = arm.summary.description, arm.style.color
    if found.mean is None:
        return
    row = {"place": arm.label, "value": float(found.mean)}
    mean = _signed(found.mean)
    words = look.say(_MEAN, arm=arm.label, mean=mean)
    bars: list[Spec] = []
    if found.ci_low is not None and found.ci_high is not None:
        low, high = _signed(found.ci_low), _signed(found.ci_high)
        words = look.say(_MEAN_AND_INTERVAL, arm=arm.label, mean=mean, low=low, high=high)
        row |= {"low": float(found.ci_low), "high": float(found.ci_high)}
        bars = [_bar(y, color)]
    diamond = {"type": "point", "shape": "diamond", "size": 110, "xOffset": ASIDE, "color": color}
    text = {"type": "text", "align": "left", "dx": ASIDE + 12, "fontSize": 13, "fontWeight": 600}
    yield {
        "data": {"values": [row]},
        "encoding": {"x": x, "y": y, "tooltip": {"value": words}},
        "layer": [
            *bars,
            {"mark": {**diamond, "description": words}},
            {"mark": {**text, "aria": False}, "encoding": {"text": {"value": mean}}},
        ],
    }


def _bar(y: Spec, color: str) -> Spec:
    return {
        "mark": {"type": "rule", "color": color, "strokeWidth": 3, "xOffset": ASIDE, "aria": False},
        "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}},
    }


def _signed(points: Decimal) -> str:
    """ "+9.3", with a true minus sign."""
    return f"{half_up(points, 1):+}".replace("-", "\N{MINUS SIGN}")
