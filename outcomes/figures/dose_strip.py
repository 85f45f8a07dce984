"""The doses below a course: one row a participant, a thick bar a drug's days and a thin one the
other's, so that they are told apart without colour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from outcomes.figures.labels import MOST_LABELS, short_names
from outcomes.figures.specification import Look, Spec
from outcomes.figures.theme import PALETTES, Palette
from trial_site.protocol.definition import Drug, gettext_noop

ROW = 16  # pixels a participant
THICK, THIN = 6, 2.5
APART = 0.22  # of a row, from its middle

NOTE = gettext_noop(
    "Below, each participant's doses: thick bar ganciclovir, thin bar interleukin-2; a gap is a "
    "day without a delivered dose."
)
_DOSES = gettext_noop("Doses")


@dataclass(frozen=True)
class DoseSpan:
    """Days ``first`` to ``last`` (day 0 is that of the first dose) with delivered doses of ``drug``
    on each; of either course."""

    subject: str
    arm: str
    drug: str
    first: int
    last: int


def has_strip(spans: Iterable[DoseSpan]) -> bool:
    """Whether there are doses, of few enough participants to have a row each."""
    return 0 < len({span.subject for span in spans}) <= MOST_LABELS


def dose_strip(
    spans: Sequence[DoseSpan], *, x: Spec, width: int, look: Look, everybody: Sequence[str]
) -> Spec:
    """One arm's doses on the axis ``x`` of days; ``everybody`` are the subjects of both arms, so
    that names are shortened alike."""
    names = short_names(everybody)
    subjects = sorted({span.subject for span in spans})
    rows = {subject: place for place, subject in enumerate(subjects)}
    palette = PALETTES[look.theme]
    layers = [
        _bars(spans, rows, drug, x, palette)
        for drug in (Drug.GANCICLOVIR, Drug.IL2)
        if any(span.drug == drug for span in spans)
    ]
    labels = [{"row": place, "name": names[subject]} for subject, place in rows.items()]
    return {
        "title": {"text": look.say(_DOSES), "fontSize": 12, "fontWeight": "normal", "offset": 4},
        "width": width,
        "height": max(1, len(rows)) * ROW,
        "layer": [_names(labels, len(rows)), *layers],
    }


def _row_axis(count: int, field: str = "row") -> Spec:
    domain = [count - 0.5, -0.5] if count else [0.5, -0.5]
    return {
        "field": field,
        "type": "quantitative",
        "axis": None,
        "scale": {"domain": domain, "nice": False},
    }


def _bars(
    spans: Sequence[DoseSpan], rows: dict[str, int], drug: str, x: Spec, palette: Palette
) -> Spec:
    is_thick = drug == Drug.GANCICLOVIR
    values = [
        {
            "row": rows[span.subject] + (-APART if is_thick else APART),
            "day": span.first,
            "until": span.last + 1,
        }
        for span in spans
        if span.drug == drug
    ]
    return {
        "data": {"values": values},
        "mark": {
            "type": "rule",
            "strokeWidth": THICK if is_thick else THIN,
            "color": palette.gcv if is_thick else palette.il2,
            "aria": False,  # a mark a day would drown a reader; endpoint pages lead to each dose
        },
        "encoding": {
            "x": {**x, "axis": None},
            "x2": {"field": "until"},
            "y": _row_axis(len(rows)),
        },
    }


def _names(labels: list[Spec], count: int) -> Spec:
    mark = {"type": "text", "align": "right", "dx": -6, "fontSize": 11, "aria": False}
    return {
        "data": {"values": labels},
        "mark": mark,
        "encoding": {
            "x": {"value": 0},
            "y": _row_axis(count),
            "text": {"field": "name", "type": "nominal"},
        },
    }
