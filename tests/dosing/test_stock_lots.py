"""Lots received, corrected, recalled, and the recall followed up or lifted."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from dosing.actions.lots import (
    correct_lot,
    follow_up_recall,
    lift_recall,
    recall_lot,
    receive_lot,
)
from dosing.models import DrugChoice, Lot
from dosing.permissions import KEEP_STOCK, RECALL
from dosing.stock import balances
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
GANCICLOVIR = DrugChoice.GANCICLOVIR
Staff = dict[Role, User]


@pytest.fixture
def lot(site: Site) -> Lot:
    return stocked.lot(site)


@pytest.fixture
def nurse(site: Site) -> User:
    return stocked.nurse_of(site)


@pytest.fixture
def investigator(staff: Staff) -> User:
    return staff[Role.INVESTIGATOR]


def receive(site: Site, by: User, **changes: Any) -> Lot:
    values: dict[str, Any] = {"drug": GANCICLOVIR, "facts": stocked.facts(), "vials": 20}
    return receive_lot(site, at=clock.now(), by=by, **values | changes)


# --- received ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("drug", "unit"), [("ganciclovir", "mg"), ("il2", "MIU")])
def test_a_lot_is_received_with_its_vials_and_the_unit_of_its_drug(
    site: Site, nurse: User, drug: str, unit: str
) -> None:
    lot = receive(site, nurse, drug=drug, facts=stocked.facts(drug), why="Delivery 7")
    assert (lot.unit, balances([lot])[lot.pk]) == (unit, 20)
    [entry] = lot.entries.all()
    assert (entry.kind, entry.why, entry.by) == ("received", "Delivery 7", nurse)


def test_content_is_kept_digit_for_digit(site: Site, nurse: User) -> None:
    lot = receive(site, nurse, facts=stocked.facts(content=Decimal("500.0")))
    assert str(Lot.objects.get(pk=lot.pk).content) == "500.0"


@pytest.mark.parametrize("number", ["GCV-2601", "gcv-2601", "GCV-2601 "])
def test_the_same_lot_is_not_registered_twice(site: Site, nurse: User, number: str) -> None:
    receive(site, nurse)
    with pytest.raises(Refused, match="registered already"):
        receive(site, nurse, facts=stocked.facts(number=number))
    receive(site, nurse, drug="il2", facts=stocked.facts("il2", number="GCV-2601"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"vials": 0}, "how many vials"),
        ({"facts": stocked.facts(content=Decimal(0))}, "cannot be true"),
        ({"facts": stocked.facts(storage="")}, "cannot be true"),
        ({"at": at(9, 43)}, "in the future"),
    ],
)
def test_what_cannot_be_is_refused(
    site: Site, nurse: User, changes: dict[str, Any], words: str
) -> None:
    values: dict[str, Any] = {"facts": stocked.facts(), "vials": 1, "at": at(9)} | changes
    with pytest.raises(Refused, match=words):
        receive_lot(site, drug=GANCICLOVIR, by=nurse, **values)
    assert not Lot.objects.exists()


@pytest.mark.parametrize(("day", "is_asked"), [(17, True), (18, False), (19, False)])
def test_an_expired_lot_is_asked_about_and_can_be_received(
    site: Site, nurse: User, day: int, is_asked: bool
) -> None:
    facts = stocked.facts(expires_on=dt.date(2026, 3, day))
    if is_asked:
        with pytest.raises(NeedsConfirmation):
            receive(site, nurse, facts=facts, confirmed=False)
    receive(site, nurse, facts=facts, confirmed=is_asked)


def test_one_form_receives_once(site: Site, nurse: User) -> None:
    key = uuid4()
    receive(site, nurse, key=key)
    with pytest.raises(AlreadyRecorded):
        receive(site, nurse, facts=stocked.facts(number="OTHER"), key=key)
    assert Lot.objects.count() == 1


# --- corrected --------------------------------------------------------------------------------


def test_the_label_is_corrected_with_a_reason(lot: Lot, nurse: User) -> None:
    facts = stocked.facts(expires_on=dt.date(2027, 4, 30))
    correct_lot(lot, facts=facts, reason="Misread", version=1, by=nurse)
    lot.refresh_from_db()
    assert (lot.expires_on, lot.version) == (dt.date(2027, 4, 30), 2)
    entry = AuditEntry.objects.filter(model="dosing.lot").last()
    assert entry.changes == {"expires_on": ["2027-03-31", "2027-04-30"]}
    assert entry.reason == "Misread"


def test_a_correction_is_refused_as_elsewhere(lot: Lot, nurse: User, site: Site) -> None:
    stocked.lot(site, number="GCV-2602")
    values: dict[str, Any] = {"reason": "Misread", "version": 1, "by": nurse}
    with pytest.raises(Refused, match="registered already"):
        correct_lot(lot, facts=stocked.facts(number="gcv-2602"), **values)
    with pytest.raises(Refused, match="Nothing differs"):
        correct_lot(lot, facts=stocked.facts(), **values)
    with pytest.raises(Refused, match="cannot be true"):
        correct_lot(lot, facts=stocked.facts(product=""), **values)
    with pytest.raises(ReasonRequired):
        correct_lot(lot, facts=stocked.facts(product="X"), **values | {"reason": " "})
    with pytest.raises(StaleRecord):
        correct_lot(lot, facts=stocked.facts(product="X"), **values | {"version": 7})


def test_capitals_of_its_own_number_can_be_corrected(lot: Lot, nurse: User) -> None:
    facts = stocked.facts(number="gcv-2601")
    found = correct_lot(lot, facts=facts, reason="Misread", version=1, by=nurse)
    assert found.number == "gcv-2601"


# --- recalled ---------------------------------------------------------------------------------


def test_a_recall_says_who_when_and_why(lot: Lot, investigator: User) -> None:
    found = recall_lot(lot, reason=" Particles ", version=1, by=investigator)
    assert (found.recalled_at, found.recalled_by) == (clock.now(), investigator)
    assert found.recall_reason == "Particles"
    with pytest.raises(Refused, match="recalled already"):
        recall_lot(found, reason="Again", version=2, by=investigator)


def test_a_recall_is_followed_up_once_in_words(lot: Lot, investigator: User) -> None:
    with pytest.raises(Refused, match="not recalled"):
        follow_up_recall(lot, follow_up="Called", version=1, by=investigator)
    recall_lot(lot, reason="Particles", version=1, by=investigator)
    with pytest.raises(Refused, match="what was done"):
        follow_up_recall(lot, follow_up=" ", version=2, by=investigator)
    found = follow_up_recall(lot, follow_up="All three seen", version=2, by=investigator)
    assert (found.followed_up_by, found.follow_up) == (investigator, "All three seen")
    with pytest.raises(Refused, match="followed up already"):
        follow_up_recall(lot, follow_up="Again", version=3, by=investigator)


def test_a_recall_by_mistake_is_lifted_and_stays_in_history(lot: Lot, investigator: User) -> None:
    with pytest.raises(Refused, match="not recalled"):
        lift_recall(lot, reason="Wrong lot", version=1, by=investigator)
    recall_lot(lot, reason="Particles", version=1, by=investigator)
    follow_up_recall(lot, follow_up="All seen", version=2, by=investigator)
    found = lift_recall(lot, reason="The letter named another lot", version=3, by=investigator)
    assert (found.recalled_at, found.recall_reason, found.follow_up) == (None, "", "")
    reasons = lot.history.values_list("recall_reason", flat=True)
    assert "Particles" in reasons
    recall_lot(found, reason="Now truly", version=4, by=investigator)


Act = Callable[[Lot, User], Any]
RECALLS: list[Act] = [
    lambda lot, by: recall_lot(lot, reason="Particles", version=lot.version, by=by),
    lambda lot, by: follow_up_recall(lot, follow_up="Seen", version=lot.version, by=by),
    lambda lot, by: lift_recall(lot, reason="Mistake", version=lot.version, by=by),
]


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE - RECALL.roles))
@pytest.mark.parametrize("act", RECALLS)
def test_only_the_investigator_recalls(lot: Lot, staff: Staff, role: Role, act: Act) -> None:
    with pytest.raises(PermissionDenied):
        act(lot, staff[role])


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE - KEEP_STOCK.roles))
def test_only_the_nurse_receives_and_corrects(
    lot: Lot, site: Site, staff: Staff, role: Role
) -> None:
    with pytest.raises(PermissionDenied):
        receive(site, staff[role], facts=stocked.facts(number="OTHER"))
    facts = stocked.facts(product="X")
    with pytest.raises(PermissionDenied):
        correct_lot(lot, facts=facts, reason="Misread", version=1, by=staff[role])


@pytest.mark.requirement("R11")
def test_nobody_acts_on_a_lot_of_another_site(lot: Lot, site: Site, other_site: Site) -> None:
    stranger = factories.user(Role.INVESTIGATOR, other_site)
    for act in RECALLS:
        with pytest.raises(PermissionDenied):
            act(lot, stranger)
    nurse = factories.user(Role.NURSE, other_site)
    with pytest.raises(PermissionDenied):
        receive(site, nurse, facts=stocked.facts(number="OTHER"))
    facts = stocked.facts(product="X")
    with pytest.raises(PermissionDenied):
        correct_lot(lot, facts=facts, reason="Misread", version=1, by=nurse)


@pytest.mark.parametrize("act", RECALLS)
def test_a_stale_page_recalls_nothing(lot: Lot, investigator: User, act: Act) -> None:
    lot.version = 7
    with pytest.raises(StaleRecord):
        act(lot, investigator)


def test_a_recall_needs_a_reason(lot: Lot, investigator: User) -> None:
    with pytest.raises(ReasonRequired):
        recall_lot(lot, reason=" ", version=1, by=investigator)
    with pytest.raises(ReasonRequired):
        lift_recall(lot, reason=" ", version=1, by=investigator)
