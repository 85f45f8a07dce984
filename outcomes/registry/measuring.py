"""From values to what the registry asks for: one parameter, one dispersion, rounded once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from labs.rules.numbers import half_up
from outcomes.registry import words
from outcomes.registry.content import (
    Analysis,
    Category,
    Count,
    Group,
    MeasureClass,
    Measurement,
)
from outcomes.registry.population import columns
from outcomes.rules.levels import EQUAL, Level, summarise
from outcomes.rules.statistics import Description, describe
from trial_site.messages import Message
from trial_site.protocol.definition import Number, gettext_noop

_NO_VALUE = gettext_noop("nobody of this group has a value")
_ONE_VALUE = gettext_noop("one value has no standard deviation")
_BETWEEN_LIMITS = gettext_noop("between values below and above the limits of their assays")


@dataclass(frozen=True)
class Form:
    """What is told of a group's numbers; the last three name fields of ``Description``."""

    parameter: str
    dispersion: str
    value: str
    spread: str = ""
    limits: tuple[str, str] | None = None


MEAN_SD = Form(words.MEAN, words.STANDARD_DEVIATION, "mean", spread="sd")
MEDIAN_QUARTILES = Form(words.MEDIAN, words.QUARTILES, "median", limits=("q1", "q3"))
MEDIAN_RANGE = Form(words.MEDIAN, words.FULL_RANGE, "median", limits=("minimum", "maximum"))


def number_class(
    groups: Sequence[Group],
    values: Mapping[str, Sequence[Number | None]],
    form: Form,
    places: int,
    *,
    title: Message | None = None,
    analyses: tuple[Analysis, ...] = (),
) -> MeasureClass:
    """One row: the ``values`` of each group as ``form`` tells them; ``None`` is missing."""

    def measured(group: Group, present: list[Number]) -> Measurement:
        return _described(group, describe(present), form, places)

    return _class(groups, values, measured, title, analyses)


def level_class(
    groups: Sequence[Group],
    levels: Mapping[str, Sequence[Level | None]],
    places: int,
    *,
    title: Message | None = None,
    analyses: tuple[Analysis, ...] = (),
) -> MeasureClass:
    """One row: median and quartiles that may lie beyond a limit of the assay (DOMAIN 10)."""

    def measured(group: Group, present: list[Level]) -> Measurement:
        return _levelled(group, present, places)

    return _class(groups, levels, measured, title, analyses)


def count_class(
    groups: Sequence[Group],
    answers: Mapping[str, Sequence[str | None]],
    categories: Sequence[tuple[str, Message | None]],
    *,
    title: Message | None = None,
) -> MeasureClass:
    """How many of each group gave each answer; ``None`` is missing."""
    filled = list(columns(groups, answers))
    return MeasureClass(
        title=title,
        analysed=tuple(Count(g.id, len(given) - given.count(None)) for g, given in filled),
        missing=tuple(Count(g.id, given.count(None)) for g, given in filled),
        categories=tuple(
            Category(name, tuple(Measurement(g.id, Decimal(given.count(c))) for g, given in filled))
            for c, name in categories
        ),
    )


def rounded(value: Number | None, places: int) -> Decimal | None:
    return None if value is None else half_up(value, places)


def _class(
    groups: Sequence[Group],
    values: Mapping[str, Sequence[Any]],
    measured: Callable[[Group, list[Any]], Measurement],
    title: Message | None,
    analyses: tuple[Analysis, ...],
) -> MeasureClass:
    filled = [
        (group, column, [value for value in column if value is not None])
        for group, column in columns(groups, values)
    ]
    return MeasureClass(
        title=title,
        analysed=tuple(Count(group.id, len(present)) for group, _, present in filled),
        missing=tuple(
            Count(group.id, len(column) - len(present)) for group, column, present in filled
        ),
        categories=(
            Category(None, tuple(measured(group, present) for group, _, present in filled)),
        ),
        analyses=analyses,
    )


def _described(group: Group, found: Description, form: Form, places: int) -> Measurement:
    def told(field: str) -> Decimal | None:
        return rounded(getattr(found, field), places) if field else None

    if not found.n:
        return Measurement(group.id, None, comment=Message(_NO_VALUE))
    lower, upper = form.limits or ("", "")
    lacks_spread = form.spread and found.sd is None
    return Measurement(
        group=group.id,
        value=told(form.value),
        spread=told(form.spread),
        lower=told(lower),
        upper=told(upper),
        comment=Message(_ONE_VALUE) if lacks_spread else None,
    )


def _levelled(group: Group, present: list[Level], places: int) -> Measurement:
    if not present:
        return Measurement(group.id, None, comment=Message(_NO_VALUE))
    found = summarise(present)
    between = None in (found.q1, found.median, found.q3)
    return Measurement(
        group=group.id,
        value=_number(found.median, places),
        lower=_number(found.q1, places),
        upper=_number(found.q3, places),
        relation=_relation(found.median),
        lower_relation=_relation(found.q1),
        upper_relation=_relation(found.q3),
        comment=Message(_BETWEEN_LIMITS) if between else None,
    )


def _number(level: Level | None, places: int) -> Decimal | None:
    return rounded(level.value, places) if level else None


def _relation(level: Level | None) -> str:
    return level.operator if level and level.operator != EQUAL else ""
