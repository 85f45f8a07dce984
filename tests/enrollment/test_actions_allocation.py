"""The sealed list and the one transaction that opens its next slot."""

import datetime as dt
import json

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command

from enrollment.actions.allocation import allocate, generate_allocation_list
from enrollment.actions.participation import end_participation
from enrollment.actions.screening import (
    confirm_eligibility,
    save_screening,
)
from enrollment.models import (
    Allocation,
    AllocationList,
    AllocationSlot,
    Participant,
    Screening,
)
from enrollment.rules.allocation_list import commitment
from enrollment.seals import unseal
from enrollment.states import State
from oversight.canonical import digest
from oversight.refusals import Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.enrollment.acting import refusal
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


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
    end_participation(participant, after=State.WITHDREW, why="Changed her mind", by=coordinator)
    assert (
        refusal(lambda: allocate(participant, by=coordinator))
        == "This participant has left the trial"
    )


def test_without_a_list_or_with_a_used_up_one_nobody_is_allocated(
    site: Site, coordinator: User
) -> None:
    participant = factories.enrolled(site)
    said = refusal(lambda: allocate(participant, by=coordinator))
    assert said == "No allocation list has been generated yet"
    made = factories.allocation_list(length=1)
    for _ in range(made.length):
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
        confirm_eligibility(saved, version=saved.version, by=investigator)
        assert allocate(participant, by=coordinator).slot.sequence == 1


def test_after_allocation_the_screening_is_closed(site: Site, coordinator: User) -> None:
    screening = factories.allocated(site).screening
    said = refusal(
        lambda: save_screening(
            screening,
            facts=factories.eligible_facts(malignancy=True),
            version=screening.version,
            by=coordinator,
            reason="Too late",
        )
    )
    assert said == "The patient is allocated; the screening is closed"


def test_a_slot_put_into_anothers_place_is_noticed(site: Site, coordinator: User) -> None:
    factories.allocation_list()
    first, second = AllocationSlot.objects.order_by("sequence")[:2]
    AllocationSlot.objects.filter(pk=first.pk).update(sealed_arm=second.sealed_arm)
    participant = factories.enrolled(site)
    said = refusal(lambda: allocate(participant, by=coordinator))
    assert said == "The allocation list is damaged; tell the sponsor"


# --- R24: nobody reads an unused slot ---------------------------------------------------------


def arms_written_in(text: str) -> set[str]:
    return {arm for arm in current().allocation.arms if f'"{arm}"' in text or f"|{arm}" in text}


@pytest.mark.requirement("R24")
def test_a_new_list_shows_its_hash_and_nothing_else(site: Site) -> None:
    made = factories.allocation_list()
    rows = list(AllocationSlot.objects.values_list("sealed_arm", flat=True))
    assert len(rows) == made.length >= 20
    assert len(set(map(len, rows))) == 1  # the length of a sealed arm tells nothing
    assert len(set(rows)) == made.length
    assert arms_written_in(json.dumps([*rows, made.sealed_file])) == set()
    stored = json.loads(unseal(made.sealed_file))
    assert commitment(stored["csv"]) == made.sha256
    assert stored["seed"] == "TEST-SEED-0001"
    [entry] = AuditEntry.objects.filter(event="allocation_list_generated")
    assert entry.changes == {"label": made.label, "sha256": made.sha256, "length": made.length}


@pytest.mark.requirement("R24")
def test_the_audit_trail_names_an_arm_only_where_it_was_revealed(site: Site) -> None:
    factories.allocation_list()
    factories.enrolled(site)
    before = json.dumps(list(AuditEntry.objects.values_list("changes", flat=True)))
    assert arms_written_in(before) == set()
    participant = factories.allocated(site)
    after = AuditEntry.objects.exclude(chain=participant.audit_chain)
    assert arms_written_in(json.dumps(list(after.values_list("changes", flat=True)))) == set()


@pytest.mark.requirement("R24")
def test_the_list_is_generated_once_by_the_statistician(site: Site, coordinator: User) -> None:
    with pytest.raises(PermissionDenied):
        generate_allocation_list(by=coordinator, length=10)
    made = factories.allocation_list()
    said = refusal(lambda: generate_allocation_list(by=made.generated_by, length=10))
    assert said == "The allocation list exists already"


def test_two_lists_of_one_seed_have_different_hashes(site: Site) -> None:
    """The nonce: ten arms could otherwise be guessed from the published hash."""
    first = factories.allocation_list()
    arms = [unseal(slot.sealed_arm) for slot in first.slots.all()]
    AllocationSlot.objects.all().delete()
    AllocationList.objects.all().delete()
    second = factories.allocation_list()
    assert [unseal(slot.sealed_arm) for slot in second.slots.all()] == arms
    assert first.sha256 != second.sha256


# --- the command -------------------------------------------------------------------------------


@pytest.mark.requirement("R24")
def test_the_command_prints_the_commitment_only(
    staff: dict[Role, User], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("generate_allocation_list", by=staff[Role.STATISTICIAN].username)
    printed = capsys.readouterr().out
    made = AllocationList.objects.get()
    assert made.sha256 in printed
    assert made.length >= 2 * current().identification.enrolment_target
    assert not [arm for arm in current().allocation.arms if arm in printed]


@pytest.mark.parametrize(
    ("by", "length", "said"),
    [
        ("nobody", 10, "There is no account named nobody"),
        ("coordinator-pku", 10, "coordinator-pku is no statistician"),
        ("statistician-pku", 0, "at least one place"),
    ],
)
def test_the_command_refuses_in_words(
    staff: dict[Role, User], by: str, length: int, said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("generate_allocation_list", by=by, length=length)
    assert not AllocationList.objects.exists()


def test_the_command_generates_no_second_list(staff: dict[Role, User]) -> None:
    factories.allocation_list()
    with pytest.raises(CommandError, match="exists already"):
        call_command("generate_allocation_list", by=staff[Role.STATISTICIAN].username)
