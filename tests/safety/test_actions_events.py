"""Adverse events through their actions: what is saved, what is refused, what is asked anew."""

import datetime as dt
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError

from enrollment.models import Participant
from oversight.recording import AlreadyRecorded, ReasonRequired, recorded
from oversight.records import StaleRecord
from oversight.refusals import NeedsConfirmation, Refused
from oversight.trail import AuditEntry
from safety.actions.events import (
    Assessment,
    Offered,
    assess_event,
    change_seriousness,
    correct_event,
    report_event,
    retract_event,
)
from safety.models import AdverseEvent
from safety.rules.events import DrugAssessment, Seriousness
from tests import factories
from tests.conftest import NOON
from tests.safety import harm
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db

REPORTERS = {Role.NURSE, Role.COORDINATOR, Role.INVESTIGATOR}
HOSPITAL, DEATH = ("hospitalisation",), ("death",)


@pytest.fixture
def treated(site: Site) -> Participant:
    """Has ganciclovir and no IL-2."""
    return factories.on_treatment(site, "gcv")


@pytest.fixture
def nurse(site: Site) -> User:
    return factories.user(Role.NURSE, site)


@pytest.fixture
def investigator(site: Site) -> User:
    return factories.user(Role.INVESTIGATOR, site)


def just_now(at: dt.datetime | None) -> bool:
    return at is not None and dt.timedelta(0) <= clock.now() - at < dt.timedelta(minutes=1)


# --- reporting --------------------------------------------------------------------------------


@pytest.mark.requirement("R01")
def test_an_event_keeps_what_was_told_and_the_words_of_its_grade(treated: Participant) -> None:
    found = harm.event(treated, treatment="Paracetamol 500 mg")
    assert found.criteria["text"] == "Above 39.0 to 40.0 °C"
    assert (found.reported_by.role, just_now(found.reported_at)) == (Role.NURSE, True)
    assert (found.assessed_at, found.relation_ganciclovir, found.is_serious) == (None, "", False)
    entry = AuditEntry.objects.get(model="safety.adverseevent", object_id=str(found.pk))
    assert entry.changes["term"] == [None, "Fever"]
    assert entry.changes["treatment"] == [None, "Paracetamol 500 mg"]


def test_a_free_term_has_the_general_words(treated: Participant) -> None:
    found = harm.event(treated, term="Hair loss", criteria_code="", grade=1)
    assert found.criteria["text"].startswith("Mild")


@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_who_reports(treated: Participant, staff: dict[Role, User], role: Role) -> None:
    if role in REPORTERS:
        assert report_event(treated, facts=harm.facts(), by=staff[role]).pk
        return
    with pytest.raises(PermissionDenied):
        report_event(treated, facts=harm.facts(), by=staff[role])
    assert not AdverseEvent.objects.exists()


def test_nobody_of_another_site_reports(treated: Participant, other_site: Site) -> None:
    with pytest.raises(PermissionDenied):
        report_event(treated, facts=harm.facts(), by=factories.user(Role.NURSE, other_site))


def test_the_same_form_saves_once(treated: Participant, nurse: User) -> None:
    key = uuid4()
    report_event(treated, facts=harm.facts(), by=nurse, key=key)
    with pytest.raises(AlreadyRecorded):
        report_event(treated, facts=harm.facts(), by=nurse, key=key)
    assert AdverseEvent.objects.count() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"onset_on": dt.date(2026, 3, 19)},
        {"onset_time": dt.time(12, 30)},
        {"ended_on": dt.date(2026, 3, 17)},
        {"ended_on": dt.date(2026, 3, 19)},
        {"grade": 5},
        {"outcome": "fatal"},
    ],
)
def test_what_cannot_be_is_refused(
    treated: Participant, nurse: User, changes: dict[str, object]
) -> None:
    with pytest.raises(Refused):
        report_event(treated, facts=harm.facts(**changes), by=nurse)
    assert not AdverseEvent.objects.exists()


def test_an_event_that_stands_already_is_asked_about(treated: Participant, nurse: User) -> None:
    harm.event(treated)
    again = harm.facts(term="fever")
    with pytest.raises(NeedsConfirmation, match="stands already"):
        report_event(treated, facts=again, by=nurse, confirmed=False)
    assert report_event(treated, facts=again, by=nurse, confirmed=True).pk


def test_an_event_that_has_ended_stands_no_more(treated: Participant, nurse: User) -> None:
    harm.event(treated, ended_on=clock.today(), outcome="recovered")
    assert report_event(treated, facts=harm.facts(), by=nurse, confirmed=False).pk


def test_a_reaction_is_taken_over_once(treated: Participant, nurse: User, site: Site) -> None:
    seen = harm.reaction(treated)
    offered = Offered(reaction=seen)
    found = report_event(treated, facts=harm.facts(), offered=offered, by=nurse)
    assert found.reaction == seen
    with pytest.raises(Refused, match="already"):
        report_event(treated, facts=harm.facts(), offered=offered, by=nurse)
    other = factories.on_treatment(site, "il2_gcv")
    with pytest.raises(Refused, match="another participant"):
        report_event(other, facts=harm.facts(), offered=offered, by=nurse)


# --- seriousness ------------------------------------------------------------------------------


def test_seriousness_may_come_with_the_report(treated: Participant) -> None:
    found = harm.event(treated, harm.hospitalised())
    assert found.serious == ["hospitalisation"]
    assert found.serious_aware_at == NOON - dt.timedelta(hours=1)


def change(found: AdverseEvent, serious: Seriousness, by: User, reason: str = "A letter") -> None:
    change_seriousness(found, serious=serious, reason=reason, version=found.version, by=by)


def test_seriousness_may_come_later_and_starts_there(treated: Participant, nurse: User) -> None:
    found = harm.event(treated)
    change(found, Seriousness(HOSPITAL, NOON), nurse)
    found.refresh_from_db()
    assert (found.serious, found.serious_aware_at) == (list(HOSPITAL), NOON)


@pytest.mark.parametrize(
    "aware_at",
    [
        dt.datetime(2026, 3, 18, 4, 30, tzinfo=dt.UTC),  # half an hour from now
        dt.datetime(2026, 3, 18, 0, 59, tzinfo=dt.UTC),  # a minute before it began
        None,
    ],
)
def test_awareness_is_neither_in_the_future_nor_before_the_event(
    treated: Participant, nurse: User, aware_at: dt.datetime | None
) -> None:
    found = harm.event(treated)
    with pytest.raises(Refused):
        change(found, Seriousness(HOSPITAL, aware_at), nurse)
    found.refresh_from_db()
    assert found.serious == []


def test_only_an_investigator_says_that_it_is_not_serious_after_all(
    treated: Participant, nurse: User, investigator: User
) -> None:
    found = harm.event(treated, harm.hospitalised())
    with pytest.raises(Refused, match="Only an investigator"):
        change(found, Seriousness(), nurse)
    change(found, Seriousness(), investigator)
    found.refresh_from_db()
    assert (found.serious, found.serious_aware_at) == ([], None)


def test_seriousness_needs_its_reason(treated: Participant, nurse: User) -> None:
    with pytest.raises(ReasonRequired):
        change(harm.event(treated), Seriousness(HOSPITAL, NOON), nurse, reason=" ")


def test_a_serious_event_always_has_its_awareness(treated: Participant) -> None:

    found = harm.event(treated)
    found.serious = list(HOSPITAL)
    with (
        pytest.raises(IntegrityError),
        recorded(by=factories.user(Role.NURSE, found.participant.site), reason="Past the action"),
    ):
        found.save()


# --- assessment -------------------------------------------------------------------------------


def test_an_assessment_has_its_own_person_and_time(treated: Participant) -> None:
    found = harm.assessed(harm.event(treated))
    assert (found.relation_il2, found.action_il2) == ("not_given", "not_given")
    assert (found.relation_ganciclovir, found.action_ganciclovir) == ("possible", "held")
    assert found.is_expected is True
    assert (found.assessed_by.role, just_now(found.assessed_at)) == (Role.INVESTIGATOR, True)


@pytest.mark.parametrize(
    ("il2", "ganciclovir", "expected"),
    [
        (harm.UNRELATED, harm.UNRELATED, None),  # never had IL-2
        (harm.NO_DRUG, harm.NO_DRUG, None),  # had ganciclovir
        (harm.NO_DRUG, harm.POSSIBLE, None),  # related, and nobody says whether expected
    ],
)
def test_an_assessment_agrees_with_the_doses(
    treated: Participant, il2: DrugAssessment, ganciclovir: DrugAssessment, expected: bool | None
) -> None:
    found = harm.event(treated)
    with pytest.raises(Refused):
        harm.assessed(found, il2, ganciclovir, expected=expected)
    found.refresh_from_db()
    assert found.assessed_at is None


def test_a_second_assessment_needs_a_reason(treated: Participant) -> None:
    found = harm.assessed(harm.event(treated))
    with pytest.raises(ReasonRequired):
        harm.assessed(found, ganciclovir=harm.UNRELATED, expected=None)
    again = harm.assessed(found, ganciclovir=harm.UNRELATED, expected=None, reason="New culture")
    assert (again.relation_ganciclovir, again.is_expected) == ("unrelated", None)


@pytest.mark.parametrize("role", sorted(PEOPLE - {Role.INVESTIGATOR}))
def test_nobody_else_assesses(treated: Participant, staff: dict[Role, User], role: Role) -> None:

    found = harm.event(treated)
    with pytest.raises(PermissionDenied):
        assess_event(found, assessment=Assessment({}, None), version=1, by=staff[role])


# --- correction -------------------------------------------------------------------------------


def correct(found: AdverseEvent, by: User, **changes: object) -> AdverseEvent:
    return correct_event(
        found, facts=harm.facts(**changes), reason="Read again", version=found.version, by=by
    )


@pytest.mark.requirement("R04")
@pytest.mark.parametrize(
    "changes",
    [
        {"term": "Chills", "criteria_code": ""},
        {"grade": 3},
        {"onset_on": dt.date(2026, 3, 17)},
        {"onset_time": dt.time(8, 0)},
    ],
)
def test_other_content_asks_for_a_new_assessment(
    treated: Participant, nurse: User, changes: dict[str, object]
) -> None:
    found = correct(harm.assessed(harm.event(treated)), nurse, **changes)
    assert (found.assessed_at, found.assessed_by) == (None, None)
    assert found.relation_ganciclovir == "possible"  # what the next assessment begins with


@pytest.mark.parametrize(
    "changes",
    [
        {"ended_on": dt.date(2026, 3, 18), "outcome": "recovered"},
        {"treatment": "Cooling"},
        {"note": "Slept well"},
    ],
)
def test_the_course_of_an_event_leaves_its_assessment_standing(
    treated: Participant, nurse: User, changes: dict[str, object]
) -> None:
    found = correct(harm.assessed(harm.event(treated)), nurse, **changes)
    assert found.assessed_at is not None


def test_seriousness_asks_for_a_new_assessment(treated: Participant, nurse: User) -> None:
    found = harm.assessed(harm.event(treated))
    change(found, Seriousness(HOSPITAL, NOON), nurse)
    found.refresh_from_db()
    assert found.assessed_at is None


def test_a_death_is_called_serious_before_its_grade(treated: Participant, nurse: User) -> None:
    found = harm.event(treated)
    with pytest.raises(Refused, match="choose Death"):
        correct(found, nurse, grade=5, outcome="fatal")
    change(found, Seriousness(DEATH, NOON), nurse)
    found.refresh_from_db()
    assert correct(found, nurse, grade=5, outcome="fatal").grade == 5


def test_a_stale_correction_is_refused(treated: Participant, nurse: User) -> None:
    opened = harm.event(treated)
    correct(opened, nurse, treatment="Cooling")
    with pytest.raises(StaleRecord):
        correct_event(opened, facts=harm.facts(), reason="Other", version=1, by=nurse)


# --- entered in error -------------------------------------------------------------------------


def retract(found: AdverseEvent, by: User, reason: str = "Another participant") -> AdverseEvent:
    return retract_event(found, reason=reason, version=found.version, by=by)


def test_what_was_entered_in_error_counts_no_more_and_stays(
    treated: Participant, nurse: User
) -> None:
    found = retract(harm.event(treated), nurse)
    assert (found.retracted_by, just_now(found.retracted_at)) == (nurse, True)
    assert not AdverseEvent.objects.in_force().exists()
    for act in (retract, correct):
        with pytest.raises(Refused, match="already"):
            act(found, nurse)


def test_only_an_investigator_takes_a_serious_event_back(
    treated: Participant, nurse: User, investigator: User
) -> None:
    found = harm.event(treated, harm.hospitalised())
    with pytest.raises(Refused, match="Only an investigator"):
        retract(found, nurse)
    assert retract(found, investigator).retracted_at


def test_taking_back_needs_a_reason(treated: Participant, nurse: User) -> None:
    with pytest.raises(ReasonRequired):
        retract(harm.event(treated), nurse, reason="")
