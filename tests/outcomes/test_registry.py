"""The registry's results from real rows: numbers of DOMAIN 10 and 4, typed by hand."""

import datetime as dt
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from pytest_django import DjangoAssertNumQueries

from enrollment.models import Participant
from outcomes.registry import registry_results
from outcomes.registry.content import Measure, Measurement, Milestone, Outcome, RegistryResults
from outcomes.registry.tables import COLUMNS, lines
from outcomes.registry.xml import document
from outcomes.rules.sets import AnalysisSet
from tests import factories
from tests.labs.examples import entered, pcr
from tests.outcomes.courses import CONTROL, IL2, trial_of_ten, two_weeks_of_ganciclovir
from tests.safety.harm import event, hospitalised
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 18)


def results(site: Site, chosen: AnalysisSet = AnalysisSet.ALLOCATED) -> RegistryResults:
    return registry_results(factories.user(Role.STATISTICIAN, site), chosen)


def counts(milestone: Milestone) -> list[int]:
    return [count.value for count in milestone.counts]


def milestones(found: RegistryResults) -> dict[str, list[int]]:
    flow = found.flow
    return {one.title: counts(one) for one in (*flow.milestones, *flow.reasons)}


def outcome(found: RegistryResults, page: str) -> Outcome:
    [one] = [one for one in found.outcomes if one.page == page]
    return one


def characteristic(found: RegistryResults, title: str) -> Measure:
    return next(one for one in found.baseline.measures if str(one.title) == title)


def values(measure: Measure, category: int = 0) -> tuple[Measurement, ...]:
    return measure.classes[0].categories[category].measurements


# --- participant flow -------------------------------------------------------------------------


def test_the_flow_counts_every_allocated_participant_once(site: Site) -> None:
    factories.withdraw(factories.on_treatment(site, IL2, days_ago=3))
    factories.allocated(site, CONTROL)
    found = milestones(results(site))
    assert found["STARTED"] == [1, 1]
    assert found["Received a trial drug"] == [1, 0]
    assert found["COMPLETED"] == [0, 0]
    assert found["NOT COMPLETED"] == [1, 1]
    assert found["Withdrawal by Subject"] == [1, 0]
    assert found["Still in the trial"] == [0, 1]


def test_the_reasons_add_up_to_who_did_not_complete(site: Site) -> None:
    trial_of_ten(site)
    flow = results(site).flow
    reasons = [sum(column) for column in zip(*map(counts, flow.reasons), strict=True)]
    started, *_, completed, not_completed = map(counts, flow.milestones)
    assert reasons == not_completed == [5, 5]
    assert [a - b for a, b in zip(started, completed, strict=True)] == not_completed


def test_the_conflict_about_randomisation_is_told(site: Site) -> None:
    factories.allocated(site)
    told = " ".join(map(str, results(site).flow.pre_assignment))
    assert "Non-Randomized" in told
    assert "randomly distributed" in told
    assert "Allocation here: randomised." in told


# --- outcomes: DOMAIN 10 ----------------------------------------------------------------------


def test_the_primary_outcome_is_that_of_the_reference(site: Site) -> None:
    trial_of_ten(site)
    found = outcome(results(site), "nk")
    assert (found.type, found.time_frame) == ("Primary", "Days 7 after treatment")
    il2, control = values(found.measures[0])
    assert (il2.value, il2.spread) == (Decimal("9.32"), Decimal("3.31"))
    assert (control.value, control.spread) == (Decimal("1.50"), Decimal("2.60"))
    [row] = found.measures[0].classes
    assert [count.value for count in row.analysed] == [5, 5]
    assert [count.value for count in row.missing] == [0, 0]
    [analysis] = row.analyses
    assert analysis.p == Decimal("0.0079")
    assert "2 of 252 arrangements" in str(analysis.p_comment)
    assert (analysis.estimate, analysis.ci_lower, analysis.ci_upper) == (
        Decimal("8.00"),
        Decimal("2.70"),
        Decimal("12.70"),
    )
    assert "96.8 %" in str(analysis.estimate_comment)
    assert "Exploratory" in str(analysis.method_comment)


def test_the_total_of_the_reference_is_final_after_withdrawal(site: Site) -> None:
    participant = two_weeks_of_ganciclovir(site)
    before = outcome(results(site), "ganciclovir").measures[0].classes[0]
    assert sum(count.value for count in before.missing) == 1
    factories.withdrawn(participant)
    mg, per_kg = outcome(results(site), "ganciclovir").measures
    told = [one.value for one in values(mg) if one.value is not None]
    assert told == [Decimal("7980.0")]
    assert [one.value for one in values(per_kg) if one.value is not None] == [Decimal("133.00")]


def test_one_value_has_no_standard_deviation_and_one_arm_no_test(site: Site) -> None:
    factories.withdrawn(two_weeks_of_ganciclovir(site))
    [row] = outcome(results(site), "ganciclovir").measures[0].classes
    comments = {str(one.comment) for one in row.categories[0].measurements}
    assert comments == {
        "one value has no standard deviation",
        "nobody of this group has a value",
    }
    [analysis] = row.analyses
    assert analysis.p is None
    assert analysis.estimate is None
    assert "an arm has no values" in str(analysis.p_comment)


def test_the_days_to_conversion_are_estimated(site: Site) -> None:
    participant = factories.on_treatment(site, IL2, days_ago=8)
    entered(participant, pcr("500"), hours=24)
    days, counted = outcome(results(site), "conversion").measures
    il2, control = values(days)
    assert il2.value == 7
    assert control.value is None
    converted = counted.classes[0].categories[0].measurements
    assert [one.value for one in converted] == [1, 0]


def test_every_outcome_of_the_registry_is_there_in_its_words(site: Site) -> None:
    factories.allocated(site)
    found = results(site).outcomes
    assert [one.title for one in found] == [
        "Change from baseline of NK cells cytotoxicity after treatment",
        "The total dose for anti-viral drugs.",
        "The change of cytokine after low-dose IL-2 treatment.",
        "The change of NK cell subsets.",
        "The change of level of CMV immunoglobulin M (IgM)",
        "The change of level of CMV immunoglobulin G (IgG)",
        "The day for CMV infection patients convert into negative.",
    ]


# --- baseline ---------------------------------------------------------------------------------


def test_baseline_is_told_by_arm_and_in_total(site: Site) -> None:
    trial_of_ten(site)
    found = results(site)
    assert [count.value for count in found.baseline.analysed] == [5, 5, 10]
    lysis = values(characteristic(found, "NK cytotoxicity"))
    # By hand: (18.4 + 22.1 + 15.0 + 30.2 + 25.7) / 5, (20.3 + 16.8 + 28.9 + 19.5 + 24.0) / 5.
    assert [one.value for one in lysis] == [Decimal("22.28"), Decimal("21.90"), Decimal("22.09")]
    sex = characteristic(found, "Sex: Female, Male").classes[0]
    by_group = zip(*(category.measurements for category in sex.categories), strict=True)
    assert [sum(one.value or 0 for one in column) for column in by_group] == [5, 5, 10]


# --- adverse events ---------------------------------------------------------------------------


def test_serious_events_are_apart_from_the_others(site: Site) -> None:
    participant = factories.on_treatment(site, CONTROL, days_ago=8)
    event(participant)
    event(participant, hospitalised(), term="Neutropenia")
    found = results(site).events
    at_risk = [(count.affected, count.at_risk) for count in found.serious.total.counts]
    assert at_risk == [(0, 0), (1, 1)]
    assert [one.term for one in found.serious.events] == ["Neutropenia"]
    assert [count.events for count in found.other.events[0].counts] == [0, 1]
    assert [count.affected for count in found.mortality.counts] == [0, 0]


# --- files ------------------------------------------------------------------------------------


def test_the_xml_has_every_number_of_the_page(site: Site) -> None:
    for person in trial_of_ten(site)[:2]:
        event(person)
    found = results(site)
    root = ElementTree.fromstring(document(found, TODAY))  # noqa: S314 - our own
    in_xml = [
        tuple(one.get(name) for name in ("group_id", "value", "spread"))
        for one in root.iterfind(".//outcome_list//measurement")
    ]
    assert in_xml == [
        (one.group, _told(one.value, one.relation), _spread(measure, one))
        for _, measure in found.measures()
        for row in measure.classes
        for category in row.categories
        for one in category.measurements
    ]
    baseline = [one.get("value") for one in root.iterfind(".//baseline//measurement")]
    assert baseline == [
        _told(one.value, one.relation)
        for measure in found.baseline.measures
        for row in measure.classes
        for category in row.categories
        for one in category.measurements
    ]
    reached = [int(one.get("count", "")) for one in root.iterfind(".//participants")]
    flow = found.flow
    assert reached == [n for one in (*flow.milestones, *flow.reasons) for n in counts(one)]
    analyses = [
        analysis
        for _, measure in found.measures()
        for row in measure.classes
        for analysis in row.analyses
        if analysis.p is not None
    ]
    assert [one.text for one in root.iterfind(".//p_value")] == [
        _told(one.p, one.p_relation) for one in analyses
    ]
    affected = [int(one.get("subjects_affected", "")) for one in root.iterfind(".//counts")]
    tables = (found.events.serious, found.events.other)
    assert affected == [
        count.affected
        for table in tables
        for one in (table.total, *table.events)
        for count in one.counts
    ]
    assert document(found, TODAY) == document(found, TODAY)


def _told(value: Decimal | None, relation: str) -> str:
    return "NA" if value is None else f"{relation}{value}"


def _spread(measure: Measure, one: Measurement) -> str | None:
    return _told(one.spread, "") if measure.dispersion == "Standard Deviation" else None


def test_the_xml_is_in_the_order_of_the_schema(site: Site) -> None:
    """As the registry's public.xsd has it, which is validated by hand when it changes."""
    factories.on_treatment(site)
    root = ElementTree.fromstring(document(results(site), TODAY))  # noqa: S314 - our own
    sections = [one.tag for one in root.find("clinical_results") or ()]
    assert sections == [
        "participant_flow",
        "baseline",
        "outcome_list",
        "reported_events",
        "limitations_and_caveats",
    ]
    first = root.find(".//outcome")
    assert first is not None
    assert [one.tag for one in first] == [
        *("type", "title", "description", "time_frame", "population", "group_list"),
        *("measure", "analysis_list"),
    ]


def test_a_term_that_xml_cannot_hold_does_not_break_it(site: Site) -> None:
    event(factories.on_treatment(site, CONTROL), term="Fever \x0b <b>&")
    root = ElementTree.fromstring(document(results(site), TODAY))  # noqa: S314 - our own
    assert "Fever \ufffd <b>&" in [one.text for one in root.iterfind(".//sub_title")]


def test_the_csv_of_everything_is_that_of_the_sections(site: Site) -> None:
    trial_of_ten(site)
    found = results(site)
    parts = [
        line for name in ("flow", "baseline", "outcomes", "events") for line in lines(found, name)
    ]
    everything = list(lines(found, "results"))
    assert everything[: len(parts)] == parts
    assert {len(line) for line in everything} == {len(COLUMNS)}


# --- sets, sites, cost ------------------------------------------------------------------------


def test_each_set_has_its_own_members(site: Site) -> None:
    factories.on_treatment(site, CONTROL, days_ago=9)  # far too few doses for "per protocol"
    factories.allocated(site, IL2)  # the list gives two others on the way
    found = {one: results(site, one) for one in AnalysisSet}
    analysed = {
        one: [count.value for count in result.baseline.analysed] for one, result in found.items()
    }
    assert analysed == {
        AnalysisSet.ALLOCATED: [2, 2, 4],
        AnalysisSet.PER_PROTOCOL: [0, 0, 0],
        AnalysisSet.SAFETY: [0, 1, 1],
    }


def test_another_sites_participants_are_in_no_number(site: Site, other_site: Site) -> None:
    factories.on_treatment(other_site)
    assert results(site).started == 0


def test_it_asks_as_often_for_ten_as_for_one(
    site: Site, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    people: list[Participant] = trial_of_ten(site)
    user = factories.user(Role.STATISTICIAN, site)
    with django_assert_max_num_queries(22):
        assert registry_results(user).started == len(people)
