"""The sealed list and the one transaction that opens its next slot."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from enrollment.actions.allocation import allocate, assign, note_allocation_error
from enrollment.actions.allocation_lists import (
    close_allocation,
    import_allocation_lists,
    plan_allocation,
)
from enrollment.actions.participation import end_participation
from enrollment.actions.screening import confirm_eligibility, save_screening
from enrollment.facts import Operator
from enrollment.models import Allocation, AllocationSlot, Participant, Screening
from enrollment.states import State
from oversight.canonical import digest
from oversight.recording import UnrecordedWrite, recorded
from oversight.refusals import Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.enrollment.acting import refusal
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


def list_file(*arms: str) -> bytes:
    lines = [f"{place},{arm}" for place, arm in enumerate(arms, start=1)]
    return "\n".join(["position,arm", *lines]).encode()


@pytest.fixture
def short_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """A protocol that takes a list of two places."""
    rule = replace(current().allocation, shortest_list=1)
    short = replace(current(), allocation=rule)
    monkeypatch.setattr("enrollment.actions.allocation_lists.current", lambda: short)


@pytest.fixture
def statistician(staff: dict[Role, User]) -> User:
    return staff[Role.STATISTICIAN]


@pytest.mark.requirement("R10")
def test_allocation_writes_a_receipt_that_binds_the_verdict(site: Site, coordinator: User) -> None:
    made = factories.allocation_list()
    participant = factories.enrolled(site)
    receipt = allocate(participant, by=coordinator)
    assert receipt.slot.sequence == 1
    assert receipt.arm == "il2_gcv"
    assert receipt.allocated_by == coordinator
    assert receipt.slot.list == made
    verdict = participant.screening.verdict
    assert receipt.eligibility_digest == digest(verdict.to_json())
    assert Participant.objects.get(pk=participant.pk).state == State.ALLOCATED


def test_slots_are_used_in_their_order(site: Site) -> None:
    """DOMAIN 11: seed TEST-SEED-0001, sizes 4 and 6, N 20 opens A B B A B A B A."""
    arm_of = {"A": "il2_gcv", "B": "gcv"}
    arms = [factories.allocated(site).arm for _ in range(8)]
    assert arms == [arm_of[letter] for letter in "ABBABABA"]
    used = Allocation.objects.order_by("pk").values_list("slot__sequence", flat=True)
    assert list(used) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_second_allocation_is_refused_and_changes_nothing(site: Site, coordinator: User) -> None:
    participant = factories.allocated(site)
    said = refusal(lambda: allocate(participant, by=coordinator))
    assert said == "This participant is allocated already"
    assert Allocation.objects.count() == 1


def test_who_has_left_is_not_allocated(site: Site, coordinator: User) -> None:
    factories.allocation_list()
    participant = factories.enrolled(site)
    end_participation(participant, after=State.LOST, why="Moved away", by=coordinator)
    assert (
        refusal(lambda: allocate(participant, by=coordinator))
        == "This participant has left the trial"
    )


def test_without_a_list_or_with_a_used_up_one_nobody_is_allocated(
    site: Site, coordinator: User, short_lists: None
) -> None:
    participant = factories.enrolled(site)
    said = refusal(lambda: allocate(participant, by=coordinator))
    assert said == "No allocation list has been generated yet"
    statistician = factories.user(Role.STATISTICIAN, username="statistician-list")
    import_allocation_lists(file=list_file("gcv", "il2_gcv"), by=statistician, confirmed=True)
    for _ in range(2):
        factories.allocated(site)
    said = refusal(lambda: allocate(participant, by=coordinator))
    assert said == "Every slot of the allocation list is used"


@pytest.mark.requirement("R10")
@pytest.mark.parametrize(
    ("days", "reason"),
    [
        (1, "the corticosteroid doses from {screened} on: go through the screening again"),
        (7, "a value at most 7 d old (this one is 8 d old)"),
    ],
)
def test_answers_expire_before_allocation_and_can_be_given_again(
    site: Site, coordinator: User, investigator: User, days: int, reason: str
) -> None:
    """Doses since the screening are unknown the next day; CMV-DNA of the day before it lasts 7."""
    screened = clock.today()
    factories.allocation_list()
    participant = factories.enrolled(site)
    with time_machine.travel(clock.now() + dt.timedelta(days=days)):
        with pytest.raises(Refused) as refused:
            allocate(participant, by=coordinator)
        assert "As of today the screening no longer shows eligibility" in str(refused.value)
        assert reason.format(screened=screened) in map(str, refused.value.reasons)

        screening = Screening.objects.get(participant=participant)
        saved = save_screening(
            screening,
            facts=factories.eligible_facts(),
            version=screening.version,
            by=coordinator,
            reason="New samples",
        )
        said = refusal(lambda: allocate(participant, by=coordinator))
        assert said == "The investigator has not confirmed eligibility"
        confirm_eligibility(
            saved,
            version=saved.version,
            signature=factories.signature(investigator),
            by=investigator,
        )
        assert allocate(participant, by=coordinator).slot.sequence == 1


@pytest.mark.parametrize("garbage", ["", "not sealed at all"])
def test_a_slot_that_was_altered_or_put_into_anothers_place_is_noticed(
    site: Site, coordinator: User, garbage: str
) -> None:
    factories.allocation_list()
    first, second = AllocationSlot.objects.order_by("sequence")[:2]
    AllocationSlot.objects.filter(pk=first.pk).update(sealed_arm=garbage or second.sealed_arm)
    participant = factories.enrolled(site)
    said = refusal(lambda: allocate(participant, by=coordinator))
    assert said == "The allocation list is damaged; tell the sponsor"


def test_after_closing_nobody_is_allocated(
    site: Site, coordinator: User, investigator: User, statistician: User
) -> None:
    factories.allocation_list()
    participant = factories.enrolled(site)
    close_allocation(reason="Target reached", by=statistician, confirmed=True)
    closed = "Allocation is closed: nobody is allocated any more"
    assert refusal(lambda: allocate(participant, by=coordinator)) == closed
    assert refusal(lambda: assign(participant, arm="gcv", reason="Wish", by=investigator)) == closed


# --- strata ------------------------------------------------------------------------------------


def stratified(statistician: User, factor: str) -> None:
    plan_allocation(mode="randomised", factor=factor, reason="Agreed", by=statistician)
    factories.allocation_list()


@pytest.mark.parametrize(
    ("copies", "stratum"), [("10000", "CMV-LOW"), ("10000.01", "CMV-HIGH"), ("52000", "CMV-HIGH")]
)
def test_each_stratum_uses_the_first_place_of_its_own_list(
    site: Site, coordinator: User, statistician: User, copies: str, stratum: str
) -> None:
    stratified(statistician, "cmv_dna")
    facts = factories.eligible_facts()
    assert facts.cmv
    load = replace(facts.cmv, value=Decimal(copies))
    participant = factories.enrolled(site, replace(facts, cmv=load))
    slot = allocate(participant, by=coordinator).slot
    assert (slot.list.stratum, slot.list.label, slot.sequence) == (
        stratum,
        f"NCT04225780|{stratum}|v1",
        1,
    )


def test_an_unknown_stratum_is_refused_saying_what_is_needed(
    site: Site, coordinator: User, statistician: User
) -> None:
    """Above 5,000 is enough to be eligible and not enough to know the stratum at 10,000."""
    stratified(statistician, "cmv_dna")
    facts = factories.eligible_facts()
    assert facts.cmv
    load = replace(facts.cmv, operator=Operator.ABOVE, value=Decimal("5000"))
    participant = factories.enrolled(site, replace(facts, cmv=load))
    assert refusal(lambda: allocate(participant, by=coordinator)) == (
        "The stratum by Baseline CMV-DNA is unknown: it needs a result that can be told apart "
        "from 10,000 copies/mL"
    )


# --- assigned ----------------------------------------------------------------------------------


@pytest.fixture
def assigned(statistician: User) -> None:
    plan_allocation(mode="assigned", factor="", reason="The registry says so", by=statistician)


@pytest.mark.requirement("R10")
def test_the_investigator_assigns_an_arm_with_a_reason(
    site: Site, investigator: User, assigned: None
) -> None:
    participant = factories.enrolled(site)
    receipt = assign(participant, arm="gcv", reason=" Thrombocytopenia ", by=investigator)
    assert (receipt.arm, receipt.mode, receipt.reason) == ("gcv", "assigned", "Thrombocytopenia")
    assert receipt.slot is None
    assert receipt.eligibility_digest == digest(participant.screening.verdict.to_json())
    assert Participant.objects.get(pk=participant.pk).state == State.ALLOCATED
    again = refusal(lambda: assign(participant, arm="gcv", reason="Twice", by=investigator))
    assert again == "This participant is allocated already"


def test_each_mode_refuses_the_other_modes_way(
    site: Site, coordinator: User, investigator: User, statistician: User
) -> None:
    factories.allocation_list()
    participant = factories.enrolled(site)
    said = refusal(lambda: assign(participant, arm="gcv", reason="Wish", by=investigator))
    assert said == "In this trial the sealed list decides; nobody chooses an arm"
    plan_allocation(mode="assigned", factor="", reason="Changed", by=statistician)
    said = refusal(lambda: allocate(participant, by=coordinator))
    assert said == "In this trial the investigator assigns the arm, with a reason"
    assert not Allocation.objects.exists()


@pytest.mark.parametrize(
    ("arm", "reason", "said"),
    [
        ("placebo", "Wish", "Choose one of the arms"),
        ("gcv", "  ", "Say why this arm"),
    ],
)
def test_an_assignment_needs_an_arm_and_a_reason(
    site: Site, investigator: User, assigned: None, arm: str, reason: str, said: str
) -> None:
    participant = factories.enrolled(site)
    assert refusal(lambda: assign(participant, arm=arm, reason=reason, by=investigator)) == said


@pytest.mark.requirement("R10")
def test_an_assignment_passes_the_same_gates(
    site: Site, other_site: Site, coordinator: User, investigator: User, assigned: None
) -> None:
    participant = factories.enrolled(site)
    with pytest.raises(PermissionDenied):
        assign(participant, arm="gcv", reason="Wish", by=coordinator)
    elsewhere = factories.user(Role.INVESTIGATOR, other_site)
    with pytest.raises(PermissionDenied):
        assign(participant, arm="gcv", reason="Wish", by=elsewhere)
    with time_machine.travel(clock.now() + dt.timedelta(days=1)):
        said = refusal(lambda: assign(participant, arm="gcv", reason="Wish", by=investigator))
    assert said == "As of today the screening no longer shows eligibility"
    assert not Allocation.objects.exists()


# --- allocated in error ------------------------------------------------------------------------


def test_an_allocation_in_error_is_noted_and_stands(site: Site, investigator: User) -> None:
    participant = factories.allocated(site)
    note = note_allocation_error(participant, what="Wrong patient", by=investigator)
    assert (note.noted_by, note.what) == (investigator, "Wrong patient")
    assert AuditEntry.objects.filter(model="enrollment.allocationerror").count() == 1
    found = Participant.objects.get(pk=participant.pk)
    assert found.allocated_in_error
    assert (found.arm, found.state) == (participant.arm, State.ALLOCATED)
    assert factories.allocated(site).allocation.slot.sequence == 2  # its slot is not used again
    note.what = "Nothing"
    with recorded(by=investigator, reason="Softer"), pytest.raises(UnrecordedWrite):
        note.save()


def test_an_error_is_noted_once_after_allocation_in_words(
    site: Site, coordinator: User, statistician: User
) -> None:
    waiting = factories.enrolled(site)
    said = refusal(lambda: note_allocation_error(waiting, what="Wrong", by=coordinator))
    assert said == "This participant is not allocated"
    participant = factories.allocated(site)
    said = refusal(lambda: note_allocation_error(participant, what=" ", by=coordinator))
    assert said == "Say what was wrong"
    note_allocation_error(participant, what="Wrong", by=coordinator)
    said = refusal(lambda: note_allocation_error(participant, what="Wrong", by=coordinator))
    assert said == "The error is noted already"
    with pytest.raises(PermissionDenied):
        note_allocation_error(participant, what="Wrong", by=statistician)
