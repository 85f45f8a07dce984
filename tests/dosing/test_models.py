"""What the database itself refuses, whoever writes."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from dosing.models import Administration, DrugChoice, Order
from enrollment.models import Participant
from oversight.recording import UnrecordedWrite, recorded
from tests import factories
from tests.dosing.conftest import at
from trial_site.models import Site, User
from trial_site.roles import Role

Staff = dict[Role, User]


@pytest.fixture
def nurse(staff: Staff) -> User:
    return staff[Role.NURSE]


def unsaved(order: Order, **changes: Any) -> Administration:
    values = {
        "participant": order.participant,
        "order": order,
        "drug": order.drug,
        "slot_at": at(8),
        "status": "given",
        "amount": Decimal("300"),
        "unit": "mg",
        "given_at": at(8, 6),
    }
    return Administration(**(values | changes))


@pytest.mark.requirement("R10")
def test_one_administration_a_slot(order: Order, nurse: User) -> None:
    factories.dose(order, at(8))
    with pytest.raises(IntegrityError), recorded(by=nurse):
        unsaved(order).save()


@pytest.mark.parametrize(
    "changes",
    [
        {"given_at": None},
        {"status": "not_given", "why": "absent"},
        {"status": "partial", "why": ""},
        {"status": "not_given", "given_at": None, "why": ""},
    ],
)
def test_a_dose_has_a_time_and_less_than_the_whole_a_reason(
    order: Order, nurse: User, changes: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), recorded(by=nurse):
        unsaved(order, **changes).save()


def test_the_messages_of_the_constraints_are_for_people(order: Order) -> None:
    with pytest.raises(ValidationError, match="A dose that was given has a time"):
        unsaved(order, given_at=None).validate_constraints()
    with pytest.raises(ValidationError, match="Say why the dose was not given in full"):
        unsaved(order, status="partial").validate_constraints()


def test_one_open_order_a_drug(order: Order, staff: Staff) -> None:
    second = Order(
        participant=order.participant,
        drug=DrugChoice.GANCICLOVIR,
        amount=Decimal("150"),
        unit="mg",
        frequency="q12h",
        starts_at=at(20),
        ordered_at=at(9),
        ordered_by=staff[Role.INVESTIGATOR],
    )
    with pytest.raises(IntegrityError), recorded(by=staff[Role.INVESTIGATOR]):
        second.save()


@pytest.mark.parametrize(("ends_at", "is_refused"), [(at(7, 59), True), (at(8), False)])
def test_an_order_ends_after_it_starts(
    order: Order, staff: Staff, ends_at: dt.datetime, is_refused: bool
) -> None:
    order.ends_at, order.ended_as = ends_at, "stopped"
    if is_refused:
        with pytest.raises(IntegrityError), recorded(by=staff[Role.INVESTIGATOR], reason="Stop"):
            order.save()
    else:
        with recorded(by=staff[Role.INVESTIGATOR], reason="Stop"):
            order.save()
    assert (Order.objects.get().ends_at is None) is is_refused


@pytest.mark.requirement("R03")
def test_no_write_passes_the_audit_trail_by(order: Order) -> None:
    with pytest.raises(UnrecordedWrite):
        Order.objects.update(amount=Decimal("600"))
    with pytest.raises(UnrecordedWrite):
        Administration.objects.bulk_create([unsaved(order)])
    with pytest.raises(UnrecordedWrite):
        order.delete()
    with pytest.raises(UnrecordedWrite):
        unsaved(order).save()
    assert Order.objects.get().amount == Decimal("300")
    assert not Administration.objects.exists()


@pytest.mark.requirement("R11")
def test_another_site_sees_neither_orders_nor_doses(
    order: Order, nurse: User, other_site: Site
) -> None:
    factories.dose(order, at(8))
    stranger = factories.user(Role.NURSE, other_site)
    for model in (Order, Administration):
        assert model.objects.visible_to(nurse).count() == 1
        assert model.objects.visible_to(stranger).count() == 0


def test_amounts_keep_their_digits(participant: Participant) -> None:
    made = factories.order(participant, amount=Decimal("187.50"))
    assert str(Order.objects.get(pk=made.pk).amount) == "187.50"
