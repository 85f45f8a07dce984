"""The axis of days since the first dose that the figures of safety share."""

from __future__ import annotations

from math import ceil

from outcomes.figures.specification import Look, Spec
from outcomes.figures.theme import PALETTES
from trial_site.protocol.definition import gettext_noop

DAYS_A_WEEK, MOST_TICKS = 7, 8
# On a small drawing months of follow-up would crush the weeks of treatment on a linear axis.
LONG_FROM = 42
LONG_TICKS = (0, 7, 14, 28, 56, 84, 112, 168, 252, 364)

_DAYS = gettext_noop("Days since first dose")
_DAYS_SQRT = gettext_noop("Days since first dose, square-root scale")


def day_axis(
    first: int, last: int, *, width: int, beside: int, small: bool, look: Look, grid: bool = False
) -> Spec:
    """The horizontal channel from day ``first`` to ``last``, ``width`` pixels wide.

    ``beside`` pixels stay free behind the last day, for a name.  A ``small`` drawing of a long
    follow-up has a square-root scale, and its title says so.
    """
    is_long = small and last > LONG_FROM
    step = ceil(ceil(last / DAYS_A_WEEK) / MOST_TICKS) * DAYS_A_WEEK
    ticks = [day for day in LONG_TICKS if day <= last] if is_long else range(0, last + 1, step)
    room = (last - first) * beside / (width - beside)
    return {
        "field": "day",
        "type": "quantitative",
        "title": look.say(_DAYS_SQRT if is_long else _DAYS),
        "axis": {"values": [*ticks], "grid": grid, "gridColor": PALETTES[look.theme].grid},
        "scale": {
            "type": "sqrt" if is_long else "linear",
            "domain": [first - 1, last + (2 * room if is_long else room)],
            "nice": False,
        },
    }
