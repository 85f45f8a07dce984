"""How much of what was planned is recorded, day by day: one bar a day, the gap beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from outcomes.figures.specification import Look, Spec, specification
from outcomes.figures.theme import PALETTES, Theme
from trial_site.protocol.definition import gettext_noop

WIDE, NARROW = 700, 230
HEIGHT, NARROW_HEIGHT = 130, 120

_DESCRIPTION = gettext_noop(
    "Doses that were planned and doses that are recorded, by day: %(recorded)s of %(planned)s in "
    "%(days)s days."
)
_COUNT = gettext_noop("Doses a day")
_RECORDED = gettext_noop("Recorded")
_MISSING = gettext_noop("Not recorded")
_DAY = gettext_noop("Day")
_TOLD = gettext_noop("%(recorded)s of %(planned)s recorded")


@dataclass(frozen=True)
class DayOfDoses:
    """The doses planned for ``day``; ``href`` leads to its sheet, empty for who may not open it."""

    day: date
    planned: int
    recorded: int
    href: str = ""


def completeness_figure(
    days: Sequence[DayOfDoses],
    *,
    theme: Theme,
    narrow: bool = False,
    translate: Callable[[str], str] = str,
) -> Spec:
    """A Vega-Lite specification: what is missing is outlined on top of what is recorded."""
    look = Look(theme, narrow, translate)
    palette = PALETTES[theme]
    recorded = {"color": palette.bar_il2, "stroke": palette.il2}
    missing = {"color": palette.surface, "stroke": palette.limit, "strokeDash": [3, 2]}
    short = [day for day in days if day.recorded < day.planned]
    panel = {
        "width": NARROW if narrow else WIDE,
        "height": NARROW_HEIGHT if narrow else HEIGHT,
        "layer": [
            _bars(days, recorded, look, of_missing=False),
            *([_bars(short, missing, look)] if short else []),
        ],
    }
    return specification(
        [panel],
        look=look,
        stacked=True,
        description=look.say(
            _DESCRIPTION,
            recorded=str(sum(day.recorded for day in days)),
            planned=str(sum(day.planned for day in days)),
            days=str(len(days)),
        ),
    )


def _bars(days: Sequence[DayOfDoses], style: Spec, look: Look, *, of_missing: bool = True) -> Spec:
    rows = [
        {
            "day": day.day.isoformat(),
            "low": day.recorded if of_missing else 0,
            "count": day.planned if of_missing else day.recorded,
            "told": look.say(_TOLD, recorded=str(day.recorded), planned=str(day.planned)),
            "href": day.href,
        }
        for day in days
    ]
    what = look.say(_MISSING if of_missing else _RECORDED)
    return {
        "data": {"values": rows},
        "mark": {
            "type": "bar",
            "strokeWidth": 1,
            **style,
            "description": {"expr": "datum.day + ': ' + datum.told"},
        },
        "encoding": {
            "x": {
                "field": "day",
                "type": "ordinal",
                "title": None,
                "axis": {
                    "labelAngle": 0,
                    "labelOverlap": "greedy",
                    "labelSeparation": 10,
                    "labelExpr": "slice(datum.label, 5)",
                },
            },
            "y": {
                "field": "count",
                "type": "quantitative",
                "title": look.say(_COUNT),
                "axis": {"tickCount": 4, "tickMinStep": 1, "format": "d"},
            },
            "y2": {"field": "low"},
            "href": {"field": "href", "type": "nominal"},
            "tooltip": [
                {"field": "day", "type": "nominal", "title": look.say(_DAY)},
                {"field": "told", "type": "nominal", "title": what},
            ],
        },
    }
