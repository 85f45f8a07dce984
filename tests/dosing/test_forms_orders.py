"""The forms of whoever orders: the proposal, a hold and its cause, a weight."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.http import QueryDict

from dosing.forms import GanciclovirOrderForm, HoldForm, WeightForm, WithdrawForm, order_form
from dosing.models import Order
from dosing.selectors import holding_results
from enrollment.models import Participant
from tests import factories
from tests.dosing.conftest import Blood, at


def sent(values: dict[str, Any]) -> QueryDict:
    data = QueryDict(mutable=True)
    data.update({"entry_key": str(uuid4())} | values)
    return data


# --- orders -----------------------------------------------------------------------------------

AS_PROPOSED = {
    "phase": "induction",
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
    assert form.initial["starts_at"] == at(10)
    assert len(form.steps) == 6


def test_an_order_as_proposed_needs_no_reason(participant: Participant) -> None:
    form = ganciclovir(participant, AS_PROPOSED)
    assert form.is_valid(), form.errors
    values = form.values()
    assert (values["amount"], values["frequency"]) == (Decimal("300"), "q12h")
    assert values["starts_at"] == at(10)
    assert values["phase"] == "induction"
    assert str(form.steps[-1]) == "60 kg × 5 mg/kg = 300 mg"


@pytest.mark.parametrize(
    "changes",
    [{"amount": "299"}, {"amount": "300.01"}, {"frequency": "q24h"}, {"phase": "maintenance"}],
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
    typed = AS_PROPOSED | {
        "phase": "maintenance",
        "departure_reason": "half typed",
        "propose": "",
    }
    form = ganciclovir(participant, typed)
    assert not form.is_bound
    assert (form["amount"].value(), form["frequency"].value()) == (Decimal("300"), "q24h")
    assert form["departure_reason"].value() == "half typed"


def test_a_phase_that_is_none_gives_no_proposal(participant: Participant) -> None:
    form = ganciclovir(participant, AS_PROPOSED | {"phase": "both", "propose": ""})
    assert form.proposal is None


@pytest.mark.parametrize(
    ("creatinine", "frequency", "amount"), [("700", "3x_week", "75"), ("300", "q24h", "75")]
)
def test_the_lowest_bands_can_be_ordered_as_proposed(
    participant: Participant, blood: Blood, creatinine: str, frequency: str, amount: str
) -> None:
    """700 µmol/L are 8.86 mL/min, below 10: three times a week after haemodialysis."""
    blood(participant, creatinine=creatinine)
    form = ganciclovir(participant, AS_PROPOSED | {"amount": amount, "frequency": frequency})
    assert form.is_valid(), form.errors


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


def test_a_change_begins_with_the_phase_of_the_order_it_replaces(
    participant: Participant,
) -> None:
    factories.order(participant, frequency="q24h", phase="maintenance")
    form = ganciclovir(participant, None)
    assert form["phase"].value() == "maintenance"
    assert form["frequency"].value() == "q24h"


# --- holds ------------------------------------------------------------------------------------


def hold_form(participant: Participant, drug: str, values: dict[str, str]) -> HoldForm:
    return HoldForm(sent(values), results=holding_results(participant, drug))


def test_a_hold_names_one_of_the_results_that_can_hold_the_drug(
    participant: Participant, blood: Blood
) -> None:
    anc, creatinine = blood(participant, anc="0.6", creatinine="150")
    form = hold_form(participant, "ganciclovir", {"why": "result", "result": str(anc.pk)})
    assert form.is_valid(), form.errors
    assert form.values()["result"] == anc
    other = hold_form(participant, "ganciclovir", {"why": "result", "result": str(creatinine.pk)})
    assert list(other.errors) == ["result"]
    none = hold_form(participant, "ganciclovir", {"why": "result"})
    assert none.errors["result"] == ["Choose the result that caused the hold"]


@pytest.mark.parametrize("why", ["adverse_event", "other"])
def test_any_other_hold_is_explained(participant: Participant, blood: Blood, why: str) -> None:
    blood(participant, anc="0.6")
    assert list(hold_form(participant, "ganciclovir", {"why": why, "note": " "}).errors) == ["note"]
    assert hold_form(participant, "ganciclovir", {"why": why, "note": "Rash"}).is_valid()


def test_no_result_is_offered_where_none_can_be_the_cause(
    participant: Participant, blood: Blood
) -> None:
    blood(participant, anc="0.1")
    form = hold_form(participant, "il2", {"why": "result"})
    assert "result" not in form.fields
    assert list(form.errors) == ["why"]


# --- weights, withdrawal ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({}, ["kg", "measured_at"]),
        ({"kg": "sixty", "measured_at": "2026-03-18T08:00"}, ["kg"]),
        ({"kg": "-1", "measured_at": "2026-03-18T08:00"}, ["kg"]),
        ({"kg": "60", "measured_at": "this morning"}, ["measured_at"]),
    ],
)
def test_what_is_missing_or_unreadable_of_a_weight(
    values: dict[str, str], fields: list[str]
) -> None:
    assert sorted(WeightForm(sent(values)).errors) == fields


def test_a_withdrawal_asks_for_reason_words_and_password() -> None:
    assert sorted(WithdrawForm(sent({})).errors) == ["note", "password", "why"]
