"""What the database itself holds, whatever the application does."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from enrollment.models import (
    Allocation,
    AllocationSlot,
    Consent,
    Participant,
    Screening,
    Visit,
)
from enrollment.seals import seal, unseal
from enrollment.states import State
from oversight.recording import UnrecordedWrite, recorded
from tests import factories
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db


def refuses(record: Any, by: User, **changes: Any) -> bool:
    """Whether the database refuses the record once it is changed."""
    for name, value in changes.items():
        setattr(record, name, value)
    try:
        with transaction.atomic(), recorded(by=by, reason="Tried"):
            record.save()
    except IntegrityError:
        return True
    return False


def test_a_submission_has_a_time_and_a_person(site: Site, coordinator: User) -> None:
    assert refuses(factories.submitted(site), coordinator, submitted_by=None)
    assert refuses(factories.submitted(site), coordinator, submitted_at=None)


def test_a_draft_has_no_verdict_and_a_verdict_is_no_draft(site: Site, coordinator: User) -> None:
    assert refuses(factories.submitted(site), coordinator, status="draft")
    assert refuses(factories.screening(site), coordinator, status="eligible")


def test_only_an_eligible_screening_is_confirmed(site: Site, coordinator: User) -> None:
    assert refuses(factories.confirmed(site), coordinator, status="blocked")
    assert refuses(factories.confirmed(site), coordinator, confirmed_by=None)


def test_a_participants_state_is_known(site: Site, coordinator: User) -> None:
    assert refuses(factories.enrolled(site), coordinator, state="elsewhere")


def test_withdrawal_needs_a_first_dose(site: Site, coordinator: User) -> None:
    day = clock.today()
    assert refuses(factories.allocated(site), coordinator, withdrawn_on=day)
    assert not refuses(factories.on_treatment(site), coordinator, withdrawn_on=day)


def test_a_visits_window_opens_before_it_closes(site: Site, coordinator: User) -> None:
    visit = factories.on_treatment(site).visits.get(code="D7")
    assert refuses(visit, coordinator, opens=visit.closes + dt.timedelta(days=1))


@pytest.mark.parametrize(
    ("status", "has_day"), [("done", False), ("missed", True), ("planned", True)]
)
def test_a_visit_has_a_day_when_it_was_done_and_only_then(
    site: Site, coordinator: User, status: str, has_day: bool
) -> None:
    visit = factories.on_treatment(site).visits.get(code="D7")
    day = clock.today() if has_day else None
    assert refuses(visit, coordinator, status=status, done_on=day)


@pytest.mark.requirement("R24")
def test_a_slot_is_used_once(site: Site, coordinator: User) -> None:
    taken = factories.allocated(site).allocation
    other = factories.enrolled(site)
    copy = Allocation(
        participant=other,
        slot=taken.slot,
        arm=taken.arm,
        mode=taken.mode,
        allocated_at=clock.now(),
        allocated_by=coordinator,
        eligibility_digest="0" * 64,
        protocol_version="1.0",
    )
    assert refuses(copy, coordinator)


@pytest.mark.requirement("R24")
def test_a_list_has_one_slot_a_place() -> None:
    made = factories.allocation_list()
    with pytest.raises(IntegrityError), transaction.atomic():
        AllocationSlot.objects.create(list=made, sequence=1, sealed_arm="x")


def test_an_allocation_is_written_once(site: Site, coordinator: User) -> None:
    allocation = Allocation.objects.get(participant=factories.allocated(site))
    allocation.arm = "gcv" if allocation.arm != "gcv" else "il2_gcv"
    with pytest.raises(UnrecordedWrite), recorded(by=coordinator, reason="Tried"):
        allocation.save()


def test_constraints_speak_to_people(site: Site) -> None:
    screening = factories.submitted(site)
    screening.submitted_by = None
    with pytest.raises(ValidationError, match="A submission has a time and a person"):
        screening.validate_constraints()


# --- scoping, reading back --------------------------------------------------------------------


@pytest.mark.requirement("R11")
def test_another_sites_records_are_not_visible(site: Site, other_site: Site) -> None:
    mine, theirs = factories.on_treatment(site), factories.on_treatment(other_site)
    reader = factories.user(Role.COORDINATOR, site)
    assert [p.subject for p in Participant.objects.visible_to(reader)] == [mine.subject]
    assert list(Screening.objects.visible_to(reader)) == [mine.screening]
    assert {visit.participant_id for visit in Visit.objects.visible_to(reader)} == {mine.pk}
    both = factories.user(Role.MONITOR, site, other_site, username="monitor-both")
    assert Participant.objects.visible_to(both).count() == 2
    assert theirs in Participant.objects.visible_to(both)


def test_facts_and_verdict_come_back_as_they_were(site: Site) -> None:
    screening = Screening.objects.get(pk=factories.submitted(site).pk)
    assert screening.answers == factories.eligible_facts()
    assert screening.verdict.to_json() == screening.eligibility
    assert screening.verdict.eligible


def test_records_name_themselves_and_their_chain(site: Site, coordinator: User) -> None:
    participant = factories.on_treatment(site)
    visit = participant.visits.get(code="D7")
    assert [str(record) for record in (participant.screening, participant, visit)] == [
        "SCR-001",
        "PKU-001",
        "PKU-001 · D7",
    ]
    assert str(participant.screening.consent) == "SCR-001 · 1.1"
    assert str(participant.allocation) == f"PKU-001 · {participant.arm}"
    assert str(participant.allocation.slot) == "NCT04225780|ALL|v1 #1"
    move = participant.moves.get(after=State.ENROLLED)
    assert str(move) == "PKU-001: Enrolled"
    chain = f"participant:{participant.pk}"
    chained: list[Any] = [participant, participant.allocation, visit, move]
    assert {record.audit_chain for record in chained} == {chain}
    sites = {record.audit_site_id for record in [*chained, participant.screening.consent]}
    assert sites == {site.pk}


def test_the_arm_is_none_before_allocation(site: Site) -> None:
    participant = factories.enrolled(site)
    assert participant.arm is None
    assert not participant.has_ended
    assert Participant(state=State.LOST).has_ended


def test_the_window_includes_its_first_and_last_day() -> None:
    visit = Visit(opens=dt.date(2026, 3, 1), closes=dt.date(2026, 3, 3))
    days = [dt.date(2026, 2, 28), dt.date(2026, 3, 1), dt.date(2026, 3, 3), dt.date(2026, 3, 4)]
    assert [visit.in_window(day) for day in days] == [False, True, True, False]


def test_a_version_is_signed_once_a_screening(site: Site, coordinator: User) -> None:
    screening = factories.screening(site)
    twin = Consent(
        screening=screening,
        form=factories.consent_form(),
        signed_at=clock.now(),
        explained_by="Dr Li",
    )
    assert refuses(twin, coordinator)


def test_a_seal_hides_length_and_comes_back() -> None:
    short, long = seal("1|gcv"), seal("1|il2_gcv")
    assert len(short) == len(long)
    assert short != seal("1|gcv")
    assert (unseal(short), unseal(long)) == ("1|gcv", "1|il2_gcv")
