"""Days to conversion: 1 - S of each arm, everybody marked, the numbers at risk below (DOMAIN 10).

Events are good here, so the curve rises.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from outcomes.figures.specification import Look, Spec, participant_marks, specification
from outcomes.figures.theme import PALETTES, Theme, arm_style
from outcomes.rules.survival import Followed, Step, kaplan_meier
from trial_site.messages import Message
from trial_site.protocol.definition import Arm, Protocol, gettext_noop

DAYS_A_WEEK = 7
WIDTH, NARROW_WIDTH, HEIGHT, NARROW_HEIGHT = 560, 230, 260, 210
MOST_TICKS, MOST_NARROW_TICKS = 8, 5
RISK_ROW = 22  # pixels, a line of text
CENSORED = "cross"
ABOVE = 0.06  # of the axis: one mark above another

_DESCRIPTION = gettext_noop(
    "Share converted to negative CMV-DNA by day since the first ganciclovir dose, Kaplan-Meier, "
    "one rising line an arm: %(panels)s."
)
_ARM = gettext_noop("%(arm)s: %(events)s of %(count)s converted")
_SHARE = gettext_noop("Share converted")
_DAYS = gettext_noop("Days since first dose")
_AT_RISK = gettext_noop("Not converted yet and followed")
_NOTE = gettext_noop("Cross: censored, at the last PCR.")
_TOOLTIPS = {
    "subject": gettext_noop("Participant"),
    "state": gettext_noop("Standing"),
    "day": _DAYS,
}
_CONVERTED, _NOT_YET = gettext_noop("Converted"), gettext_noop("Censored")


@dataclass(frozen=True)
class ConversionTime:
    """One participant: how long, whether converted, and the casebook that the mark leads to."""

    subject: str
    arm: str
    days: int
    converted: bool
    href: str

    @property
    def followed(self) -> Followed:
        return Followed(self.days, self.converted)


@dataclass(frozen=True)
class _Curve:
    arm: Arm
    people: Sequence[ConversionTime]
    steps: tuple[Step, ...]

    @property
    def converted(self) -> int:
        return sum(person.converted for person in self.people)

    def share(self, day: int) -> float:
        """1 - S after ``day``."""
        reached = [step.survival for step in self.steps if step.day <= day]
        return float(1 - reached[-1]) if reached else 0.0

    def at_risk(self, day: int) -> int:
        return sum(person.days >= day for person in self.people)


def conversion(
    times: Sequence[ConversionTime],
    *,
    protocol: Protocol,
    theme: Theme,
    narrow: bool = False,
    translate: Callable[[str], str] = str,
) -> Spec:
    """A Vega-Lite specification: the curves of both arms in one panel above their risk table."""
    look = Look(theme, narrow, translate)
    curves = [_curve(arm, times) for arm in protocol.arms]
    ticks = _ticks(max((DAYS_A_WEEK, *(time.days for time in times))), narrow=narrow)
    names = [_name(curve, look) for curve in curves]
    panel = {
        "width": NARROW_WIDTH if narrow else WIDTH,
        "height": NARROW_HEIGHT if narrow else HEIGHT,
        "layer": [layer for curve in curves for layer in _layers(curve, ticks, look)],
    }
    return specification(
        [panel, _risk_table(curves, ticks, look)],
        look=look,
        description=look.say(_DESCRIPTION, panels="; ".join(names)),
        note=look.say(_NOTE) if any(not time.converted for time in times) else "",
        stacked=True,
    )


def _curve(arm: Arm, times: Sequence[ConversionTime]) -> _Curve:
    people = [time for time in times if time.arm == arm.code]
    return _Curve(arm, people, kaplan_meier(person.followed for person in people))


def _name(curve: _Curve, look: Look) -> str:
    count = {"events": str(curve.converted), "count": str(len(curve.people))}
    return look.say(_ARM, arm=Message(curve.arm.short_label), **count)


def _ticks(last: int, *, narrow: bool) -> list[int]:
    """Whole weeks, as many as have room, the last one at or after the last day."""
    weeks = ceil(last / DAYS_A_WEEK)
    step = ceil(weeks / (MOST_NARROW_TICKS if narrow else MOST_TICKS)) * DAYS_A_WEEK
    return list(range(0, last + step, step))


def _layers(curve: _Curve, ticks: Sequence[int], look: Look) -> Iterator[Spec]:
    style = arm_style(curve.arm.code, look.theme)
    axes = {"x": _days(ticks, look), "y": _share(look)}
    last = max((person.days for person in curve.people), default=0)
    corners = [0, *(step.day for step in curve.steps if step.events), last]
    yield {
        "data": {"values": [{"day": day, "share": curve.share(day)} for day in corners]},
        "mark": {
            "type": "line",
            "interpolate": "step-after",
            "color": style.color,
            "strokeDash": list(style.dash),
            "aria": False,  # the marks on it are read out
        },
        "encoding": axes,
    }
    tooltips = {field: look.say(title) for field, title in _TOOLTIPS.items()}
    marks = participant_marks(style, look, tooltips)
    marks["encoding"] |= axes
    yield {
        "data": {
            "values": [_row(person, share, style.shape, look) for person, share in _places(curve)]
        },
        **marks,
    }


def _places(curve: _Curve) -> Iterator[tuple[ConversionTime, float]]:
    """Everybody at a place of their own: those who convert on one day share its rise, and who is
    censored that day stands above it."""
    by_day: dict[int, list[ConversionTime]] = defaultdict(list)
    for person in curve.people:
        by_day[person.days].append(person)
    for day, people in by_day.items():
        before, after = curve.share(day - 1), curve.share(day)
        events = [person for person in people if person.converted]
        for number, person in enumerate(events, start=1):
            yield person, before + (after - before) * number / len(events)
        censored = [person for person in people if not person.converted]
        for number, person in enumerate(censored, start=bool(events)):
            yield person, after + number * ABOVE


def _row(person: ConversionTime, share: float, shape: str, look: Look) -> Spec:
    return {
        "subject": person.subject,
        "day": person.days,
        "share": share,
        "shape": shape if person.converted else CENSORED,
        "state": look.say(_CONVERTED if person.converted else _NOT_YET),
        "href": person.href,
    }


def _days(ticks: Sequence[int], look: Look, *, titled: bool = True) -> Spec:
    return {
        "field": "day",
        "type": "quantitative",
        "title": look.say(_DAYS) if titled else None,
        "axis": {"values": list(ticks)} if titled else None,
        "scale": {"domain": [-1, ticks[-1] + 1], "nice": False},
    }


def _share(look: Look) -> Spec:
    return {
        "field": "share",
        "type": "quantitative",
        "title": look.say(_SHARE),
        "axis": {"format": "%", "values": [0, 0.25, 0.5, 0.75, 1]},
        "scale": {"domain": [0, 1 + ABOVE], "nice": False},
    }


def _risk_table(curves: Sequence[_Curve], ticks: Sequence[int], look: Look) -> Spec:
    """Who is still at risk on each labelled day, a line of numbers an arm in the arm's colour."""
    rows = [
        {"day": day, "arm": look.say(curve.arm.short_label), "n": curve.at_risk(day)}
        for curve in curves
        for day in ticks
    ]
    colors: Mapping[str, str] = {
        look.say(curve.arm.short_label): arm_style(curve.arm.code, look.theme).color
        for curve in curves
    }
    return {
        "title": {
            "text": look.say(_AT_RISK),
            "fontSize": 12,
            "fontWeight": 500,
            "color": PALETTES[look.theme].ink_2,
        },
        "width": NARROW_WIDTH if look.narrow else WIDTH,
        "height": {"step": RISK_ROW},
        "data": {"values": rows},
        "mark": {"type": "text", "fontSize": 12},
        "encoding": {
            "x": _days(ticks, look, titled=False),
            "y": {
                "field": "arm",
                "type": "nominal",
                "sort": list(colors),
                "title": None,
                "axis": {"labelLimit": 110, "domain": False, "ticks": False},
            },
            "text": {"field": "n", "type": "quantitative"},
            "color": {
                "field": "arm",
                "type": "nominal",
                "scale": {"domain": list(colors), "range": list(colors.values())},
                "legend": None,
            },
        },
    }
