"""Deviations: recorded from an offer or freely, declined, assessed, corrected, taken back."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from enrollment.models import Participant
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import Refused
from oversight.trail import AuditEntry
from safety.actions.deviations import (
    accept_offer,
    assess_deviation,
    correct_deviation,
    decline_deviation,
    record_deviation,
)
from safety.actions.records import mark_in_error
from safety.models import DeclinedOffer, Deviation
from safety.permissions import RECORD_DEVIATION
from tests import factories
from tests.safety.conducted import (
    CONTROL_ARM,
    accepted,
    day,
    given,
    il2_given,
    kinds,
    moment,
    offers,
    order_of,
    sources,
    treated,
)
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
RECORDERS = {Role.COORDINATOR, Role.INVESTIGATOR}


@pytest.fixture
def coordinator(site: Site) -> User:
    return factories.user(Role.COORDINATOR, site)


@pytest.fixture
def investigator(site: Site) -> User:
    return factories.user(Role.INVESTIGATOR, site)


@pytest.fixture
def participant(site: Site) -> Participant:
    """With one offer: the evening dose of yesterday is not recorded."""
    return treated(site, days_ago=1)


@pytest.fixture
def noticed(participant: Participant, coordinator: User) -> Deviation:
    return free(participant, coordinator)


def free(participant: Participant, by: User, **changes: Any) -> Deviation:
    values: dict[str, Any] = {
        "kind": "other",
        "occurred_on": day(1),
        "description": "The infusion ran through a blood line",
    }
    return record_deviation(participant, by=by, key=uuid4(), **values | changes)


def assessed(deviation: Deviation, by: User, **changes: Any) -> Deviation:
    values: dict[str, Any] = {
        "severity": "minor",
        "assessment": "No harm",
        "corrective_action": "The ward is taught",
        "version": deviation.version,
    }
    return assess_deviation(deviation, by=by, **values | changes)


# --- noticed by a person -------------------------------------------------------------------------


def test_a_deviation_that_somebody_noticed(noticed: Deviation, coordinator: User) -> None:
    assert (noticed.kind, noticed.source, noticed.evidence) == ("other", "", [])
    assert noticed.severity == "minor"  # as the protocol proposes
    assert (noticed.recorded_by, noticed.assessed_at) == (coordinator, None)
    entry = AuditEntry.objects.get(model="safety.deviation", object_id=str(noticed.pk))
    assert entry.actor_name == coordinator.username
    assert entry.chain_id == f"participant:{noticed.participant_id}"


def test_the_protocol_proposes_the_severity(participant: Participant, coordinator: User) -> None:
    assert free(participant, coordinator, kind="eligibility_violated").severity == "major"


@pytest.mark.parametrize(
    "changes",
    [
        {"description": " "},
        {"kind": "no_such_kind"},
        {"occurred_on": lambda: day(-1)},
        {"occurred_on": lambda: day(3)},  # before the consent
    ],
)
def test_what_cannot_be_recorded(
    participant: Participant, coordinator: User, changes: dict[str, Any]
) -> None:
    said = {name: value() if callable(value) else value for name, value in changes.items()}
    with pytest.raises(Refused):
        free(participant, coordinator, **said)
    assert not Deviation.objects.exists()


def test_the_day_of_the_consent_is_in_the_trial(
    participant: Participant, coordinator: User
) -> None:
    assert free(participant, coordinator, occurred_on=day(2)).occurred_on == day(2)
    assert free(participant, coordinator, occurred_on=day(0)).occurred_on == day(0)


def test_a_form_sent_twice_saves_once(participant: Participant, coordinator: User) -> None:
    key = uuid4()
    values: dict[str, Any] = {"kind": "other", "occurred_on": day(1), "description": "Twice"}
    record_deviation(participant, by=coordinator, key=key, **values)
    with pytest.raises(AlreadyRecorded):
        record_deviation(participant, by=coordinator, key=key, **values)
    assert Deviation.objects.count() == 1


# --- offered by a rule ---------------------------------------------------------------------------


def test_an_offer_becomes_a_deviation_with_the_rules_words(
    participant: Participant, coordinator: User
) -> None:
    [offer] = offers(coordinator)
    made = accepted(participant, "unrecorded_dose", "The nurse was at the emergency")
    assert (made.kind, made.source) == ("unrecorded_dose", offer.found.source)
    assert made.evidence == [message.to_json() for message in offer.found.evidence]
    assert (made.severity, made.occurred_on) == ("minor", day(1))
    assert sources(coordinator) == []


@pytest.mark.parametrize("source", ["late_visit:visit:1", "nonsense", ""])
def test_what_no_rule_offers_is_not_recorded(
    participant: Participant, coordinator: User, source: str
) -> None:
    with pytest.raises(Refused):
        accept_offer(participant, source=source, description="", by=coordinator)
    with pytest.raises(Refused):
        decline_deviation(participant, source=source, why="No", by=coordinator)


def test_an_offer_that_was_corrected_meanwhile(participant: Participant, coordinator: User) -> None:
    [source] = sources(coordinator)
    given(order_of(participant), moment(1, 20))
    with pytest.raises(Refused):
        accept_offer(participant, source=source, description="", by=coordinator)


def test_two_people_accept_one_offer_once(
    participant: Participant, coordinator: User, investigator: User
) -> None:
    [source] = sources(coordinator)
    accept_offer(participant, source=source, description="", by=coordinator, key=uuid4())
    with pytest.raises(Refused):
        accept_offer(participant, source=source, description="", by=investigator, key=uuid4())
    assert Deviation.objects.count() == 1


def test_an_offer_is_declined_with_a_reason(participant: Participant, coordinator: User) -> None:
    [source] = sources(coordinator)
    with pytest.raises(Refused):
        decline_deviation(participant, source=source, why=" ", by=coordinator)
    decline_deviation(participant, source=source, why="Surgery that day", by=coordinator)
    [declined] = DeclinedOffer.objects.all()
    assert (declined.source, declined.why) == (source, "Surgery that day")
    assert sources(coordinator) == []
    with pytest.raises(Refused):
        accept_offer(participant, source=source, description="", by=coordinator)


def test_a_fact_is_never_dismissed(site: Site, coordinator: User) -> None:
    participant = treated(site, CONTROL_ARM, days_ago=0)
    il2_given(participant)
    [source] = sources(coordinator)
    with pytest.raises(Refused, match="fact"):
        decline_deviation(participant, source=source, why="Only once", by=coordinator)
    assert accepted(participant, "il2_without_arm").severity == "major"


# --- the investigator's --------------------------------------------------------------------------


def test_an_assessment(noticed: Deviation, investigator: User) -> None:
    found = assessed(noticed, investigator, severity="major")
    assert (found.severity, found.assessment) == ("major", "No harm")
    assert (found.assessed_by, found.corrective_action) == (investigator, "The ward is taught")
    assert found.assessed_at is not None


@pytest.mark.parametrize("changes", [{"assessment": " "}, {"corrective_action": ""}])
def test_an_assessment_says_something(
    noticed: Deviation, investigator: User, changes: dict[str, Any]
) -> None:
    with pytest.raises(Refused):
        assessed(noticed, investigator, **changes)


def test_another_assessment_needs_a_reason(noticed: Deviation, investigator: User) -> None:
    first = assessed(noticed, investigator)
    with pytest.raises(ReasonRequired):
        assessed(first, investigator, severity="major")
    again = assessed(first, investigator, severity="major", reason="The line was reused")
    assert again.severity == "major"
    entry = AuditEntry.objects.filter(model="safety.deviation").latest("pk")
    assert entry.reason == "The line was reused"
    assert entry.changes["severity"] == ["minor", "major"]


def test_nobody_assesses_what_changed_meanwhile(noticed: Deviation, investigator: User) -> None:
    assessed(noticed, investigator)
    with pytest.raises(StaleRecord):
        assessed(noticed, investigator)


# --- corrected, taken back -----------------------------------------------------------------------


def corrected(deviation: Deviation, by: User, **changes: Any) -> Deviation:
    values: dict[str, Any] = {
        "kind": "other",
        "occurred_on": day(0),
        "description": "The infusion ran through an arterial line",
        "reason": "Read again",
        "version": deviation.version,
    }
    return correct_deviation(deviation, by=by, **values | changes)


def test_a_correction_asks_for_the_assessment_again(
    noticed: Deviation, coordinator: User, investigator: User
) -> None:
    found = corrected(assessed(noticed, investigator), coordinator)
    assert found.occurred_on == day(0)
    assert "arterial" in found.description
    assert (found.assessed_at, found.assessed_by) == (None, None)
    assert found.assessment == "No harm"  # kept beside it, for whoever assesses anew


@pytest.mark.parametrize("changes", [{"reason": " "}, {"description": ""}, {"kind": "nonsense"}])
def test_what_a_correction_refuses(
    noticed: Deviation, coordinator: User, changes: dict[str, Any]
) -> None:
    with pytest.raises((ReasonRequired, Refused)):
        corrected(noticed, coordinator, **changes)


def test_kind_and_day_of_an_offered_one_are_the_rules(
    participant: Participant, coordinator: User
) -> None:
    made = accepted(participant, "unrecorded_dose")
    found = corrected(made, coordinator, description="")
    assert (found.kind, found.occurred_on, found.description) == ("unrecorded_dose", day(1), "")


def test_a_deviation_entered_in_error_is_offered_again(
    participant: Participant, coordinator: User
) -> None:
    made = accepted(participant, "unrecorded_dose")
    marked(made, coordinator)
    assert Deviation.objects.in_force().count() == 0
    assert Deviation.objects.count() == 1
    assert kinds(coordinator) == ["unrecorded_dose"]
    assert accepted(participant, "unrecorded_dose").pk != made.pk


def test_what_is_in_error_is_history(
    noticed: Deviation, coordinator: User, investigator: User
) -> None:
    found = marked(noticed, coordinator)
    for act in (corrected, assessed, marked):
        with pytest.raises(Refused):
            act(found, investigator)


def marked(deviation: Deviation, by: User, **changes: Any) -> Deviation:
    values: dict[str, Any] = {
        "allowed": RECORD_DEVIATION,
        "reason": "Another participant’s",
        "version": deviation.version,
    }
    return mark_in_error(deviation, by=by, **values | changes)


def test_marking_needs_a_reason_and_the_latest_version(
    noticed: Deviation, coordinator: User
) -> None:
    with pytest.raises(ReasonRequired):
        marked(noticed, coordinator, reason="")
    with pytest.raises(StaleRecord):
        marked(noticed, coordinator, version=7)


# --- who may -------------------------------------------------------------------------------------

ACTS: dict[str, tuple[Callable[[Participant, Deviation, User], object], set[Role]]] = {
    "record": (lambda who, _, by: free(who, by), RECORDERS),
    "accept": (
        lambda who, _, by: accept_offer(who, source=sources(by, who)[0], description="", by=by),
        RECORDERS,
    ),
    "decline": (
        lambda who, _, by: decline_deviation(who, source=sources(by, who)[0], why="No", by=by),
        RECORDERS,
    ),
    "assess": (lambda _, one, by: assessed(one, by), {Role.INVESTIGATOR}),
    "correct": (lambda _, one, by: corrected(one, by), RECORDERS),
    "mark": (lambda _, one, by: marked(one, by), RECORDERS),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_who_may_do_what(
    participant: Participant, noticed: Deviation, staff: dict[Role, User], act: str, role: Role
) -> None:
    do, allowed = ACTS[act]
    if role in allowed:
        do(participant, noticed, staff[role])
        return
    with pytest.raises(PermissionDenied):
        do(participant, noticed, staff[role])


@pytest.mark.parametrize("act", sorted(set(ACTS) - {"accept", "decline"}))
def test_nobody_at_another_site(
    participant: Participant, noticed: Deviation, other_site: Site, act: str
) -> None:
    do, _ = ACTS[act]
    with pytest.raises(PermissionDenied):
        do(participant, noticed, factories.user(Role.INVESTIGATOR, other_site))
