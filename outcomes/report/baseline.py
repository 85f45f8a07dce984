"""What the participants were like at the start, as the registry's tables have it."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from outcomes.registry.content import Baseline, Count, Measure, MeasureClass, Measurement
from outcomes.report.document import Block, Column, Heading, Paragraph, table
from trial_site.templatetags.trial import exact, say


def baseline(found: Baseline) -> Iterator[Block]:
    yield Heading(gettext("Baseline characteristics"))
    yield Paragraph(" ".join(say(text) for text in found.population))
    sizes = {count.group: count.value for count in found.analysed}
    yield table(
        gettext("Baseline characteristics by arm"),
        [
            Column(gettext("Characteristic"), wide=True),
            *(
                Column(f"{say(group.title)} (N = {sizes[group.id]})", number=True)
                for group in found.groups
            ),
        ],
        [row for measure in found.measures for row in _rows(measure)],
        note=gettext("NA: not available. In square brackets: how many have no value."),
    )


def _rows(measure: Measure) -> Iterator[tuple[str, ...]]:
    for row in measure.classes:
        title = say(row.title) if row.title else say(measure.title)
        if [category.title for category in row.categories] == [None]:
            absent = {count.group: count for count in row.missing}
            alone = row.categories[0].measurements
            cells = (_with_missing(one, absent.get(one.group)) for one in alone)
            yield (f"{title}; {_how(measure)}", *cells)
            continue
        yield (f"{title}; {say(measure.parameter)}", *_missing(row))
        for category in row.categories:
            yield (f"\u2003{say(category.title)}", *map(_value, category.measurements))


def _how(measure: Measure) -> str:
    """``Mean (Standard Deviation), years``: the registry's names, and the unit."""
    spread = f" ({say(measure.dispersion)})" if measure.dispersion else ""
    return f"{say(measure.parameter)}{spread}, {say(measure.unit)}"


def _missing(row: MeasureClass) -> Iterator[str]:
    return (f"[{count.value}]" if count.value else "" for count in row.missing)


def _with_missing(found: Measurement, absent: Count | None) -> str:
    return f"{_value(found)} [{absent.value}]" if absent and absent.value else _value(found)


def _value(found: Measurement) -> str:
    if found.value is None:
        return "NA"
    value = f"{found.relation}{exact(found.value, found.places)}"
    if found.spread is not None:
        return f"{value} ({exact(found.spread, found.places)})"
    if not found.has_limits:
        return value
    low = "NE" if found.lower is None else exact(found.lower, found.places)
    high = "NE" if found.upper is None else exact(found.upper, found.places)
    limits = {
        "low": f"{found.lower_relation}{low}",
        "high": f"{found.upper_relation}{high}",
    }
    return f"{value} ({gettext('%(low)s to %(high)s') % limits})"
