"""What the laboratory adds to a casebook and to a worklist."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from enrollment.models import Participant
from labs.actions import correct_result, record_cytotoxicity
from labs.timeline import events
from labs.worklist import rows
from tests import factories
from tests.labs.examples import BASELINE, entered, hours_ago, pcr, plated, safety, sample, wells
from trial_site.models import User
from trial_site.presentation import TimelineEvent
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(participant: Participant) -> User:
    return factories.user(Role.INVESTIGATOR, participant.site)


def only_event(participant: Participant, reader: User) -> TimelineEvent:
    (event,) = events(participant, reader)
    return event


def text(event: TimelineEvent) -> tuple[str, str]:
    title, why = (str(part).replace("\N{NO-BREAK SPACE}", " ") for part in (event.title, event.why))
    return title, why


def test_a_pcr_is_one_event_with_its_verdict(participant: Participant, reader: User) -> None:
    (result,) = entered(participant, pcr("500", "<"))
    event = only_event(participant, reader)
    assert text(event) == ("CMV-DNA <500 copies/mL", "<500 copies/mL is below 1,000 copies/mL")
    assert event.badge is not None
    assert (event.badge[0], str(event.badge[1])) == ("met", "Negative")
    assert (event.at, event.kind) == (result.collected_at, "lab")
    assert event.history == ("labs.result", result.pk)


def test_a_panel_is_one_event_led_by_its_worst_value(
    participant: Participant, reader: User
) -> None:
    entered(
        participant,
        safety("hemoglobin", "96", "g/L", lln="115"),
        safety("anc", "0.46", "10^9/L", lln="1.8"),
        safety("wbc", "4.1", "10^9/L"),
    )
    event = only_event(participant, reader)
    title, why = text(event)
    assert title == "Neutrophils (ANC) 0.46 ×10⁹/L"
    assert why == "Haemoglobin 96 g/L (G2), White blood cells 4.1 ×10⁹/L"
    assert event.badge is not None
    assert (event.badge[0], str(event.badge[1])) == ("bad", "Grade 4")


def test_a_plate_is_one_event_with_its_rule(participant: Participant, reader: User) -> None:
    plate = plated(participant)
    event = only_event(participant, reader)
    assert text(event) == ("NK cytotoxicity 20.74 %", "Formula A, E:T 25:1")
    assert event.history == ("labs.cytotoxicityassay", plate.pk)


def test_a_plate_without_result_says_why(participant: Participant, reader: User) -> None:
    controls = [well for well in wells(BASELINE) if well.et_ratio is None]
    by = factories.user(Role.LAB, participant.site)
    record_cytotoxicity(participant, sample=sample(), effectors="pbmc", wells=controls, by=by)
    title, why = text(only_event(participant, reader))
    assert title == "NK cytotoxicity: no result"
    assert "wells at E:T 25:1 are needed" in why


def test_the_administrator_reads_no_results(participant: Participant) -> None:
    entered(participant, pcr("52000"))
    assert events(participant, factories.user(Role.ADMIN, participant.site)) == []


def test_the_events_cost_the_same_whatever_their_number(
    participant: Participant, reader: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for hours in range(1, 9):
        entered(participant, pcr("52000"), hours=hours)
        plated(participant, at=hours_ago(hours))
    with django_assert_num_queries(2):
        assert len(events(participant, reader)) == 16


# --- the worklist -----------------------------------------------------------------------------


def test_a_result_that_lacks_its_limit_waits_for_the_laboratory(
    participant: Participant, lab: User
) -> None:
    entered(participant, pcr(None, "ND", lod="200"), safety("anc", "3.2", "10^9/L", lln="1.8"))
    (undecided,) = entered(participant, pcr(None, "ND"), hours=9)
    (row,) = rows(lab)
    assert (row.state, row.subject) == ("blocked", participant.subject)
    assert str(row.title) == "CMV-DNA not detected"
    assert str(row.why) == "not detected, but the limit of detection is missing"
    assert row.url == reverse("labs:result-correct", args=[undecided.pk])

    entry = pcr(None, "ND", lod="200")
    correct_result(undecided, entry=entry, reason="From the report", version=1, by=lab, key=uuid4())
    assert rows(lab) == []


def test_a_grade_that_lacks_its_limit_waits_too(participant: Participant, lab: User) -> None:
    (result,) = entered(participant, safety("platelets", "140", "10^9/L"))
    assert (result.value, result.grade) == (Decimal("140"), None)
    (row,) = rows(lab)
    assert str(row.why) == "the lower limit of normal is missing"


def test_others_and_other_sites_wait_for_nothing_here(
    participant: Participant, stranger: Participant, lab: User, reader: User
) -> None:
    entered(stranger, pcr(None, "ND"))
    assert rows(lab) == []
    entered(participant, pcr(None, "ND"))
    assert rows(reader) == []
