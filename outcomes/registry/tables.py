"""The results as CSV: one line a number, the columns alike in every section."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from outcomes.registry import words
from outcomes.registry.content import (
    Analysis,
    EventTable,
    Group,
    Measure,
    MeasureClass,
    RegistryResults,
    Texts,
)
from trial_site.messages import Message

COLUMNS = (
    *("section", "title", "row", "category", "group", "group_title"),
    *("unit", "parameter", "dispersion", "relation", "value", "spread"),
    *("lower_relation", "lower", "upper_relation", "upper"),
    *("analysed", "missing", "affected", "at_risk", "events", "comment"),
)
Line = tuple[Any, ...]


def lines(results: RegistryResults, section: str) -> Iterator[Line]:
    """The lines of one section, or of all of them.  Raises ``KeyError``."""
    return SECTIONS[section](results)


def _line(**cells: Any) -> Line:
    told = {name: _cell(cell) for name, cell in cells.items()}
    return tuple(told.get(column) for column in COLUMNS)


def _cell(cell: Any) -> Any:
    """In English: a file is read by machines."""
    if isinstance(cell, Message):
        return cell.render()
    return cell


def _titles(groups: Iterable[Group]) -> Mapping[str, str]:
    return {group.id: group.title for group in groups}


def _texts(section: str, title: Any, row: str, texts: Texts) -> Iterator[Line]:
    for text in texts:
        yield _line(section=section, title=title, row=row, comment=text)


# --- the sections -----------------------------------------------------------------------------


def _flow(results: RegistryResults) -> Iterator[Line]:
    flow, titles = results.flow, _titles(results.flow.groups)
    common = {"section": "participant_flow", "title": flow.period}
    yield from _texts(common["section"], flow.period, "recruitment details", flow.recruitment)
    yield from _texts(common["section"], flow.period, "pre-assignment", flow.pre_assignment)
    for category, milestones in (("", flow.milestones), ("reason", flow.reasons)):
        for milestone in milestones:
            for count in milestone.counts:
                yield _line(
                    **common,
                    row=milestone.title,
                    category=category,
                    group=count.group,
                    group_title=titles[count.group],
                    unit=words.UNIT_PARTICIPANTS,
                    parameter=words.PARTICIPANTS,
                    value=count.value,
                )


def _baseline(results: RegistryResults) -> Iterator[Line]:
    found = results.baseline
    titles = _titles(found.groups)
    yield from _texts("baseline", "", "population", found.population)
    for count in found.analysed:
        yield _line(
            section="baseline",
            row="analysed",
            group=count.group,
            group_title=titles[count.group],
            unit=words.UNIT_PARTICIPANTS,
            value=count.value,
        )
    for measure in found.measures:
        yield from _measure("baseline", measure, titles)


def _outcomes(results: RegistryResults) -> Iterator[Line]:
    for outcome, measure in results.measures():
        yield from _texts("outcome_list", measure.title, "population", outcome.population)
        yield from _measure("outcome_list", measure, _titles(outcome.groups))


def _measure(section: str, measure: Measure, titles: Mapping[str, str]) -> Iterator[Line]:
    yield from _texts(section, measure.title, "description", measure.description)
    for row in measure.classes:
        yield from _class(section, measure, row, titles)
        for analysis in row.analyses:
            yield from _analysis(section, measure, analysis)


def _class(
    section: str, measure: Measure, row: MeasureClass, titles: Mapping[str, str]
) -> Iterator[Line]:
    analysed = {count.group: count.value for count in row.analysed}
    missing = {count.group: count.value for count in row.missing}
    for category in row.categories:
        for found in category.measurements:
            yield _line(
                section=section,
                title=measure.title,
                row=row.title,
                category=category.title,
                group=found.group,
                group_title=titles[found.group],
                unit=measure.unit,
                parameter=measure.parameter,
                dispersion=measure.dispersion,
                relation=found.relation,
                value=found.value,
                spread=found.spread,
                lower_relation=found.lower_relation,
                lower=found.lower,
                upper_relation=found.upper_relation,
                upper=found.upper,
                analysed=analysed[found.group],
                missing=missing[found.group],
                comment=found.comment,
            )


def _analysis(section: str, measure: Measure, found: Analysis) -> Iterator[Line]:
    common = {
        "section": section,
        "title": measure.title,
        "row": found.about,
        "category": "statistical analysis",
        "group": " ".join(found.groups),
    }
    yield _line(
        **common,
        parameter=f"p, {found.method}",
        relation=found.p_relation,
        value=found.p,
        comment=f"{found.method_comment} {found.p_comment}",
    )
    if found.parameter:
        yield _line(
            **common,
            unit=measure.unit,
            parameter=found.parameter,
            dispersion=words.CONFIDENCE_INTERVAL if found.ci_lower is not None else "",
            value=found.estimate,
            lower=found.ci_lower,
            upper=found.ci_upper,
            comment=found.estimate_comment,
        )


def _events(results: RegistryResults) -> Iterator[Line]:
    found = results.events
    yield from _texts("reported_events", "", "time frame", (found.time_frame,))
    yield from _texts("reported_events", "", "description", found.description)
    mortality = EventTable(found.mortality, ())
    tables = {"mortality": mortality, "serious_events": found.serious, "other_events": found.other}
    titles = _titles(found.groups)
    for title, table in tables.items():
        for event in (table.total, *table.events):
            for count in event.counts:
                yield _line(
                    section="reported_events",
                    title=title,
                    row=event.term,
                    group=count.group,
                    group_title=titles[count.group],
                    affected=count.affected,
                    at_risk=count.at_risk,
                    events=count.events,
                )


def _everything(results: RegistryResults) -> Iterator[Line]:
    for section in (_flow, _baseline, _outcomes, _events):
        yield from section(results)
    yield from _texts("limitations_and_caveats", "", "", results.limitations)


SECTIONS: Mapping[str, Callable[[RegistryResults], Iterator[Line]]] = {
    "flow": _flow,
    "baseline": _baseline,
    "outcomes": _outcomes,
    "events": _events,
    "results": _everything,
}
