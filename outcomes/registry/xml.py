"""The results as XML in the structure of the registry's public records (``public.xsd``).

The order of the elements is that of the schema, and this is the one place that knows it.  What the
schema has no place for, all-cause mortality, stands in the description of the events.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import TypeVar
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from outcomes.registry import words
from outcomes.registry.content import (
    Analysis,
    Count,
    Event,
    EventTable,
    Group,
    Measure,
    MeasureClass,
    Measurement,
    Milestone,
    Outcome,
    RegistryResults,
    Texts,
)
from trial_site.messages import Message
from trial_site.protocol import current

T = TypeVar("T")

NOT_A_CHARACTER = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
NOT_AVAILABLE = "NA"
STATUS = "Unknown status"  # the registry's, like all that stands before the results
PHASE = "Phase 1/Phase 2"
UNCODED = "Organ system not coded"


def document(results: RegistryResults, as_of: dt.date) -> bytes:
    """The record of the trial with its results; ``as_of`` is the day that it tells of."""
    protocol, study = current().identification, Element("clinical_study")
    header = SubElement(study, "required_header")
    _text(header, "download_date", f"As recorded at the site on {as_of.isoformat()}")
    _text(header, "link_text", "Made by the site from its own record, not by the registry.")
    _text(header, "url", f"https://clinicaltrials.gov/show/{protocol.registry_id}")
    _text(SubElement(study, "id_info"), "nct_id", protocol.registry_id)
    _text(study, "brief_title", protocol.brief_title)
    _text(study, "official_title", protocol.official_title)
    sponsor = SubElement(SubElement(study, "sponsors"), "lead_sponsor")
    _text(sponsor, "agency", protocol.sponsor)
    _text(study, "source", protocol.sponsor)
    _text(study, "overall_status", STATUS)
    _text(study, "phase", PHASE)
    _text(study, "study_type", "Interventional")
    design = SubElement(study, "study_design_info")
    _text(design, "allocation", protocol.allocation_quote)
    _text(design, "masking", protocol.masking_quote)
    _text(study, "number_of_arms", str(len(current().arms)))
    SubElement(study, "enrollment", type="Actual").text = str(results.started)
    _results(SubElement(study, "clinical_results"), results)
    indent(study)
    found: bytes = tostring(study, encoding="UTF-8", xml_declaration=True)
    return found


def _results(parent: Element, results: RegistryResults) -> None:
    _flow(SubElement(parent, "participant_flow"), results)
    _baseline(SubElement(parent, "baseline"), results)
    outcomes = SubElement(parent, "outcome_list")
    for outcome, measure in results.measures():
        _outcome(SubElement(outcomes, "outcome"), outcome, measure)
    _events(SubElement(parent, "reported_events"), results)
    _text(parent, "limitations_and_caveats", results.limitations)


# --- participant flow -------------------------------------------------------------------------


def _flow(parent: Element, results: RegistryResults) -> None:
    flow = results.flow
    _text(parent, "recruitment_details", flow.recruitment)
    _text(parent, "pre_assignment_details", flow.pre_assignment)
    _groups(parent, flow.groups)
    period = SubElement(SubElement(parent, "period_list"), "period")
    _text(period, "title", flow.period)
    _list(period, "milestone_list", "milestone", flow.milestones, _milestone)
    _list(period, "drop_withdraw_reason_list", "drop_withdraw_reason", flow.reasons, _milestone)


def _milestone(parent: Element, milestone: Milestone) -> None:
    _text(parent, "title", milestone.title)
    reached = SubElement(parent, "participants_list")
    for count in milestone.counts:
        SubElement(reached, "participants", group_id=count.group, count=str(count.value))


# --- measures ---------------------------------------------------------------------------------


def _baseline(parent: Element, results: RegistryResults) -> None:
    found = results.baseline
    _text(parent, "population", found.population)
    _groups(parent, found.groups)
    _analysed(parent, "Overall", found.analysed)
    _list(parent, "measure_list", "measure", found.measures, _measure)


def _outcome(parent: Element, outcome: Outcome, measure: Measure) -> None:
    _text(parent, "type", outcome.type)
    _text(parent, "title", measure.title)
    _text(parent, "description", outcome.description)
    _text(parent, "time_frame", outcome.time_frame)
    _text(parent, "population", outcome.population)
    _groups(parent, outcome.groups)
    told = SubElement(parent, "measure")
    _measure(told, measure, overall=outcome.analysed)
    analyses = [analysis for row in measure.classes for analysis in row.analyses]
    if analyses:
        _list(parent, "analysis_list", "analysis", analyses, _analysis)


def _measure(parent: Element, measure: Measure, overall: Sequence[Count] = ()) -> None:
    _text(parent, "title", measure.title)
    _text(parent, "description", measure.description)
    _text(parent, "units", measure.unit)
    _text(parent, "param", measure.parameter)
    if measure.dispersion:
        _text(parent, "dispersion", measure.dispersion)
    if overall:
        _analysed(parent, "Measure", overall)

    def row(element: Element, found: MeasureClass) -> None:
        _class(element, found, measure)

    _list(parent, "class_list", "class", measure.classes, row)


def _class(parent: Element, found: MeasureClass, measure: Measure) -> None:
    if found.title:
        _text(parent, "title", found.title)
    _analysed(parent, "Class", found.analysed)
    categories = SubElement(parent, "category_list")
    for category in found.categories:
        element = SubElement(categories, "category")
        if category.title:
            _text(element, "title", category.title)
        told = SubElement(element, "measurement_list")
        for measurement in category.measurements:
            _measurement(told, measurement, measure.dispersion)


def _measurement(parent: Element, found: Measurement, dispersion: str) -> None:
    element = SubElement(parent, "measurement", group_id=found.group)
    element.set("value", _number(found.value, found.relation))
    if dispersion == words.STANDARD_DEVIATION:
        element.set("spread", _number(found.spread))
    elif dispersion:
        element.set("lower_limit", _number(found.lower, found.lower_relation))
        element.set("upper_limit", _number(found.upper, found.upper_relation))
    if found.comment:
        element.text = _readable(found.comment)


def _analysis(parent: Element, found: Analysis) -> None:
    groups = SubElement(parent, "group_id_list")
    for group in found.groups:
        _text(groups, "group_id", group)
    _text(parent, "groups_desc", found.about)
    _text(parent, "non_inferiority_type", "Other")
    if found.p is not None:
        _text(parent, "p_value", _number(found.p, found.p_relation))
    _text(parent, "p_value_desc", found.p_comment)
    _text(parent, "method", found.method)
    _text(parent, "method_desc", found.method_comment)
    if found.estimate is not None:
        _text(parent, "param_type", found.parameter)
        _text(parent, "param_value", _number(found.estimate))
    if found.ci_percent is not None:
        _text(parent, "ci_percent", _number(found.ci_percent))
        _text(parent, "ci_n_sides", "2-Sided")
        _text(parent, "ci_lower_limit", _number(found.ci_lower))
        _text(parent, "ci_upper_limit", _number(found.ci_upper))
    if found.estimate_comment:
        _text(parent, "estimate_desc", found.estimate_comment)


# --- adverse events ---------------------------------------------------------------------------


def _events(parent: Element, results: RegistryResults) -> None:
    found = results.events
    deaths = "; ".join(
        f"{count.group} {count.affected} of {count.at_risk}" for count in found.mortality.counts
    )
    _text(parent, "time_frame", found.time_frame)
    told = " ".join(text.render() for text in found.description)
    _text(parent, "desc", f"{told} {found.mortality.term}: {deaths}.")
    _groups(parent, found.groups)
    _event_table(SubElement(parent, "serious_events"), found.serious, found.assessment)
    other = SubElement(parent, "other_events")
    _text(other, "frequency_threshold", _number(found.threshold))
    _event_table(other, found.other, found.assessment)


def _event_table(parent: Element, table: EventTable, assessment: str) -> None:
    _text(parent, "default_assessment", assessment)
    categories = SubElement(parent, "category_list")
    _category(categories, words.TOTAL, [table.total])
    if table.events:
        _category(categories, UNCODED, table.events)


def _category(parent: Element, title: str, events: Iterable[Event]) -> None:
    category = SubElement(parent, "category")
    _text(category, "title", title)
    _list(category, "event_list", "event", events, _event)


def _event(parent: Element, event: Event) -> None:
    _text(parent, "sub_title", event.term)
    for count in event.counts:
        counts = SubElement(parent, "counts", group_id=count.group)
        counts.set("subjects_affected", str(count.affected))
        counts.set("subjects_at_risk", str(count.at_risk))
        if count.events is not None:
            counts.set("events", str(count.events))


# --- what they share --------------------------------------------------------------------------


def _groups(parent: Element, groups: Iterable[Group]) -> None:
    listed = SubElement(parent, "group_list")
    for group in groups:
        element = SubElement(listed, "group", group_id=group.id)
        _text(element, "title", group.title)
        _text(element, "description", group.description)


def _analysed(parent: Element, scope: str, counts: Iterable[Count]) -> None:
    analysed = SubElement(SubElement(parent, "analyzed_list"), "analyzed")
    _text(analysed, "units", words.UNIT_PARTICIPANTS)
    _text(analysed, "scope", scope)
    listed = SubElement(analysed, "count_list")
    for count in counts:
        SubElement(listed, "count", group_id=count.group, value=str(count.value))


def _list(
    parent: Element, name: str, item: str, found: Iterable[T], fill: Callable[[Element, T], None]
) -> None:
    listed = SubElement(parent, name)
    for one in found:
        fill(SubElement(listed, item), one)


def _text(parent: Element, name: str, text: str | Message | Texts) -> None:
    SubElement(parent, name).text = _readable(text)


def _readable(text: str | Message | Texts) -> str:
    """In English, without what XML cannot hold."""
    if isinstance(text, tuple):
        return " ".join(map(_readable, text))
    plain = text.render() if isinstance(text, Message) else text
    return NOT_A_CHARACTER.sub("\N{REPLACEMENT CHARACTER}", plain)


def _number(value: Decimal | None, relation: str = "") -> str:
    return NOT_AVAILABLE if value is None else f"{relation}{value:f}"
