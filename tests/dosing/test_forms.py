"""What the ward's forms accept, and what they ask back."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.http import QueryDict

from dosing.forms import DoseForm, GiveForm, correction_form
from dosing.models import Administration, Order
from dosing.stock import usable_lots
from tests import factories
from tests.dosing.conftest import at
from trial_site import clock
from trial_site.protocol import current


def sent(values: dict[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update({"entry_key": str(uuid4())} | values)
    return data


def dose_form(order: Order, **values: Any) -> DoseForm:
    return DoseForm(sent(values), order=order, day=clock.today())


GIVEN = {"status": "given", "given_at": "2026-03-18T08:20", "amount": "280"}


# --- a dose -----------------------------------------------------------------------------------


def test_given_differently(order: Order) -> None:
    form = dose_form(order, **GIVEN, note=" slow pump ")
    assert form.is_valid(), form.errors
    given = form.given()
    assert (given.status, given.amount, given.at) == ("given", Decimal("280"), at(8, 20))
    assert (given.why, given.note) == ("", "slow pump")


def test_given_in_part_as_a_share_of_the_volume(order: Order) -> None:
    values = {"status": "partial", "given_at": "2026-03-18T08:20", "percent": "60", "why": "error"}
    form = dose_form(order, **values)
    assert form.is_valid(), form.errors
    assert form.given().amount == Decimal("180")  # DOMAIN 4: 300 mg stopped at 60 %


def test_amount_and_share_must_agree(order: Order) -> None:
    part = {"status": "partial", "given_at": "2026-03-18T08:20", "percent": "60", "why": "error"}
    assert dose_form(order, **part, amount="180").is_valid()
    assert list(dose_form(order, **part, amount="181").errors) == ["percent"]


@pytest.mark.parametrize(("amount", "is_part"), [("299.9", True), ("300", False), ("301", False)])
def test_a_part_is_less_than_the_whole(order: Order, amount: str, is_part: bool) -> None:
    form = dose_form(order, **(GIVEN | {"status": "partial", "amount": amount, "why": "error"}))
    assert form.is_valid() is is_part


def test_not_given_needs_only_a_reason(order: Order) -> None:
    form = dose_form(order, **(GIVEN | {"status": "not_given", "why": "lab_hold"}))
    assert form.is_valid(), form.errors
    given = form.given()
    assert (given.amount, given.at, given.why) == (Decimal(0), None, "lab_hold")


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({}, ["status"]),
        ({"status": "given"}, ["amount", "given_at"]),
        ({"status": "partial"}, ["amount", "given_at", "why"]),
        ({"status": "not_given"}, ["why"]),
        (GIVEN | {"amount": "three hundred"}, ["amount"]),
        (GIVEN | {"amount": "-1"}, ["amount"]),
        (GIVEN | {"given_at": "yesterday"}, ["given_at"]),
        (GIVEN | {"percent": "101"}, ["percent"]),
        (GIVEN | {"why": "weather"}, ["why"]),
    ],
)
def test_what_is_missing_or_unreadable(
    order: Order, values: dict[str, str], fields: list[str]
) -> None:
    assert sorted(dose_form(order, **values).errors) == fields


def test_an_injection_has_a_site_and_an_infusion_has_none(order: Order, il2_order: Order) -> None:
    assert "injection_site" not in dose_form(order, **GIVEN).fields
    values = GIVEN | {"amount": "1"}
    assert list(dose_form(il2_order, **values).errors) == ["injection_site"]
    form = dose_form(il2_order, **values, injection_site="thigh_left")
    assert form.is_valid(), form.errors
    assert form.given().injection_site == "thigh_left"


def test_a_dose_not_given_has_no_injection_site(il2_order: Order) -> None:
    form = dose_form(il2_order, status="not_given", why="refusal", injection_site="arm_left")
    assert form.is_valid(), form.errors
    assert form.given().injection_site == ""


def give_form(order: Order, sites: list[tuple[str, str]], **values: Any) -> GiveForm:
    stock = usable_lots(order.participant.site_id, order.drug, clock.today())
    return GiveForm(
        sent(values), participant=order.participant, drug=order.drug, stock=stock, sites=sites
    )


def test_the_confirmation_offers_sites_only_for_an_injection(order: Order) -> None:
    sites = list(current().il2.injection_sites)
    assert not give_form(order, sites).is_valid()
    assert give_form(order, sites, injection_site="arm_left").is_valid()
    assert give_form(order, []).is_valid()


# --- a correction -----------------------------------------------------------------------------


@pytest.mark.requirement("R04")
def test_a_correction_asks_for_its_reason(order: Order) -> None:
    saved = factories.dose(order, at(8))
    form = correction_form(saved, sent(GIVEN | {"record_version": "1"}))
    assert list(form.errors) == ["reason"]


def test_an_untouched_time_keeps_its_seconds(order: Order) -> None:
    precise = at(8, 6).replace(second=31)
    saved = Administration(
        order=order,
        participant=order.participant,
        drug=order.drug,
        slot_at=at(8),
        status="given",
        amount=Decimal(300),
        given_at=precise,
    )
    values = GIVEN | {"record_version": "1", "reason": "Amount"}
    untouched = correction_form(saved, sent(values | {"given_at": "2026-03-18T08:06"}))
    changed = correction_form(saved, sent(values | {"given_at": "2026-03-18T08:07"}))
    assert untouched.is_valid()
    assert changed.is_valid()
    assert untouched.given().at == precise
    assert changed.given().at == at(8, 7)
