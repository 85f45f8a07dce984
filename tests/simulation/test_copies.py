"""Copies are records like any other: chained, numbered, allocated and dosed by the rules."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.test import override_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from dosing.models import Administration, Discrepancy, Lot, StockEntry
from dosing.selectors import planned_slots
from dosing.stock import balances
from enrollment.models import Allocation, AllocationSlot, Participant, Screening, Visit
from enrollment.rules.calendar import plan
from enrollment.seals import unseal
from oversight import verification
from oversight.canonical import digest
from oversight.trail import TRIAL_CHAIN, AuditEntry
from safety.models import DeclinedOffer, Deviation
from simulation.bulk import simulate_in_bulk
from simulation.disease import Fate
from simulation.patterns import undone
from tests.simulation.conftest import AS_OF
from trial_site.protocol import current
from trial_site.protocol.definition import Anchor

pytestmark = pytest.mark.usefixtures("copied")


@pytest.fixture(scope="module")
def copied(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Twelve participants of one fate, of whom one an arm was played.  Made once; only read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("simulation.disease.FATES", (Fate.COMPLETES,))
        with django_db_blocker.unblock(), undone(), override_settings(DEMO=True):
            simulate_in_bulk(participants=12, seed=7, as_of=AS_OF)
            yield


@pytest.mark.requirement("R02")
def test_the_record_of_copies_has_no_findings() -> None:
    assert list(verification.verify()) == []


def test_copies_are_numbered_and_audited_in_the_order_of_time() -> None:
    assert Participant.objects.count() == 13
    subjects = Participant.objects.order_by("enrolled_at", "pk").values_list("subject", flat=True)
    assert list(subjects) == [f"PKU-{number:03}" for number in range(1, 14)]
    times = AuditEntry.objects.filter(chain=TRIAL_CHAIN).order_by("sequence").values_list("at")
    assert list(times) == sorted(times)
    assert max(time for (time,) in times) <= AS_OF


def test_copies_are_allocated_by_the_sealed_list() -> None:
    allocations = Allocation.objects.select_related("participant__screening", "slot")
    given = [(a.slot.sequence, a.arm) for a in allocations.order_by("allocated_at", "pk")]
    sealed = [unseal(slot.sealed_arm).split("|") for slot in AllocationSlot.objects.all()[:12]]
    assert given == [(int(place), arm) for _stratum, place, arm in sealed]
    for allocation in allocations:
        screening: Screening = allocation.participant.screening
        assert allocation.eligibility_digest == digest(screening.eligibility)
        assert screening.verdict.eligible


def test_copies_keep_the_calendar_of_the_protocol() -> None:
    """Months differ in length: a course that was only moved by days would miss its windows."""
    lengths = set()
    for visit in Visit.objects.select_related("participant"):
        rule, person = current().visit(visit.code), visit.participant
        anchor = person.withdrawn_on if rule.anchor is Anchor.WITHDRAWAL else None
        window = plan(rule, anchor or timezone.localdate(person.day0_at))
        assert (visit.target, visit.opens, visit.closes) == (
            window.target,
            window.opens,
            window.closes,
        )
        assert visit.done_on is None or visit.in_window(visit.done_on)
        if rule.offset_months == 1:
            lengths.add((visit.target - anchor).days)
    assert lengths >= {28, 31}


def test_copies_take_their_doses_out_of_the_stock() -> None:
    """One entry a delivered dose, of its own lot; nothing is given that never arrived."""
    delivered = Administration.objects.exclude(status=Administration.Status.NOT_GIVEN)
    entries = StockEntry.objects.filter(kind=StockEntry.Kind.DISPENSED)
    taken = {entry.administration_id: (entry.lot_id, -entry.vials) for entry in entries}
    assert len(taken) == entries.count() == delivered.count()
    assert all(taken[dose.pk] == (dose.lot_id, dose.vials) for dose in delivered)
    assert all(balance > 0 for balance in balances(Lot.objects.all()).values())
    [found] = Discrepancy.objects.all()
    assert found.explanation


def test_what_a_rule_offered_names_the_copys_own_row() -> None:
    found = [*Deviation.objects.exclude(source=""), *DeclinedOffer.objects.all()]
    assert len(found) > 2
    for row in found:
        model, _, number = row.source.rpartition(":")
        assert model.endswith(":administration")
        assert Administration.objects.get(pk=number).participant_id == row.participant_id


def test_copies_are_dosed_at_planned_times() -> None:
    doses = Administration.objects.select_related("order", "participant__allocation")
    for dose in doses:
        assert dose.slot_at in planned_slots(dose.order, timezone.localdate(dose.slot_at))
        assert dose.drug in current().arm(dose.participant.arm).drugs
        assert dose.given_at is None or dt.timedelta() <= dose.given_at - dose.slot_at
