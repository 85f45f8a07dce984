"""What a dose takes out of the stock and puts back, and the ledger that is only ever added to."""

import datetime as dt
import random

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError

from dosing.actions.ledger import dispense, enter, locked_lot, settle, take_back
from dosing.models import Administration, Discrepancy, Lot, Order, StockEntry
from dosing.stock import balances
from enrollment.models import Participant
from oversight import verification
from oversight.recording import ReasonRequired, UnrecordedWrite, recorded
from oversight.records import StaleRecord
from oversight.trail import AuditEntry
from tests import factories
from tests.dosing import stocked
from tests.dosing.conftest import at
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db
Kind = StockEntry.Kind


@pytest.fixture
def lot(site: Site) -> Lot:
    return stocked.lot(site, vials=3)


@pytest.fixture
def other_lot(site: Site) -> Lot:
    return stocked.lot(site, number="GCV-2602", vials=3)


@pytest.fixture
def nurse(site: Site) -> User:
    return stocked.nurse_of(site)


def balance(lot: Lot) -> int:
    return balances([lot])[lot.pk]


def kinds(lot: Lot) -> list[tuple[str, int]]:
    return list(lot.entries.order_by("pk").values_list("kind", "vials"))


def move_to(dose: Administration, nurse: User, **changes: object) -> None:
    """Correct the lot of a dose, as the bedside does."""
    with recorded(by=nurse, reason="Wrong box"):
        for name, value in changes.items():
            setattr(dose, name, value)
        dose.save()
        settle(dose, by=nurse, why="Wrong box")


# --- what a dose takes ------------------------------------------------------------------------


def test_a_dose_takes_its_vials_at_the_time_it_was_given(order: Order, lot: Lot) -> None:
    dose = stocked.from_lot(order, at(8), lot, vials=2)
    entry = lot.entries.get(kind=Kind.DISPENSED)
    assert (entry.vials, entry.at, entry.administration) == (-2, dose.given_at, dose)
    assert entry.participant == dose.participant
    assert balance(lot) == 1
    assert not Discrepancy.objects.exists()


@pytest.mark.parametrize("vials", [None, 0])
def test_a_dose_without_vials_takes_nothing(
    order: Order, lot: Lot, nurse: User, vials: int | None
) -> None:
    dose = factories.dose(order, at(8))
    dose.lot, dose.vials = lot, vials
    with recorded(by=nurse):
        assert dispense(dose, by=nurse) is None
    assert balance(lot) == 3


def test_a_dose_of_a_lot_that_is_not_in_stock_takes_nothing(order: Order, nurse: User) -> None:
    dose = factories.dose(order, at(8))
    dose.vials = 1
    with recorded(by=nurse):
        assert dispense(dose, by=nurse) is None
    assert not StockEntry.objects.exists()


def test_what_a_dose_takes_is_in_the_chain_of_its_participant(order: Order, lot: Lot) -> None:
    dose = stocked.from_lot(order, at(8), lot)
    chain = AuditEntry.objects.filter(chain=dose.participant.audit_chain)
    assert chain.filter(model="dosing.stockentry").count() == 1
    assert not list(verification.verify())


# --- what is put back -------------------------------------------------------------------------


def test_what_a_dose_took_is_put_back_once(order: Order, lot: Lot, nurse: User) -> None:
    dose = stocked.from_lot(order, at(8), lot, vials=2)
    for expected in (1, 0):
        with recorded(by=nurse):
            assert len(take_back(dose, by=nurse, why="Given to nobody")) == expected
    assert kinds(lot) == [("received", 3), ("dispensed", -2), ("reversed", 2)]
    assert lot.entries.last().why == "Given to nobody"


def test_taking_back_needs_a_reason(order: Order, lot: Lot, nurse: User) -> None:
    dose = stocked.from_lot(order, at(8), lot)
    with pytest.raises(ReasonRequired), recorded(by=nurse):
        take_back(dose, by=nurse, why=" ")
    assert balance(lot) == 2


def test_a_dose_that_takes_nothing_has_nothing_to_put_back(order: Order, nurse: User) -> None:
    dose = factories.dose(order, at(8))
    with recorded(by=nurse):
        assert take_back(dose, by=nurse, why="Nothing") == []


# --- the ledger follows the dose --------------------------------------------------------------


def test_the_lot_of_a_dose_is_corrected(
    order: Order, lot: Lot, other_lot: Lot, nurse: User
) -> None:
    dose = stocked.from_lot(order, at(8), lot)
    move_to(dose, nurse, lot=other_lot, vials=2)
    assert kinds(lot) == [("received", 3), ("dispensed", -1), ("reversed", 1)]
    assert kinds(other_lot) == [("received", 3), ("dispensed", -2)]


def test_a_correction_of_something_else_leaves_the_ledger_alone(
    order: Order, lot: Lot, nurse: User
) -> None:
    dose = stocked.from_lot(order, at(8), lot)
    move_to(dose, nurse, note="Flushed with saline")
    assert kinds(lot) == [("received", 3), ("dispensed", -1)]


@pytest.mark.parametrize(
    "changes",
    [
        {"lot": None},
        {"vials": None},
        {"retracted_at": at(9)},
        {"status": "not_given", "given_at": None, "amount": 0, "why": "absent"},
    ],
)
def test_a_dose_that_took_nothing_after_all_puts_everything_back(
    order: Order, lot: Lot, nurse: User, changes: dict[str, object]
) -> None:
    dose = stocked.from_lot(order, at(8), lot)
    if "retracted_at" in changes:
        changes = changes | {"retracted_by": nurse}
    move_to(dose, nurse, **changes)
    assert balance(lot) == 3
    move_to(dose, nurse, note="Again")
    assert len(kinds(lot)) == 3


def test_a_dose_corrected_twice_takes_what_it_says_last(
    order: Order, lot: Lot, other_lot: Lot, nurse: User
) -> None:
    dose = stocked.from_lot(order, at(8), lot)
    move_to(dose, nurse, lot=other_lot)
    move_to(dose, nurse, lot=lot, vials=3)
    assert (balance(lot), balance(other_lot)) == (0, 3)


# --- below 0 ----------------------------------------------------------------------------------


def test_a_ledger_below_0_leaves_one_discrepancy_until_it_is_explained(
    participant: Participant, lot: Lot, nurse: User
) -> None:
    order = factories.order(participant, starts_at=at(8, day=16))
    for slot, vials in ((at(8, day=16), 3), (at(20, day=16), 1), (at(8, day=17), 1)):
        stocked.from_lot(order, slot, lot, vials=vials)
    found = Discrepancy.objects.get()
    assert (found.kind, found.ledger, found.counted, found.found_by) == (
        Discrepancy.Kind.NEGATIVE,
        -1,
        None,
        nurse,
    )
    assert found.entry.administration.slot_at == at(20, day=16)
    with recorded(by=nurse, reason="Explained"):
        found.explanation, found.explained_at, found.explained_by = "Late", at(9), nurse
        found.save()
    stocked.from_lot(order, at(20, day=17), lot)
    assert Discrepancy.objects.filter(explained_at=None).get().ledger == -3


def test_vials_that_come_in_below_0_leave_none(lot: Lot, nurse: User) -> None:
    with recorded(by=nurse):
        enter(lot, Kind.WASTED, -5, by=nurse, why="Broken")
        enter(lot, Kind.RECEIVED, 1, by=nurse)
    assert Discrepancy.objects.get().entry.kind == Kind.WASTED


def test_whatever_happens_the_ledger_balances_and_is_never_below_0_in_silence(
    participant: Participant, site: Site, nurse: User
) -> None:
    """A month of doses, corrections and retractions in a random order."""
    dice = random.Random(20260318)  # noqa: S311 - a fixed run of chances, no secret
    lots = [stocked.lot(site, number=f"L{number}", vials=4) for number in range(3)]
    order = factories.order(participant, starts_at=at(8, day=4))
    slots = [at(8, day=4) + dt.timedelta(hours=12 * number) for number in range(28)]
    doses = [stocked.from_lot(order, slot, dice.choice(lots)) for slot in slots]
    for _ in range(40):
        dose = dice.choice(doses)
        change = dice.choice(["lot", "vials", "note"])
        values = {"lot": dice.choice([*lots, None]), "vials": dice.choice([1, 2, None])}
        move_to(dose, nurse, **{change: values.get(change, "Noted")})
    for lot in lots:
        used = Administration.objects.filter(lot=lot, vials__isnull=False)
        expected = 4 - sum(used.values_list("vials", flat=True))
        assert balance(lot) == expected
        if expected < 0:
            assert lot.discrepancies.filter(explained_at=None).exists()
    assert not list(verification.verify())


# --- the record -------------------------------------------------------------------------------


@pytest.mark.requirement("R04")
def test_an_entry_is_written_once(lot: Lot, nurse: User) -> None:
    entry = lot.entries.get()
    entry.vials = 30
    with pytest.raises(UnrecordedWrite), recorded(by=nurse, reason="Typed wrongly"):
        entry.save()
    with pytest.raises(UnrecordedWrite):
        entry.delete()


@pytest.mark.parametrize(
    ("kind", "vials"),
    [
        (Kind.RECEIVED, 0),
        (Kind.RECEIVED, -1),
        (Kind.RETURNED, -1),
        (Kind.WASTED, 1),
        (Kind.SENT_BACK, 1),
        (Kind.DISPENSED, 1),
        (Kind.DISPENSED, -1),
        (Kind.REVERSED, 1),
    ],
)
def test_the_database_refuses_what_goes_the_wrong_way_or_belongs_to_nothing(
    lot: Lot, nurse: User, kind: str, vials: int
) -> None:
    with pytest.raises(IntegrityError), recorded(by=nurse):
        enter(lot, kind, vials, by=nurse)


def test_an_entry_is_reversed_once_in_the_database_too(lot: Lot, nurse: User) -> None:
    entry = lot.entries.get()
    with recorded(by=nurse):
        enter(lot, Kind.REVERSED, -3, by=nurse, reverses=entry)
    with pytest.raises(IntegrityError), recorded(by=nurse):
        enter(lot, Kind.REVERSED, -3, by=nurse, reverses=entry)


def test_the_messages_of_the_constraints_are_for_people(lot: Lot) -> None:
    lot.recalled_at = at(9)
    with pytest.raises(ValidationError, match="Say why the lot is recalled"):
        lot.validate_constraints()


def test_a_lot_is_locked_by_its_own_site_and_at_its_version(
    lot: Lot, nurse: User, other_site: Site
) -> None:
    with recorded(by=nurse):
        assert locked_lot(lot, by=nurse, version=1) == lot
        with pytest.raises(StaleRecord):
            locked_lot(lot, by=nurse, version=0)
    stranger = factories.user(Role.NURSE, other_site)
    with pytest.raises(PermissionDenied), recorded(by=stranger):
        locked_lot(lot, by=stranger)
