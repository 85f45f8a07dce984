"""Reports of serious events: numbered, frozen, and what they say."""

import datetime as dt
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from oversight.recording import AlreadyRecorded, UnrecordedWrite, recorded
from oversight.records import StaleRecord
from oversight.refusals import Refused
from safety.actions.events import correct_event, retract_event
from safety.actions.reports import send_report
from safety.clocks import clocks_of, open_clocks
from safety.models import AdverseEvent, SafetyReport
from safety.rules.clocks import ClockState
from tests import factories
from tests.dosing import stocked
from tests.safety import harm
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
SPONSOR, AUTHORITY = SafetyReport.Recipient.SPONSOR, SafetyReport.Recipient.AUTHORITY


@pytest.fixture
def event(site: Site) -> AdverseEvent:
    return harm.event(factories.on_treatment(site, "gcv"), harm.hospitalised())


@pytest.fixture
def coordinator(site: Site) -> User:
    return factories.user(Role.COORDINATOR, site)


def send(event: AdverseEvent, by: User, recipient: str = SPONSOR) -> SafetyReport:
    event.refresh_from_db()
    return send_report(
        event,
        recipient=recipient,
        narrative="Admitted with fever.",
        version=event.version,
        by=by,
        key=uuid4(),
    )


def said(report: SafetyReport) -> dict[str, str]:
    """Every fact of a report by its label."""
    return {
        str(Message.from_json(label)): str(Message.from_json(value))
        for section in report.content["sections"]
        for label, value in section["rows"]
    }


def test_reports_are_numbered_for_each_recipient(event: AdverseEvent, coordinator: User) -> None:
    sent = [send(event, coordinator, to) for to in (SPONSOR, AUTHORITY, SPONSOR, SPONSOR)]
    assert [(one.recipient, one.number, one.kind) for one in sent] == [
        ("sponsor", 1, "initial"),
        ("authority", 1, "initial"),
        ("sponsor", 2, "follow_up"),
        ("sponsor", 3, "follow_up"),
    ]


def test_sending_stops_the_clock(event: AdverseEvent, coordinator: User) -> None:
    assert clocks_of(event)[0].state is ClockState.RUNNING
    send(event, coordinator)
    event.refresh_from_db()
    assert clocks_of(event)[0].state is ClockState.IN_TIME
    assert SPONSOR not in {one.clock.recipient for one in open_clocks(coordinator)}


def test_a_report_says_every_fact_with_its_unit_and_offset(
    event: AdverseEvent, coordinator: User
) -> None:
    harm.assessed(event)
    facts = said(send(event, coordinator))
    who = event.participant
    assert facts["Participant"] == who.subject
    assert facts["Began"] == "2026-03-18 09:00 +08:00"
    assert facts["Known to be serious since"] == "2026-03-18 11:00 +08:00"
    assert facts["CTCAE v5.0"] == "grade 2: Above 39.0 to 40.0 °C"
    assert facts["Criterion"] == "Hospitalisation or its prolongation"
    assert facts["SUSAR"] == "no"
    assert facts["Age"] == "41 years"
    assert facts["First ganciclovir dose"] == "2026-03-17 08:00 +08:00"
    assert facts["Ganciclovir, last dose before"].startswith(
        "300\N{NO-BREAK SPACE}mg at 2026-03-17 08:00 +08:00"
    )
    assert facts["Interleukin-2"] == "The drug was not given"
    assert facts["Expected"] == "yes"
    assert facts["Treatment given"] == "not recorded"


def test_an_event_that_is_not_assessed_says_so(event: AdverseEvent, coordinator: User) -> None:
    facts = said(send(event, coordinator))
    assert facts["Assessment"] == "not assessed yet"
    assert facts["SUSAR"] == "open: not assessed"


def test_a_report_is_frozen_and_a_correction_makes_a_follow_up(
    event: AdverseEvent, coordinator: User
) -> None:
    first = send(event, coordinator)
    correct_event(
        event,
        facts=harm.facts(treatment="Cefepime 2 g"),
        reason="Chart",
        version=event.version,
        by=coordinator,
    )
    second = send(event, coordinator)
    first.refresh_from_db()
    assert said(first)["Treatment given"] == "not recorded"
    assert said(second)["Treatment given"] == "Cefepime 2 g"
    assert second.content["event_version"] == first.content["event_version"] + 1
    first.narrative = "Something else"
    with pytest.raises(UnrecordedWrite), recorded(by=coordinator, reason="No"):
        first.save()


def test_what_is_not_serious_is_not_reported(site: Site, coordinator: User) -> None:
    mild = harm.event(factories.on_treatment(site, "gcv"))
    with pytest.raises(Refused, match="serious"):
        send(mild, coordinator)


def test_what_was_taken_back_is_not_reported(event: AdverseEvent, coordinator: User) -> None:
    by = factories.user(Role.INVESTIGATOR, event.participant.site)
    retract_event(event, reason="Another participant", version=event.version, by=by)
    with pytest.raises(Refused, match="serious"):
        send(event, coordinator)
    event.refresh_from_db()
    assert clocks_of(event) == []


def test_nothing_is_sent_of_an_event_that_has_changed_meanwhile(
    event: AdverseEvent, coordinator: User
) -> None:
    read = event.version
    harm.assessed(event)
    with pytest.raises(StaleRecord):
        send_report(event, recipient=SPONSOR, narrative="x", version=read, by=coordinator)


def test_a_report_has_a_narrative(event: AdverseEvent, coordinator: User) -> None:
    with pytest.raises(Refused, match="words"):
        send_report(event, recipient=SPONSOR, narrative=" ", version=1, by=coordinator)


def test_the_same_form_sends_once(event: AdverseEvent, coordinator: User) -> None:
    key = uuid4()
    values = {"recipient": SPONSOR, "narrative": "x", "version": event.version}
    send_report(event, **values, by=coordinator, key=key)
    with pytest.raises(AlreadyRecorded):
        send_report(event, **values, by=coordinator, key=key)
    assert SafetyReport.objects.count() == 1


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_who_sends(event: AdverseEvent, staff: dict[Role, User], role: Role) -> None:
    if role in {Role.COORDINATOR, Role.INVESTIGATOR}:
        assert send(event, staff[role]).pk
        return
    with pytest.raises(PermissionDenied):
        send(event, staff[role])


@pytest.mark.parametrize(
    ("days_ago", "at", "last"),
    [
        (2, None, None),
        (0, dt.time(7, 59), "300 mg at 2026-03-17 08:00 +08:00, lot not recorded"),
        (0, dt.time(8, 0), "300 mg at 2026-03-18 08:00 +08:00, lot GCV-77"),
        (0, None, "300 mg at 2026-03-18 08:00 +08:00, lot GCV-77"),
    ],
)
def test_the_last_dose_is_the_last_before_the_onset(
    site: Site, coordinator: User, days_ago: int, at: dt.time | None, last: str | None
) -> None:
    who = factories.on_treatment(site, "gcv")
    today = factories.local(clock.today())
    factories.dose(who.orders.get(), today, lot=stocked.lot(site, number="GCV-77"))
    onset = clock.today() - dt.timedelta(days=days_ago)
    found = harm.event(who, harm.hospitalised(), onset_on=onset, onset_time=at)
    facts = said(send(found, coordinator))
    told = facts.get("Ganciclovir, last dose before")
    assert (told and told.replace("\N{NO-BREAK SPACE}", " ")) == last
