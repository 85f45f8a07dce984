"""Vials that people move and count, what they explain and take back."""

import datetime as dt
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from dosing.actions.lots import recall_lot
from dosing.actions.movements import (
    count_lot,
    explain_discrepancy,
    move_vials,
    reverse_entry,
)
from dosing.models import Discrepancy, Lot, Order, StockEntry
from dosing.permissions import EXPLAIN, KEEP_STOCK
from dosing.stock import balances, last_entry
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import NeedsConfirmation, Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.dosing import stocked
from tests.dosing.conftest import at
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
Kind = StockEntry.Kind
Staff = dict[Role, User]


@pytest.fixture
def lot(site: Site) -> Lot:
    return stocked.lot(site, vials=10)


@pytest.fixture
def nurse(site: Site) -> User:
    return stocked.nurse_of(site)


def balance(lot: Lot) -> int:
    return balances([lot])[lot.pk]


def asked(doubt: pytest.ExceptionInfo[NeedsConfirmation]) -> list[str]:
    return [str(message) for _, message in doubt.value.questions]


# --- in and out -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "vials", "left"),
    [(Kind.RECEIVED, 5, 15), (Kind.RETURNED, 2, 12), (Kind.WASTED, 1, 9), (Kind.SENT_BACK, 10, 0)],
)
def test_vials_go_the_way_of_their_kind(lot: Lot, kind: str, vials: int, left: int) -> None:
    entry = stocked.move(lot, kind, vials, at=at(8, 30), why=" Broken ")
    assert (abs(entry.vials), entry.at, entry.why) == (vials, at(8, 30), "Broken")
    assert balance(lot) == left


@pytest.mark.parametrize("kind", [Kind.DISPENSED, Kind.COUNTED, Kind.REVERSED])
def test_other_kinds_are_not_entered_by_hand(lot: Lot, kind: str) -> None:
    with pytest.raises(ValueError, match="by hand"):
        stocked.move(lot, kind, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vials": 0}, "how many vials"),
        ({"vials": -1}, "how many vials"),
        ({"at": at(9, 43)}, "in the future"),
        ({"why": " "}, "why the vials are wasted"),
    ],
)
def test_what_cannot_be_is_refused(
    lot: Lot, nurse: User, changes: dict[str, Any], words: str
) -> None:
    values: dict[str, Any] = {"vials": 1, "at": at(9, 42), "why": "Broken"} | changes
    with pytest.raises(Refused, match=words):
        move_vials(lot, kind=Kind.WASTED, by=nurse, **values)
    assert balance(lot) == 10


@pytest.mark.parametrize(("vials", "is_asked"), [(9, False), (10, False), (11, True)])
@pytest.mark.parametrize("kind", [Kind.WASTED, Kind.SENT_BACK])
def test_more_than_the_ledger_has_is_asked_and_recorded(
    lot: Lot, kind: str, vials: int, is_asked: bool
) -> None:
    if is_asked:
        with pytest.raises(NeedsConfirmation) as doubt:
            stocked.move(lot, kind, vials, confirmed=False)
        assert asked(doubt) == ["Vials of this lot by the ledger: 10."]
        assert balance(lot) == 10
    stocked.move(lot, kind, vials, confirmed=is_asked)
    assert balance(lot) == 10 - vials
    assert Discrepancy.objects.filter(kind="negative", ledger=-1).count() == is_asked


@pytest.mark.parametrize(("vials", "is_asked"), [(1, False), (2, False), (3, True)])
def test_more_back_than_left_is_asked(order: Order, lot: Lot, vials: int, is_asked: bool) -> None:
    stocked.from_lot(order, at(8), lot, vials=2)
    values: dict[str, Any] = {"participant": order.participant, "confirmed": False}
    if is_asked:
        with pytest.raises(NeedsConfirmation) as doubt:
            stocked.move(lot, Kind.RETURNED, vials, **values)
        assert asked(doubt) == ["Vials of this lot out there by the ledger: 2."]
    else:
        entry = stocked.move(lot, Kind.RETURNED, vials, **values)
        assert entry.participant == order.participant


def test_what_was_returned_or_reversed_is_no_longer_out_there(order: Order, lot: Lot) -> None:
    stocked.from_lot(order, at(8), lot, vials=2)
    stocked.move(lot, Kind.RETURNED, 1, participant=order.participant)
    with pytest.raises(NeedsConfirmation) as doubt:
        stocked.move(lot, Kind.RETURNED, 2, confirmed=False)
    assert asked(doubt) == ["Vials of this lot out there by the ledger: 1."]


def test_a_participant_of_another_site_returned_nothing(lot: Lot, other_site: Site) -> None:
    stranger = factories.enrolled(other_site)
    with pytest.raises(Refused, match="another site"):
        stocked.move(lot, Kind.RETURNED, 1, participant=stranger)


def test_receiving_what_is_recalled_or_expired_is_asked(site: Site, staff: Staff) -> None:
    lot = stocked.lot(site, expires_on=dt.date(2026, 3, 17))
    recall_lot(lot, reason="Letter", version=1, by=staff[Role.INVESTIGATOR])
    with pytest.raises(NeedsConfirmation) as doubt:
        stocked.move(lot, Kind.RECEIVED, 1, confirmed=False)
    assert asked(doubt) == [
        "This lot is recalled",
        "The last day of use of this lot has passed",
    ]
    stocked.move(lot, Kind.RETURNED, 1)
    stocked.move(lot, Kind.SENT_BACK, 1, confirmed=False)


def test_one_form_moves_once(lot: Lot) -> None:
    key = uuid4()
    stocked.move(lot, Kind.RECEIVED, 5, key=key)
    with pytest.raises(AlreadyRecorded):
        stocked.move(lot, Kind.RECEIVED, 5, key=key)
    assert balance(lot) == 15


# --- counting ---------------------------------------------------------------------------------


def test_a_count_that_agrees_is_an_entry_of_0(lot: Lot, nurse: User) -> None:
    entry = count_lot(lot, counted=10, by=nurse, confirmed=False)
    assert (entry.kind, entry.vials) == (Kind.COUNTED, 0)
    assert not Discrepancy.objects.exists()


@pytest.mark.parametrize("counted", [0, 9, 11])
def test_a_difference_is_asked_then_an_entry_and_a_discrepancy(
    lot: Lot, nurse: User, counted: int
) -> None:
    with pytest.raises(NeedsConfirmation) as doubt:
        count_lot(lot, counted=counted, by=nurse, confirmed=False)
    assert asked(doubt) == [f"By the ledger 10, counted {counted}."]
    entry = count_lot(lot, counted=counted, by=nurse, why="At the shift")
    found = Discrepancy.objects.get()
    assert (found.entry, found.kind, found.ledger, found.counted) == (entry, "count", 10, counted)
    assert balance(lot) == counted


def test_a_count_above_a_ledger_below_0_is_a_difference(lot: Lot, nurse: User) -> None:
    stocked.move(lot, Kind.WASTED, 12)
    entry = count_lot(lot, counted=0, by=nurse)
    assert (entry.vials, balance(lot)) == (2, 0)
    assert [found.kind for found in lot.discrepancies.all()] == ["negative", "count"]


def test_fewer_than_none_cannot_be_counted(lot: Lot, nurse: User) -> None:
    with pytest.raises(Refused, match="were counted"):
        count_lot(lot, counted=-1, by=nurse)


def test_vials_that_move_during_the_count_are_asked_about(lot: Lot, nurse: User) -> None:
    seen = last_entry(lot)
    assert count_lot(lot, counted=10, by=nurse, seen=seen, confirmed=False).vials == 0
    with pytest.raises(NeedsConfirmation) as doubt:
        count_lot(lot, counted=10, by=nurse, seen=seen, confirmed=False)
    assert asked(doubt) == ["Vials moved since the count began: count again."]


# --- explaining -------------------------------------------------------------------------------


@pytest.fixture
def discrepancy(lot: Lot, nurse: User) -> Discrepancy:
    count_lot(lot, counted=9, by=nurse)
    return Discrepancy.objects.get()


@pytest.mark.parametrize("role", sorted(EXPLAIN.roles))
def test_a_discrepancy_is_explained_by_somebody(
    discrepancy: Discrepancy, staff: Staff, role: Role
) -> None:
    found = explain_discrepancy(
        discrepancy, explanation=" One vial broke ", version=1, by=staff[role]
    )
    assert found.explanation == "One vial broke"
    assert (found.explained_by, found.explained_at) == (staff[role], clock.now())
    entry = AuditEntry.objects.filter(model="dosing.discrepancy").last()
    assert (entry.reason, entry.action) == ("One vial broke", "changed")


def test_it_is_explained_in_words_and_once(discrepancy: Discrepancy, nurse: User) -> None:
    with pytest.raises(Refused, match="Explain the difference"):
        explain_discrepancy(discrepancy, explanation=" ", version=1, by=nurse)
    explain_discrepancy(discrepancy, explanation="Broken", version=1, by=nurse)
    with pytest.raises(StaleRecord):
        explain_discrepancy(discrepancy, explanation="Lost", version=1, by=nurse)
    with pytest.raises(Refused, match="explained already"):
        explain_discrepancy(discrepancy, explanation="Lost", version=2, by=nurse)


# --- taking back ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "vials"),
    [(Kind.RECEIVED, 5), (Kind.RETURNED, 2), (Kind.WASTED, 1), (Kind.SENT_BACK, 3)],
)
def test_a_wrong_entry_is_reversed_by_one_of_its_own(
    lot: Lot, nurse: User, kind: str, vials: int
) -> None:
    entry = stocked.move(lot, kind, vials)
    made = reverse_entry(entry, why=" Wrong lot ", by=nurse)
    assert (made.kind, made.vials, made.reverses, made.why) == (
        Kind.REVERSED,
        -entry.vials,
        entry,
        "Wrong lot",
    )
    assert balance(lot) == 10
    with pytest.raises(Refused, match="reversed already"):
        reverse_entry(entry, why="Again", by=nurse)
    with pytest.raises(Refused, match="reverses another"):
        reverse_entry(made, why="Again", by=nurse)


def test_a_count_that_was_wrong_explains_what_it_found(
    discrepancy: Discrepancy, lot: Lot, nurse: User
) -> None:
    reverse_entry(discrepancy.entry, why="Counted the wrong shelf", by=nurse)
    discrepancy.refresh_from_db()
    assert discrepancy.explanation == "Counted the wrong shelf"
    assert balance(lot) == 10


def test_an_explanation_stays_when_the_entry_is_reversed_later(
    discrepancy: Discrepancy, nurse: User
) -> None:
    explain_discrepancy(discrepancy, explanation="Broken", version=1, by=nurse)
    reverse_entry(discrepancy.entry, why="Counted the wrong shelf", by=nurse)
    discrepancy.refresh_from_db()
    assert discrepancy.explanation == "Broken"


def test_a_count_that_agreed_can_be_reversed(lot: Lot, nurse: User) -> None:
    made = reverse_entry(count_lot(lot, counted=10, by=nurse), why="Not counted", by=nurse)
    assert made.vials == 0


def test_reversing_what_was_received_may_leave_a_ledger_below_0(
    order: Order, lot: Lot, nurse: User
) -> None:
    stocked.from_lot(order, at(8), lot, vials=2)
    reverse_entry(lot.entries.get(kind=Kind.RECEIVED), why="Another lot", by=nurse)
    assert Discrepancy.objects.get().ledger == -2


def test_what_a_dose_took_follows_the_dose(order: Order, lot: Lot, nurse: User) -> None:
    stocked.from_lot(order, at(8), lot)
    with pytest.raises(Refused, match="correct the dose"):
        reverse_entry(lot.entries.get(kind=Kind.DISPENSED), why="Wrong", by=nurse)


def test_reversing_needs_a_reason(lot: Lot, nurse: User) -> None:
    with pytest.raises(ReasonRequired):
        reverse_entry(lot.entries.get(), why=" ", by=nurse)


# --- who ---------------------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE - KEEP_STOCK.roles))
def test_only_the_nurse_keeps_the_stock(
    lot: Lot, discrepancy: Discrepancy, staff: Staff, role: Role
) -> None:
    by = staff[role]
    with pytest.raises(PermissionDenied):
        move_vials(lot, kind=Kind.RECEIVED, vials=1, at=clock.now(), by=by)
    with pytest.raises(PermissionDenied):
        count_lot(lot, counted=1, by=by)
    with pytest.raises(PermissionDenied):
        reverse_entry(lot.entries.first(), why="Wrong", by=by)
    if role not in EXPLAIN.roles:
        with pytest.raises(PermissionDenied):
            explain_discrepancy(discrepancy, explanation="Broken", version=1, by=by)


@pytest.mark.requirement("R11")
def test_to_other_sites_the_lot_does_not_exist(
    lot: Lot, discrepancy: Discrepancy, other_site: Site
) -> None:
    stranger = factories.user(Role.NURSE, other_site)
    with pytest.raises(PermissionDenied):
        move_vials(lot, kind=Kind.RECEIVED, vials=1, at=clock.now(), by=stranger)
    with pytest.raises(PermissionDenied):
        count_lot(lot, counted=1, by=stranger)
    with pytest.raises(PermissionDenied):
        reverse_entry(lot.entries.first(), why="Wrong", by=stranger)
    with pytest.raises(PermissionDenied):
        explain_discrepancy(discrepancy, explanation="Broken", version=1, by=stranger)
