"""What the ward's forms accept, and what they ask back."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.http import QueryDict

from dosing.forms import DoseCorrectionForm, DoseForm, GanciclovirOrderForm, GiveForm, order_form
from dosing.models import Administration, Order
from enrollment.models import Participant
from tests import factories
from tests.dosing.conftest import Blood, at
from trial_site.protocol import current


def sent(values: dict[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update({"entry_key": str(uuid4())} | values)
    return data


def dose_form(order: Order, **values: Any) -> DoseForm:
    return DoseForm(sent(values), order=order)


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


def test_the_confirmation_offers_sites_only_for_an_injection() -> None:
    sites = list(current().il2.injection_sites)
    assert not GiveForm(sent({}), sites=sites).is_valid()
    assert GiveForm(sent({"injection_site": "arm_left"}), sites=sites).is_valid()
    assert GiveForm(sent({}), sites=[]).is_valid()


# --- a correction -----------------------------------------------------------------------------


@pytest.mark.requirement("R04")
def test_a_correction_asks_for_its_reason(order: Order) -> None:
    saved = factories.dose(order, at(8))
    form = DoseCorrectionForm.of(saved, sent(GIVEN | {"record_version": "1"}))
    assert list(form.errors) == ["reason"]


def test_an_untouched_time_keeps_its_seconds(order: Order) -> None:
    precise = at(8, 6).replace(second=31)
    saved = Administration(order=order, status="given", amount=Decimal(300), given_at=precise)
    values = GIVEN | {"record_version": "1", "reason": "Amount"}
    untouched = DoseCorrectionForm.of(saved, sent(values | {"given_at": "2026-03-18T08:06"}))
    changed = DoseCorrectionForm.of(saved, sent(values | {"given_at": "2026-03-18T08:07"}))
    assert untouched.is_valid()
    assert changed.is_valid()
    assert untouched.given().at == precise
    assert changed.given().at == at(8, 7)


# --- orders -----------------------------------------------------------------------------------

AS_PROPOSED = {
    "phase": "induction",
    "weight_kg": "60.0",
    "amount": "300",
    "frequency": "q12h",
    "starts_at": "2026-03-18T10:00",
}


def ganciclovir(participant: Participant, values: dict[str, str] | None) -> GanciclovirOrderForm:
    form = order_form(participant, "ganciclovir", sent(values) if values is not None else None)
    assert isinstance(form, GanciclovirOrderForm)
    return form


def test_the_order_begins_with_the_proposal(participant: Participant) -> None:
    form = ganciclovir(participant, None)
    assert form["amount"].value() == Decimal("300")
    assert form["frequency"].value() == "q12h"
    assert form["weight_kg"].value() == Decimal("60.0")
    assert form.initial["starts_at"] == at(10)
    assert len(form.steps) == 5


def test_an_order_as_proposed_needs_no_reason(participant: Participant) -> None:
    form = ganciclovir(participant, AS_PROPOSED)
    assert form.is_valid(), form.errors
    values = form.values()
    assert (values["amount"], values["frequency"]) == (Decimal("300"), "q12h")
    assert values["starts_at"] == at(10)
    assert str(values["basis"][-1]) == "60 kg × 5 mg/kg = 300 mg"


@pytest.mark.parametrize(
    "changes",
    [{"amount": "299"}, {"frequency": "q24h"}, {"weight_kg": "62"}, {"phase": "maintenance"}],
)
def test_what_differs_from_the_proposal_says_why(
    participant: Participant, changes: dict[str, str]
) -> None:
    silent = ganciclovir(participant, AS_PROPOSED | changes)
    assert list(silent.errors) == ["departure_reason"]
    blank = ganciclovir(participant, AS_PROPOSED | changes | {"departure_reason": "  "})
    assert list(blank.errors) == ["departure_reason"]
    explained = ganciclovir(participant, AS_PROPOSED | changes | {"departure_reason": "Whole vial"})
    assert explained.is_valid(), explained.errors


def test_without_a_proposal_every_order_says_why(participant: Participant, blood: Blood) -> None:
    blood(participant, creatinine="<40")
    assert list(ganciclovir(participant, AS_PROPOSED).errors) == ["departure_reason"]


def test_working_it_out_again_orders_nothing_and_keeps_what_was_typed(
    participant: Participant,
) -> None:
    typed = AS_PROPOSED | {"weight_kg": "72", "departure_reason": "half typed", "propose": ""}
    form = ganciclovir(participant, typed)
    assert not form.is_bound
    assert form["amount"].value() == Decimal("360")
    assert form["weight_kg"].value() == "72"
    assert form["departure_reason"].value() == "half typed"


def test_an_unreadable_weight_gives_no_proposal(participant: Participant) -> None:
    form = ganciclovir(participant, AS_PROPOSED | {"weight_kg": "sixty", "propose": ""})
    assert form.proposal is None
    assert form["weight_kg"].value() == "sixty"


def test_a_weight_of_nothing_gives_no_proposal(participant: Participant) -> None:
    form = ganciclovir(participant, AS_PROPOSED | {"weight_kg": "0"})
    assert list(form.errors) == ["departure_reason"]
    assert form.proposal is None


def test_il2_is_fixed_by_the_protocol(participant: Participant) -> None:
    data = sent({"starts_at": "2026-03-18T10:00", "amount": "18", "frequency": "q12h"})
    form = order_form(participant, "il2", data)
    assert form.is_valid(), form.errors
    assert form.values()["amount"] == Decimal("1.0")
    assert form.values()["frequency"] == "q24h"


@pytest.mark.requirement("R04")
def test_a_second_order_asks_why_it_changes(order: Order) -> None:
    form = ganciclovir(order.participant, AS_PROPOSED)
    assert list(form.errors) == ["change_reason"]
    assert form.replaces == order


def test_the_first_dose_begins_at_the_next_hour(participant: Participant) -> None:
    form = order_form(participant, "il2", None)
    assert form.initial["starts_at"] == at(10)
