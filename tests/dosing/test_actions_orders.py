"""Ordering and withdrawing: who may, when, and what is refused."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from dosing.actions.holds import hold_drug
from dosing.actions.orders import order_drug
from dosing.models import DrugChoice, Order, Withdrawal
from enrollment.models import Participant
from enrollment.states import State
from oversight.recording import AlreadyRecorded
from oversight.refusals import NeedsConfirmation, Refused
from oversight.signing import Signature
from oversight.trail import AuditAction, AuditEntry
from tests import factories
from tests.dosing.conftest import CONTROL_ARM, Blood, at, pcr
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.roles import Role

Staff = dict[Role, User]
NOT_INVESTIGATORS = sorted(set(Role) - {Role.INVESTIGATOR, Role.SYSTEM})


def ganciclovir(participant: Participant, by: User, **changes: Any) -> Order:
    values = {
        "drug": DrugChoice.GANCICLOVIR,
        "amount": Decimal("300"),
        "frequency": "q12h",
        "starts_at": at(10),
        "departure_reason": "As agreed"
        if {"amount", "frequency", "phase"} & changes.keys()
        else "",
    }
    return order_drug(participant, by=by, **(values | changes))


# --- ordering ---------------------------------------------------------------------------------


@pytest.mark.requirement("R01")
def test_an_order_is_kept_with_its_basis_and_audited(
    participant: Participant, staff: Staff
) -> None:
    order = ganciclovir(participant, staff[Role.INVESTIGATOR])

    order = Order.objects.get(pk=order.pk)
    assert (order.amount, order.unit, order.frequency) == (Decimal("300"), "mg", "q12h")
    assert str(Message.from_json(order.basis[-1])) == "60 kg × 5 mg/kg = 300 mg"
    assert (order.phase, order.band, order.course) == ("induction", "70-", "first")
    assert order.weight_kg == Decimal("60.0")
    assert order.ordered_by == staff[Role.INVESTIGATOR]
    entry = AuditEntry.objects.get(model="dosing.order", object_id=str(order.pk))
    assert (entry.action, entry.role) == (AuditAction.CREATED, Role.INVESTIGATOR)
    assert entry.changes["amount"] == [None, "300"]
    assert entry.chain_id == f"participant:{participant.pk}"


def test_a_planned_time_is_a_whole_minute(participant: Participant, staff: Staff) -> None:
    order = ganciclovir(
        participant, staff[Role.INVESTIGATOR], starts_at=at(10).replace(second=59, microsecond=7)
    )
    assert order.starts_at == at(10)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", NOT_INVESTIGATORS)
def test_only_the_investigator_orders(participant: Participant, staff: Staff, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        ganciclovir(participant, staff[role])
    assert not Order.objects.exists()


@pytest.mark.requirement("R11")
def test_an_investigator_of_another_site_finds_no_participant(
    participant: Participant, other_site: Site
) -> None:
    with pytest.raises(PermissionDenied):
        ganciclovir(participant, factories.user(Role.INVESTIGATOR, other_site))
    assert not Order.objects.exists()


@pytest.mark.requirement("R10")
def test_nothing_is_ordered_before_allocation(site: Site, staff: Staff) -> None:
    with pytest.raises(Refused, match="Only an allocated participant"):
        ganciclovir(factories.enrolled(site), staff[Role.INVESTIGATOR])


@pytest.mark.requirement("R10")
def test_nothing_is_ordered_after_withdrawal(site: Site, staff: Staff) -> None:
    treated = factories.on_treatment(site)
    factories.withdrawn(treated, "Converted", by=staff[Role.INVESTIGATOR])
    with pytest.raises(Refused, match="Only an allocated participant"):
        ganciclovir(treated, staff[Role.INVESTIGATOR])


def test_the_control_arm_has_no_il2_to_order(control: Participant, staff: Staff) -> None:
    with pytest.raises(Refused, match="This arm does not receive this drug"):
        ganciclovir(
            control,
            staff[Role.INVESTIGATOR],
            drug=DrugChoice.IL2,
            amount=Decimal("1.0"),
            frequency="q24h",
        )
    assert not Order.objects.exists()


@pytest.mark.parametrize(("amount", "frequency"), [("2", "q24h"), ("0.5", "q24h"), ("1", "q12h")])
def test_the_protocol_fixes_the_dose_of_il2(
    participant: Participant, staff: Staff, amount: str, frequency: str
) -> None:
    il2 = {"drug": DrugChoice.IL2, "amount": Decimal(amount), "frequency": frequency}
    with pytest.raises(Refused, match="The protocol fixes the dose"):
        ganciclovir(participant, staff[Role.INVESTIGATOR], **il2)
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": Decimal("0")},
        {"amount": Decimal("6000.1")},
    ],
)
def test_an_order_that_cannot_be_true_is_refused(
    participant: Participant, staff: Staff, changes: dict[str, Decimal]
) -> None:
    with pytest.raises(Refused, match="cannot be true") as refused:
        ganciclovir(participant, staff[Role.INVESTIGATOR], **changes)
    assert len(refused.value.reasons) == 1
    assert not Order.objects.exists()


@pytest.mark.parametrize("value", ["29.9", "600.1"])
def test_an_unusual_order_is_asked_about_and_then_saved(
    participant: Participant, staff: Staff, value: str
) -> None:
    unusual = {"amount": Decimal(value)}
    with pytest.raises(NeedsConfirmation) as doubt:
        ganciclovir(participant, staff[Role.INVESTIGATOR], **unusual, confirmed=False)
    assert [name for name, _ in doubt.value.questions] == ["amount"]
    ganciclovir(participant, staff[Role.INVESTIGATOR], **unusual, confirmed=True)
    assert Order.objects.get().amount == Decimal(value)


@pytest.mark.parametrize("amount", ["30", "600"])
def test_values_at_the_limits_pass(participant: Participant, staff: Staff, amount: str) -> None:
    ganciclovir(participant, staff[Role.INVESTIGATOR], amount=Decimal(amount), confirmed=False)
    assert Order.objects.get().amount == Decimal(amount)


def test_the_largest_possible_dose_can_be_ordered(participant: Participant, staff: Staff) -> None:
    ganciclovir(participant, staff[Role.INVESTIGATOR], amount=Decimal("6000"))
    assert Order.objects.get().amount == Decimal("6000")


def test_the_same_form_orders_once(participant: Participant, staff: Staff) -> None:
    key = uuid4()
    ganciclovir(participant, staff[Role.INVESTIGATOR], key=key)
    with pytest.raises(AlreadyRecorded):
        ganciclovir(participant, staff[Role.INVESTIGATOR], key=key)
    assert Order.objects.count() == 1


def test_a_departure_from_the_proposal_says_why(participant: Participant, staff: Staff) -> None:
    for departs in ({"amount": Decimal("299")}, {"frequency": "q24h"}, {"phase": "maintenance"}):
        for reason in ("", "  "):
            with pytest.raises(Refused, match="differs from the proposal"):
                ganciclovir(
                    participant, staff[Role.INVESTIGATOR], **departs, departure_reason=reason
                )
    assert not Order.objects.exists()


def test_the_proposal_is_worked_out_when_the_order_is_written(
    participant: Participant, staff: Staff, blood: Blood
) -> None:
    """What a browser was shown before the new creatinine came counts for nothing."""
    blood(participant, creatinine="150")
    with pytest.raises(Refused, match="differs from the proposal"):
        ganciclovir(participant, staff[Role.INVESTIGATOR])
    order = ganciclovir(
        participant, staff[Role.INVESTIGATOR], amount=Decimal("150"), frequency="q24h"
    )
    assert order.band == "25-50"


def test_without_a_proposal_an_order_says_why_and_knows_no_band(
    participant: Participant, staff: Staff, blood: Blood
) -> None:
    blood(participant, creatinine="<40")
    with pytest.raises(Refused, match="differs from the proposal"):
        ganciclovir(participant, staff[Role.INVESTIGATOR])
    order = ganciclovir(participant, staff[Role.INVESTIGATOR], departure_reason="Urgent")
    assert (order.band, order.weight_kg, len(order.basis)) == ("", Decimal("60.0"), 2)


# --- changing ---------------------------------------------------------------------------------


@pytest.mark.requirement("R04")
def test_a_second_order_needs_a_reason(order: Order, staff: Staff) -> None:
    with pytest.raises(Refused, match="say why it changes"):
        ganciclovir(order.participant, staff[Role.INVESTIGATOR], amount=Decimal("150"))
    assert Order.objects.get().ends_at is None


@pytest.mark.requirement("R04")
def test_a_new_order_ends_the_old_one_where_it_begins(order: Order, staff: Staff) -> None:
    reason = "Creatinine clearance fell below 70"
    ganciclovir(
        order.participant,
        staff[Role.INVESTIGATOR],
        amount=Decimal("150"),
        starts_at=at(20),
        change_reason=reason,
    )
    order.refresh_from_db()
    assert order.ends_at == at(20)
    change = AuditEntry.objects.get(model="dosing.order", action=AuditAction.CHANGED)
    assert change.changes == {
        "ends_at": [None, "2026-03-18T12:00:00+00:00"],
        "ended_as": ["", "changed"],
        "end_reason": ["", reason],
    }
    assert change.reason == reason


def test_a_new_order_cannot_begin_before_the_one_it_replaces(order: Order, staff: Staff) -> None:
    with pytest.raises(Refused, match="begins before"):
        ganciclovir(
            order.participant,
            staff[Role.INVESTIGATOR],
            starts_at=at(7, 59),
            change_reason="Dose",
        )
    assert Order.objects.get().ends_at is None


# --- withdrawing ------------------------------------------------------------------------------


@pytest.mark.requirement("R01")
def test_withdrawal_stops_the_orders_and_counts_from_the_last_ganciclovir(
    participant: Participant, order: Order, il2_order: Order, staff: Staff
) -> None:
    factories.dose(order, at(8))
    factories.dose(il2_order, at(8), injection_site="arm_left")
    with time_machine.travel(at(8, 30, day=20), tick=False):
        factories.dose(il2_order, at(8, day=20), injection_site="arm_right")
        factories.withdrawn(participant, "Conversion", by=staff[Role.INVESTIGATOR])

    participant.refresh_from_db()
    assert participant.state == State.FOLLOW_UP
    assert participant.withdrawn_on == dt.date(2026, 3, 18)
    assert {o.ends_at for o in participant.orders.all()} == {at(8, 30, day=20)}
    assert "M3" in participant.visits.values_list("code", flat=True)
    reasons = AuditEntry.objects.filter(model="dosing.order", action=AuditAction.CHANGED)
    assert set(reasons.values_list("reason", flat=True)) == {"Conversion"}


def test_an_order_that_has_not_begun_ends_unused(site: Site, staff: Staff) -> None:
    treated = factories.on_treatment(site, "il2_gcv")
    coming = factories.order(treated, DrugChoice.IL2, starts_at=at(8, day=19))
    factories.withdrawn(treated, "Conversion", by=staff[Role.INVESTIGATOR])
    coming.refresh_from_db()
    assert coming.ends_at == coming.starts_at


@pytest.mark.parametrize("reason", ["", "   "])
def test_withdrawal_needs_a_reason(site: Site, staff: Staff, reason: str) -> None:
    treated = factories.on_treatment(site)
    with pytest.raises(Refused, match="Say why"):
        factories.withdrawn(treated, reason, by=staff[Role.INVESTIGATOR])
    treated.refresh_from_db()
    assert treated.state == State.ON_TREATMENT


@pytest.mark.requirement("R10")
def test_nothing_is_withdrawn_before_the_first_dose(order: Order, staff: Staff) -> None:
    with pytest.raises(Refused, match="No ganciclovir has been given yet"):
        factories.withdrawn(order.participant, "Error", by=staff[Role.INVESTIGATOR])


def test_the_drugs_are_withdrawn_once(site: Site, staff: Staff) -> None:
    treated = factories.on_treatment(site, CONTROL_ARM)
    factories.withdrawn(treated, "Conversion", by=staff[Role.INVESTIGATOR])
    with pytest.raises(Refused, match="no longer on treatment"):
        factories.withdrawn(treated, "Conversion", by=staff[Role.INVESTIGATOR])


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", NOT_INVESTIGATORS)
def test_only_the_investigator_withdraws(site: Site, staff: Staff, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        factories.withdrawn(factories.on_treatment(site), "Conversion", by=staff[role])


@pytest.mark.requirement("R01")
def test_a_late_entry_after_withdrawal_moves_the_follow_up(
    participant: Participant, order: Order, staff: Staff
) -> None:
    factories.dose(order, at(8))
    with time_machine.travel(at(8, 30, day=20), tick=False):
        factories.withdrawn(participant, "Conversion", by=staff[Role.INVESTIGATOR])
        factories.dose(order, at(20, day=19))

    participant.refresh_from_db()
    assert participant.withdrawn_on == dt.date(2026, 3, 19)
    assert participant.visits.get(code="M3").target == dt.date(2026, 6, 19)


@pytest.mark.requirement("R15")
def test_a_withdrawal_is_signed_by_who_decides_it_and_freshly(site: Site, staff: Staff) -> None:
    treated, doctor = factories.on_treatment(site), staff[Role.INVESTIGATOR]
    colleague = factories.user(Role.INVESTIGATOR, site, username="colleague")
    for proof in (
        factories.signature(colleague),
        Signature(doctor, clock.now() - dt.timedelta(minutes=2)),
    ):
        with pytest.raises(Refused, match="password again"):
            factories.withdrawn(treated, by=doctor, signature=proof)
    assert not Withdrawal.objects.exists()


def test_a_withdrawal_keeps_what_it_was_decided_on_and_ends_every_hold(
    site: Site, staff: Staff
) -> None:
    treated, doctor = factories.on_treatment(site, days_ago=10), staff[Role.INVESTIGATOR]
    pcr(treated, at(9, day=11), "<", "500")
    hold_drug(treated, drug="ganciclovir", why="other", note="Rash", by=doctor)
    factories.withdrawn(treated, "Twice negative", by=doctor, why="completed")
    decision = Withdrawal.objects.get()
    assert [str(Message.from_json(found)) for found in decision.findings] == [
        "first negative on day 3: <500\u00a0copies/mL"
    ]
    assert (decision.why, decision.decided_by, decision.decided_at) == (
        "completed",
        doctor,
        at(9, 42),
    )
    hold = treated.holds.get()
    assert (hold.resumed_at, hold.resumed_why) == (at(9, 42), "Twice negative")
    order = treated.orders.get()
    assert (order.ended_as, order.end_reason) == ("withdrawn", "Twice negative")


def test_a_withdrawal_names_one_of_its_reasons(site: Site) -> None:
    with pytest.raises(Refused, match="Say why the drugs are withdrawn"):
        factories.withdrawn(factories.on_treatment(site), why="because")
