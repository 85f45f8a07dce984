"""Departures read from the record: offered while they hold, gone with their reason."""

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from dosing.actions.doses import correct_dose
from dosing.actions.holds import hold_drug
from dosing.actions.retraction import retract_dose
from dosing.checks import Given
from dosing.models import Administration
from enrollment.actions.participation import end_participation
from enrollment.actions.visits import correct_visit
from enrollment.models import Participant
from enrollment.states import State
from labs.actions import Sample
from labs.actions.receipts import receive_specimen, reject_specimen
from safety.departures import Offer, conduct, page_of
from tests import factories
from tests.safety.conducted import (
    CONTROL_ARM,
    IL2_ARM,
    MG_300,
    accepted,
    corrected_screening,
    day,
    drawn,
    given,
    il2_given,
    kinds,
    moment,
    not_given,
    noted_error,
    offers,
    order_of,
    sources,
    treated,
    visit_done,
)
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
MOST_QUERIES = 15


@pytest.fixture
def coordinator(site: Site) -> User:
    return factories.user(Role.COORDINATOR, site)


def test_nothing_is_offered_where_nothing_happened(site: Site, coordinator: User) -> None:
    factories.allocated(site)
    assert sources(coordinator) == []


# --- doses ---------------------------------------------------------------------------------------


def test_a_dose_of_an_earlier_day_that_nobody_recorded(site: Site, coordinator: User) -> None:
    order = order_of(treated(site, days_ago=2))
    evenings = [moment(2, 20), moment(1, 8), moment(1, 20)]
    expected = [
        f"unrecorded_dose:order:{order.pk}:{at.astimezone(dt.UTC):%Y%m%dT%H%MZ}" for at in evenings
    ]
    assert sources(coordinator) == expected

    given(order, evenings[0])
    assert sources(coordinator) == expected[1:]


def test_a_dose_that_was_taken_back_is_unrecorded_again(site: Site, coordinator: User) -> None:
    order = order_of(treated(site, days_ago=1))
    told = given(order, moment(1, 20))
    assert sources(coordinator) == []
    nurse = factories.user(Role.NURSE, site)
    retract_dose(told, reason="Another participant’s", version=told.version, by=nurse)
    assert kinds(coordinator) == ["unrecorded_dose"]


def test_what_the_investigator_held_is_neither_missed_nor_unrecorded(
    site: Site, coordinator: User
) -> None:
    participant = treated(site, days_ago=1)
    hold = hold_drug(
        participant,
        drug="ganciclovir",
        why="other",
        note="Operation",
        by=factories.user(Role.INVESTIGATOR, site),
    )
    assert hold.held_at > moment(1, 20)
    assert kinds(coordinator) == ["unrecorded_dose"]  # planned before the hold

    not_given(order_of(participant), moment(0), "absent")  # planned before it as well
    assert kinds(coordinator) == ["unrecorded_dose", "missed_dose"]


def test_the_slots_after_the_end_of_a_participation_were_never_due(
    site: Site, coordinator: User
) -> None:
    participant = treated(site, days_ago=1)
    end_participation(participant, after=State.LOST, why="Moved away", by=coordinator)
    assert kinds(coordinator) == ["unrecorded_dose"]  # of yesterday; today is the day of the end


@pytest.mark.parametrize(
    ("why", "found"),
    [("refusal", ["missed_dose"]), ("lab_hold", []), ("stopped", []), ("absent", ["missed_dose"])],
)
def test_a_dose_that_was_not_given(
    site: Site, coordinator: User, why: str, found: list[str]
) -> None:
    not_given(order_of(treated(site)), moment(1, 20), why)
    assert kinds(coordinator) == found


@pytest.mark.parametrize(("amount", "found"), [("330", []), ("331", ["dose_above_order"])])
def test_a_dose_above_its_order(
    site: Site, coordinator: User, amount: str, found: list[str]
) -> None:
    given(order_of(treated(site)), moment(1, 20), amount)
    assert kinds(coordinator) == found


def test_a_corrected_dose_is_offered_no_more(site: Site, coordinator: User) -> None:
    told = given(order_of(treated(site)), moment(1, 20), "400")
    assert kinds(coordinator) == ["dose_above_order"]
    correct_dose(
        told,
        given=Given("given", MG_300, moment(1, 20), late_reason="The ward was moved"),
        reason="A slip of the pen",
        version=told.version,
        by=factories.user(Role.NURSE, site),
    )
    assert kinds(coordinator) == []


@pytest.mark.parametrize(("arm", "found"), [(CONTROL_ARM, ["il2_without_arm"]), (IL2_ARM, [])])
def test_il2_in_an_arm_without_it(
    site: Site, coordinator: User, arm: str, found: list[str]
) -> None:
    participant = treated(site, arm, days_ago=0)
    il2_given(participant)
    assert kinds(coordinator) == found
    if found:
        [offer] = offers(coordinator)
        assert offer.kind.is_certain
        assert (offer.kind.severity, offer.subject) == ("major", participant.subject)
        assert "1\u00a0million IU" in str(offer.found.evidence[0])


# --- visits and samples --------------------------------------------------------------------------


@pytest.fixture
def week(site: Site) -> Participant:
    """Day 11 of the treatment."""
    return treated(site, days_ago=11)


def besides_doses(user: User) -> list[Offer]:
    """What is offered, without the doses of that time, which nobody recorded."""
    return [one for one in offers(user) if one.kind.code != "unrecorded_dose"]


def named(user: User) -> list[str]:
    return [offer.found.source for offer in besides_doses(user)]


def test_a_visit_outside_its_window_and_its_correction(
    week: Participant, coordinator: User
) -> None:
    visit = visit_done(week, "D7", day(2))
    assert named(coordinator) == [f"late_visit:visit:{visit.pk}"]
    [offer] = besides_doses(coordinator)
    assert "1 day late" in str(offer.found.evidence[0])

    correct_visit(
        visit,
        status="done",
        done_on=day(3),
        why="",
        version=visit.version,
        reason="The nurse’s notes say so",
        by=coordinator,
    )
    assert named(coordinator) == []


def test_a_missed_visit(week: Participant, coordinator: User) -> None:
    visit = visit_done(week, "D7", None)
    assert named(coordinator) == [f"missed_visit:visit:{visit.pk}"]


def test_the_sample_of_day_seven(week: Participant, coordinator: User) -> None:
    late = drawn(week, 1)
    assert named(coordinator) == [f"sample_out_of_window:specimen:{late.pk}"]
    [offer] = besides_doses(coordinator)
    assert "2 days late" in str(offer.found.evidence[0])
    assert "Cytokines" in str(offer.found.evidence[0])

    drawn(week, 4)
    assert named(coordinator) == []


def test_a_rejected_sample_is_no_sample(week: Participant, coordinator: User) -> None:
    lab = factories.user(Role.LAB, week.site)
    late = receive_specimen(week, sample=Sample("serum", moment(1, 6), visit="D7"), by=lab)
    assert named(coordinator) == [f"sample_out_of_window:specimen:{late.pk}"]
    reject_specimen(late, why="Clotted", version=late.version, by=lab)
    assert named(coordinator) == []


@pytest.mark.parametrize(
    ("days_ago", "is_found"), [(13, True), (12, False), (11, False), (10, True)]
)
def test_the_baseline_is_drawn_from_the_allocation_to_the_day_of_the_first_dose(
    site: Site, coordinator: User, days_ago: int, is_found: bool
) -> None:
    with time_machine.travel(moment(12)):
        participant = factories.allocated(site, IL2_ARM)
    given(factories.order(participant, starts_at=moment(11)), moment(11))
    drawn(participant, days_ago, visit="D0")
    assert bool(named(coordinator)) == is_found


# --- allocation ----------------------------------------------------------------------------------


def test_a_screening_that_reads_otherwise_now(site: Site, coordinator: User) -> None:
    participant = factories.allocated(site)
    corrected_screening(participant, "Letter of the oncologist", malignancy=True)
    [offer] = offers(coordinator)
    assert offer.found.source == f"eligibility_violated:screening:{participant.screening_id}"
    assert offer.kind.is_certain
    assert any("E5" in str(message) for message in offer.found.evidence)

    corrected_screening(participant, "Another patient’s letter", malignancy=False)
    assert sources(coordinator) == []


def test_what_is_unknown_now_is_not_eligible(site: Site, coordinator: User) -> None:
    participant = factories.allocated(site)
    corrected_screening(participant, "The answer was another patient’s", malignancy=None)
    [offer] = offers(coordinator)
    assert any("E5" in str(said) and "unknown" in str(said) for said in offer.found.evidence)


def test_nobody_is_violated_before_an_allocation(site: Site, coordinator: User) -> None:
    participant = factories.enrolled(site)
    corrected_screening(participant, "Letter of the oncologist", malignancy=True)
    assert sources(coordinator) == []


def test_an_allocation_noted_as_in_error(site: Site, coordinator: User) -> None:
    noted = noted_error(factories.allocated(site))
    [offer] = offers(coordinator)
    assert offer.found.source == f"allocated_in_error:allocationerror:{noted.pk}"
    assert "Wrong envelope" in str(offer.found.evidence[0])


# --- who sees what -------------------------------------------------------------------------------


def test_another_sites_departures_do_not_exist(site: Site, other_site: Site) -> None:
    treated(other_site, days_ago=1)
    assert sources(factories.user(Role.COORDINATOR, site)) == []
    assert kinds(factories.user(Role.COORDINATOR, other_site)) == ["unrecorded_dose"]


def test_what_is_recorded_waits_no_more_and_still_holds(site: Site, coordinator: User) -> None:
    participant = treated(site, days_ago=1)
    deviation = accepted(participant, "unrecorded_dose")
    seen = conduct(coordinator)
    assert seen.offers == ()
    assert seen.still_holds(deviation)

    given(order_of(participant), moment(1, 20))
    assert not conduct(coordinator).still_holds(deviation)


@pytest.mark.parametrize(
    ("source", "role", "page"),
    [
        ("late_visit:visit:1", Role.COORDINATOR, "/participants/PKU-001/visits/"),
        ("late_visit:visit:1", Role.LAB, ""),
        ("sample_out_of_window:specimen:7", Role.MONITOR, "/labs/specimens/7/"),
        ("eligibility_violated:screening:3", Role.MONITOR, "/screening/SCR-001/"),
        ("eligibility_violated:screening:3", Role.NURSE, ""),
        ("allocated_in_error:allocationerror:3", Role.NURSE, "/participants/PKU-001/receipt/"),
        ("missed_dose:administration:3", Role.NURSE, "/dosing/?date=2026-03-17#PKU-001"),
        ("unrecorded_dose:order:3:20260317T0000Z", Role.LAB, ""),
    ],
)
def test_the_row_of_a_source_has_a_page(site: Site, source: str, role: Role, page: str) -> None:
    user = factories.user(role, site)
    assert page_of(source, "PKU-001", "SCR-001", dt.date(2026, 3, 17), user) == page


def test_sixty_participants_in_a_handful_of_queries(site: Site, coordinator: User) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            conduct(coordinator)
        return len(captured)

    made = treated(site, days_ago=1)
    visit_done(made, "D0", day(1))
    corrected_screening(factories.allocated(site), "Letter", malignancy=True)
    noted_error(factories.allocated(site))
    few = queries()
    for _ in range(5):
        treated(site, days_ago=1)
        noted_error(factories.allocated(site))
        corrected_screening(factories.allocated(site), "Letter", malignancy=True)
    assert queries() == few
    assert few <= MOST_QUERIES
    assert Administration.objects.count() == 6


def test_words_are_stored_as_they_stand_in_the_source_whatever_the_recorder_reads(
    site: Site,
) -> None:
    participant = treated(site)
    with translation.override("zh-hans"):
        not_given(order_of(participant), moment(1, 20), "absent")
        made = accepted(participant, "missed_dose")
    [said] = made.evidence
    assert said["params"]["why"]["text"] == "Participant absent"
    assert said["params"]["drug"]["text"] == "Ganciclovir"
