"""The protocol quotes the registry record word for word."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest

from tests.shared import shared_path
from trial_site.protocol import current
from trial_site.protocol.definition import Provenance, Source

PROTOCOL = current()


@pytest.fixture(scope="module")
def record() -> str:
    return _flat(shared_path("registry/NCT04225780.txt").read_text(encoding="utf-8"))


def _flat(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _registry_quotes(value: object) -> Iterator[str]:
    if isinstance(value, Provenance):
        if value.source is Source.REGISTRY:
            yield value.quote
    elif isinstance(value, tuple):
        for item in value:
            yield from _registry_quotes(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _registry_quotes(getattr(value, field.name))


@pytest.mark.parametrize("quote", sorted(set(_registry_quotes(PROTOCOL))))
def test_every_quotation_stands_in_the_record(record: str, quote: str) -> None:
    assert quote
    assert _flat(quote) in record


@pytest.mark.parametrize("row", PROTOCOL.criteria, ids=lambda row: row.id)
def test_every_criterion_but_the_added_warning_quotes_the_record(row) -> None:
    expected = Source.DECISION if row.id == "S1" else Source.REGISTRY
    assert row.provenance.source is expected
    assert bool(row.provenance.quote) is (row.id != "S1")


def test_the_criteria_together_leave_nothing_of_the_record_out(record: str) -> None:
    listed = record.rpartition("Eligibility Criteria Inclusion Criteria:")[2]
    listed = listed.partition("Central Contact Person:")[0]
    for row in PROTOCOL.criteria:
        if row.id not in {"A1", "A2", "S1"}:
            assert row.provenance.quote in listed
            listed = listed.replace(row.provenance.quote, "", 1)
    left = re.sub(
        r"Exclusion Criteria:|Severe comorbidities: including|[1-4]\)|or|[;,.)\s]", "", listed
    )
    assert left == ""


@pytest.mark.parametrize("arm", PROTOCOL.arms, ids=lambda arm: arm.code)
def test_each_arm_is_titled_typed_and_described_as_registered(record: str, arm) -> None:
    registered = (
        f"Arm Title {arm.registry_label} Arm Type {arm.registry_type} "
        f"Arm Description {arm.provenance.quote}"
    )
    assert registered in record


@pytest.mark.parametrize("row", PROTOCOL.outcomes, ids=lambda row: row.code)
def test_each_outcome_is_registered_with_its_description_and_time_frame(record: str, row) -> None:
    registered = f"Title {row.title} Description {row.description} Time Frame {row.time_frame}"
    assert registered in record


def test_no_registered_outcome_is_left_out(record: str) -> None:
    measures = record.partition("Primary Outcome Measure Information:")[2]
    measures = measures.partition("10. Eligibility")[0]
    primary, _, secondary = measures.partition("Secondary Outcome Measure Information:")
    kinds = [row.kind for row in PROTOCOL.outcomes]
    assert primary.count("Time Frame") == kinds.count("primary") == 1
    assert secondary.count("Time Frame") == kinds.count("secondary") == 6


@pytest.mark.parametrize(
    ("decision", "quote"),
    [(row.id, quote) for row in PROTOCOL.decisions for quote in row.quotes],
)
def test_every_decision_shows_the_words_that_clash(record: str, decision: str, quote: str) -> None:
    assert quote in record, decision


def test_every_decision_has_a_quotation() -> None:
    assert [row.id for row in PROTOCOL.decisions if not row.quotes] == []


def test_the_trial_is_identified_as_registered(record: str) -> None:
    row = PROTOCOL.identification
    for heading, value in (
        ("Unique Protocol Identification Number", row.registry_id),
        ("Brief Title", row.brief_title),
        ("Official Title", row.official_title),
        ("Name of the Sponsor", row.sponsor),
        ("Study Phase", row.phase),
        ("Allocation", row.allocation_quote),
        ("Masking", row.masking_quote),
        ("Enrollment", f"{row.enrolment_target} (Anticipated)"),
    ):
        assert f"{heading} {value}" in record
