"""Results that need an investigator at once, until somebody says what was decided."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from enrollment.actions.participation import end_participation
from enrollment.models import Participant
from enrollment.states import State as Standing
from labs import worklist
from labs.actions import Entry, Sample, correct_result, mark_in_error, record_results
from labs.actions.critical import acknowledge
from labs.alerts import Subject, alert_of, open_alerts
from labs.models import Acknowledgement, Result
from labs.permissions import ACKNOWLEDGE
from oversight.models import AuditEntry
from oversight.recording import AlreadyRecorded
from oversight.records import StaleRecord
from oversight.refusals import Refused
from tests import factories
from tests.labs.examples import entered, pcr, safety
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

Login = Callable[[Role], Client]
OTHERS = sorted(set(Role) - ACKNOWLEDGE.roles - {Role.SYSTEM})
WORKLIST = reverse("outcomes:worklist")
DECISION = "Ganciclovir held, count repeated tomorrow"


@pytest.fixture
def investigator(site: Site) -> User:
    return factories.user(Role.INVESTIGATOR, site)


@pytest.fixture
def low(participant: Participant) -> Result:
    """Neutrophils of 0.46: grade 4, and a stop of ganciclovir."""
    (result,) = entered(participant, safety("anc", "0.46", "10^9/L", lln="1.8"))
    return result


def page_of(result: Result) -> str:
    return reverse("labs:result-acknowledge", args=[result.pk])


def waiting(user: User) -> list[str]:
    return [alert.result.analyte for alert in open_alerts(user)]


def corrected(result: Result, entry: Entry, reason: str = "Misread") -> Result:
    by = factories.user(Role.LAB, result.participant.site)
    version = Result.objects.get(pk=result.pk).version
    return correct_result(
        result, entry=entry, reason=reason, version=version, by=by, confirmed=True
    )


# --- what waits -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "waits"),
    [
        # DOMAIN 8: grade 3 and worse, each at its bound
        (safety("anc", "1.0", "10^9/L", lln="1.8"), False),
        (safety("anc", "0.99", "10^9/L", lln="1.8"), True),
        (safety("anc", "0.99", "10^9/L"), True),  # the grade is sure without the limit
        (safety("platelets", "50", "10^9/L", lln="125"), False),
        (safety("platelets", "49", "10^9/L", lln="125"), True),
        (safety("hemoglobin", "80", "g/L", lln="115"), False),
        (safety("hemoglobin", "79", "g/L", lln="115"), True),
        (safety("alt", "200", "U/L", uln="40"), False),
        (safety("alt", "201", "U/L", uln="40"), True),
        (safety("alt", "201", "U/L"), False),  # undecided: the laboratory's worklist has it
        # DOMAIN 4: stops of ganciclovir behind an operator
        (safety("platelets", "25", "10^9/L", operator="<"), True),
        (safety("platelets", "30", "10^9/L", operator="<"), True),
        (safety("hemoglobin", "90", "g/L", operator="<"), True),  # undecided, and says so
        (safety("platelets", "130", "10^9/L", operator=">"), False),
        (safety("alt", "1000", "U/L", operator=">", uln="40"), True),
        (safety("lymphocytes", "0.1", "10^9/L"), False),
        (pcr("52000"), False),
        (pcr("500", "<"), False),
    ],
)
def test_severe_results_wait_for_an_investigator(
    participant: Participant, investigator: User, entry: Entry, waits: bool
) -> None:
    entered(participant, entry)
    assert waiting(investigator) == ([entry.analyte] if waits else [])


def test_why_is_said(participant: Participant) -> None:
    low = safety("anc", "0.46", "10^9/L", lln="1.8")
    (stop,) = entered(participant, low, hours=5)
    (undecided,) = entered(participant, safety("hemoglobin", "90", "g/L", operator="<"))
    said = [str(why).replace("\N{NO-BREAK SPACE}", " ") for why in alert_of(stop).why]
    assert said == ["CTCAE grade 4", "Neutrophils (ANC) 0.46 ×10⁹/L, below 0.5: hold"]
    (why,) = alert_of(undecided).why
    assert "may be below 80, where ganciclovir stops" in str(why)


def test_the_most_urgent_come_first(participant: Participant, investigator: User) -> None:
    by_hours = {
        4: safety("alt", "201", "U/L", uln="40"),  # grade 3
        5: safety("hemoglobin", "90", "g/L", operator="<"),  # undecided
        6: safety("anc", "0.46", "10^9/L", lln="1.8"),  # stops ganciclovir
        7: safety("ast", "202", "U/L", uln="40"),
    }
    for hours, entry in by_hours.items():
        entered(participant, entry, hours=hours)
    (changed,) = entered(participant, pcr("5200"), hours=8)
    corrected(changed, pcr("52000"))
    assert waiting(investigator) == ["anc", "ast", "alt", "hemoglobin", "cmv_dna"]


def test_another_sites_results_wait_for_others(stranger: Participant, investigator: User) -> None:
    entered(stranger, safety("anc", "0.46", "10^9/L"))
    assert waiting(investigator) == []


def test_a_result_in_error_is_not_severe(low: Result, investigator: User, lab: User) -> None:
    mark_in_error(low, reason="Another patient", version=1, by=lab)
    assert waiting(investigator) == []


# --- eligibility ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "fixed", "looks"),
    [
        (pcr("5200"), pcr("52000"), True),
        (safety("alt", "30", "U/L", uln="40"), safety("alt", "33", "U/L", uln="40"), True),
        (safety("wbc", "4.1", "10^9/L"), safety("wbc", "4.2", "10^9/L"), False),  # no criterion
    ],
)
def test_what_eligibility_was_judged_by_needs_a_look(
    participant: Participant, investigator: User, entry: Entry, fixed: Entry, looks: bool
) -> None:
    (result,) = entered(participant, entry)
    assert waiting(investigator) == []
    corrected(result, fixed)
    assert waiting(investigator) == ([entry.analyte] if looks else [])


def test_an_error_needs_a_look_too(participant: Participant, investigator: User, lab: User) -> None:
    (result,) = entered(participant, pcr("5200"))
    mark_in_error(result, reason="Another patient", version=1, by=lab)
    (alert,) = open_alerts(investigator)
    assert alert.subjects == (Subject.ELIGIBILITY,)
    assert "52,000" in str(alert.why[0])  # what the screening was judged with


@pytest.mark.parametrize(("minutes", "looks"), [(-1, True), (0, True), (1, False)])
def test_only_up_to_the_allocation(
    site: Site, investigator: User, minutes: int, looks: bool
) -> None:
    with time_machine.travel(clock.now() - dt.timedelta(days=1), tick=False):
        allocated = factories.allocated(site)
    at = allocated.allocation.allocated_at + dt.timedelta(minutes=minutes)
    lab = factories.user(Role.LAB, site)
    drawn = Sample("plasma", at)
    (result,) = record_results(allocated, sample=drawn, entries=[pcr("5200")], by=lab)
    corrected(result, pcr("52000"))
    assert waiting(investigator) == (["cmv_dna"] if looks else [])


def test_whoever_left_before_the_allocation_needs_no_look(
    participant: Participant, investigator: User
) -> None:
    (result,) = entered(participant, pcr("5200"))
    corrected(result, pcr("52000"))
    by = factories.user(Role.COORDINATOR, participant.site)
    end_participation(participant, after=Standing.LOST, why="Moved away", by=by)
    assert waiting(investigator) == []
    assert not alert_of(result)


# --- acknowledging ----------------------------------------------------------------------------


def test_an_acknowledgement_ends_the_wait(low: Result, investigator: User) -> None:
    (made,) = acknowledge(low, decision=f" {DECISION} ", version=1, by=investigator)
    assert waiting(investigator) == []
    saved = Acknowledgement.objects.get(pk=made.pk)
    assert (saved.about, saved.decision) == (Subject.SAFETY, DECISION)
    assert (saved.result_version, saved.acknowledged_by) == (1, investigator)
    entry = AuditEntry.objects.get(model="labs.acknowledgement", object_id=made.pk)
    assert entry.chain_id == f"participant:{low.participant_id}"


def test_both_reasons_are_acknowledged_together(
    participant: Participant, investigator: User
) -> None:
    (result,) = entered(participant, safety("alt", "30", "U/L", uln="40"))
    severe = corrected(result, safety("alt", "300", "U/L", uln="40"))
    assert alert_of(severe).subjects == (Subject.SAFETY, Subject.ELIGIBILITY)
    made = acknowledge(severe, decision=DECISION, version=2, by=investigator)
    assert [one.about for one in made] == [Subject.SAFETY, Subject.ELIGIBILITY]


def test_a_correction_that_is_still_severe_asks_again(low: Result, investigator: User) -> None:
    acknowledge(low, decision=DECISION, version=1, by=investigator)
    corrected(low, safety("anc", "0.64", "10^9/L", lln="1.8"))
    assert waiting(investigator) == ["anc"]
    acknowledge(low, decision=DECISION, version=2, by=investigator)
    corrected(low, safety("anc", "3.2", "10^9/L", lln="1.8"))
    assert waiting(investigator) == []


def test_acknowledging_twice_is_told_plainly(low: Result, investigator: User) -> None:
    acknowledge(low, decision=DECISION, version=1, by=investigator)
    colleague = factories.user(Role.INVESTIGATOR, low.participant.site, username="colleague")
    with pytest.raises(Refused, match="investigator-pku has acknowledged this result already"):
        acknowledge(low, decision=DECISION, version=1, by=colleague)
    assert Acknowledgement.objects.count() == 1


def test_what_waits_for_nobody_is_not_acknowledged(
    participant: Participant, investigator: User
) -> None:
    (result,) = entered(participant, pcr("52000"))
    with pytest.raises(Refused, match="waits for no acknowledgement"):
        acknowledge(result, decision=DECISION, version=1, by=investigator)


def test_an_acknowledgement_says_what_was_decided(low: Result, investigator: User) -> None:
    with pytest.raises(Refused, match="Say what was decided"):
        acknowledge(low, decision="  ", version=1, by=investigator)


def test_a_version_that_was_replaced_is_not_acknowledged(low: Result, investigator: User) -> None:
    corrected(low, safety("anc", "0.64", "10^9/L", lln="1.8"))
    with pytest.raises(StaleRecord):
        acknowledge(low, decision=DECISION, version=1, by=investigator)


def test_a_form_sent_twice_is_saved_once(low: Result, investigator: User) -> None:
    key = uuid4()
    acknowledge(low, decision=DECISION, version=1, by=investigator, key=key)
    with pytest.raises(AlreadyRecorded):
        acknowledge(low, decision=DECISION, version=1, by=investigator, key=key)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_acknowledges(low: Result, staff: dict[Role, User], role: Role) -> None:
    with pytest.raises(PermissionDenied):
        acknowledge(low, decision=DECISION, version=1, by=staff[role])


@pytest.mark.requirement("R11")
def test_another_sites_result_is_not_acknowledged(
    stranger: Participant, investigator: User
) -> None:
    (result,) = entered(stranger, safety("anc", "0.46", "10^9/L"))
    with pytest.raises(PermissionDenied):
        acknowledge(result, decision=DECISION, version=1, by=investigator)


# --- worklist and pages -----------------------------------------------------------------------


def test_the_worklist_shows_it_before_anything_else(low: Result, investigator: User) -> None:
    (row,) = worklist.rows(investigator)
    assert (row.state, str(row.badge), row.url) == ("late", "Grade 4", page_of(low))
    assert row.sort < (dt.date(2020, 1, 1), dt.date(2020, 1, 1), "")
    said = str(row.why).replace("\N{NO-BREAK SPACE}", " ")
    assert said == "CTCAE grade 4; Neutrophils (ANC) 0.46 ×10⁹/L, below 0.5: hold"


def test_the_worklist_is_one_query(
    site: Site, investigator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        entered(
            factories.enrolled(site),
            safety("anc", "0.46", "10^9/L"),
            safety("platelets", "25", "10^9/L", operator="<"),
            safety("alt", "1000", "U/L", operator=">", uln="40"),
        )
    with django_assert_num_queries(1):
        assert len(worklist.rows(investigator)) == 9


def test_the_page_says_why_and_takes_the_decision(login: Login, low: Result) -> None:
    entered(low.participant, safety("anc", "3.2", "10^9/L", lln="1.8"), hours=30)
    client = login(Role.INVESTIGATOR)
    assert page_of(low) in client.get(WORKLIST).content.decode()
    page = client.get(page_of(low)).content.decode().replace("\N{NO-BREAK SPACE}", " ")
    for words in ("0.46", "CTCAE grade 4", "below 0.5: hold", "3.2 ×10⁹/L", "Grade 0"):
        assert words in page
    data = {"entry_key": str(uuid4()), "record_version": "1", "decision": DECISION}
    response = client.post(page_of(low), data, follow=True)
    assert response.redirect_chain[-1][0] == WORKLIST
    assert f"Acknowledged for {low.participant.subject}" in response.content.decode()
    again = client.post(page_of(low), data, follow=True).content.decode()
    assert "This was saved already" in again
    result_page = client.get(reverse("labs:result", args=[low.pk])).content.decode()
    assert DECISION in result_page
    assert "investigator-pku" in result_page
    assert page_of(low) not in result_page


def test_the_result_page_leads_the_investigator_to_it(login: Login, low: Result) -> None:
    url = reverse("labs:result", args=[low.pk])
    assert page_of(low) in login(Role.INVESTIGATOR).get(url).content.decode()
    page = login(Role.LAB).get(url).content.decode()
    assert "Waits for an investigator" in page
    assert page_of(low) not in page


def test_a_decision_is_required_and_what_was_typed_stays(login: Login, low: Result) -> None:
    data = {"entry_key": str(uuid4()), "record_version": "1", "decision": ""}
    page = login(Role.INVESTIGATOR).post(page_of(low), data).content.decode()
    assert 'href="#id_decision"' in page
    assert data["entry_key"] in page
    assert not Acknowledgement.objects.exists()


def test_a_result_that_was_corrected_meanwhile_is_looked_at_anew(login: Login, low: Result) -> None:
    data: dict[str, Any] = {
        "entry_key": str(uuid4()),
        "record_version": "1",
        "decision": DECISION,
    }
    corrected(low, safety("anc", "0.64", "10^9/L", lln="1.8"))
    client = login(Role.INVESTIGATOR)
    response = client.post(page_of(low), data)
    page = response.content.decode()
    assert "Somebody saved this record after you opened it" in page
    assert "0.64" in page
    assert DECISION in page
    version = response.context["form"]["record_version"].value()
    client.post(page_of(low), data | {"record_version": version})
    assert Acknowledgement.objects.get().result_version == 2


def test_what_somebody_acknowledged_is_told_on_the_page(
    login: Login, low: Result, investigator: User
) -> None:
    acknowledge(low, decision=DECISION, version=1, by=investigator)
    client = login(Role.INVESTIGATOR)
    page = client.get(page_of(low)).content.decode()
    assert "waits for no acknowledgement" in page
    assert DECISION in page
    data = {"entry_key": str(uuid4()), "record_version": "1", "decision": "Again"}
    assert (
        "has acknowledged this result already" in client.post(page_of(low), data).content.decode()
    )


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", OTHERS)
def test_the_page_is_the_investigators(login: Login, low: Result, role: Role) -> None:
    assert login(role).get(page_of(low)).status_code == 403
    assert login(role).post(page_of(low), {}).status_code == 403


@pytest.mark.requirement("R11")
def test_another_sites_result_does_not_exist(login: Login, stranger: Participant) -> None:
    (result,) = entered(stranger, safety("anc", "0.46", "10^9/L"))
    client = login(Role.INVESTIGATOR)
    assert client.get(page_of(result)).status_code == 404
    assert client.post(page_of(result), {}).status_code == 404
    assert client.put(page_of(result)).status_code == 405


def test_the_page_asks_the_database_little(
    login: Login, low: Result, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for hours in range(5, 20):
        entered(low.participant, safety("anc", "3.2", "10^9/L", lln="1.8"), hours=hours)
    client = login(Role.INVESTIGATOR)
    with django_assert_max_num_queries(12):
        client.get(page_of(low))
