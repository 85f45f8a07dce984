"""What this room hands to the worklist and to the casebook."""

from decimal import Decimal

import pytest
import time_machine

from dosing import timeline, worklist
from dosing.actions.holds import hold_drug, resume_drug
from dosing.actions.orders import order_drug, stop_drug
from dosing.actions.reviews import keep_order
from dosing.actions.weights import record_weight
from dosing.checks import Given
from dosing.models import Administration, DrugChoice, Order
from enrollment.models import Participant
from tests import factories
from tests.dosing.conftest import Blood, at, pcr
from trial_site.models import Site, User
from trial_site.presentation import WorkRow
from trial_site.roles import Role

Staff = dict[Role, User]
Status = Administration.Status
GANCICLOVIR = "Ganciclovir, 300\u00a0mg every 12 hours"
IL2 = "Interleukin-2, 1\u00a0million IU every 24 hours"


def rows(user: User) -> list[WorkRow]:
    found = [*worklist.rows_now(user), *worklist.rows(user)]
    return sorted(found, key=lambda row: row.sort)


# --- worklist ---------------------------------------------------------------------------------


def test_the_nurse_gets_late_and_due_doses_with_one_tap(order: Order, staff: Staff) -> None:
    factories.order(order.participant, DrugChoice.IL2, starts_at=at(10))
    late, due = rows(staff[Role.NURSE])
    assert [(row.state, str(row.title), row.when) for row in (late, due)] == [
        ("late", "Ganciclovir", "08:00"),
        ("due", "Interleukin-2", "10:00"),
    ]
    assert str(late.why) == "Late 1 h 42 min: ordered for 08:00, every 12 hours"
    assert late.url == f"/dosing/{order.pk}/20260318T0000Z/give/"
    assert late.subject_url == f"/participants/{late.subject}/"


def test_what_nobody_recorded_does_not_vanish_at_midnight(order: Order, staff: Staff) -> None:
    with time_machine.travel(at(0, 30, day=19), tick=False):
        found = rows(staff[Role.NURSE])
    assert [row.state for row in found] == ["late", "late"]
    assert {row.url for row in found} == {
        f"/dosing/{order.pk}/20260318T0000Z/record/",
        f"/dosing/{order.pk}/20260318T1200Z/record/",
    }


def test_a_recorded_dose_waits_for_nobody(order: Order, staff: Staff) -> None:
    factories.dose(order, at(8))
    assert rows(staff[Role.NURSE]) == []


def test_the_investigator_gets_orders_to_write(participant: Participant, staff: Staff) -> None:
    found = rows(staff[Role.INVESTIGATOR])
    assert [str(row.title) for row in found] == ["Order Interleukin-2", "Order Ganciclovir"]
    assert found[1].url == f"/dosing/orders/{participant.subject}/ganciclovir/new/"
    factories.order(participant)
    factories.order(participant, DrugChoice.IL2)
    assert rows(staff[Role.INVESTIGATOR]) == []


def test_the_control_arm_waits_for_ganciclovir_only(control: Participant, staff: Staff) -> None:
    found = [row for row in rows(staff[Role.INVESTIGATOR]) if row.subject == control.subject]
    assert [str(row.title) for row in found] == ["Order Ganciclovir"]


def test_a_held_drug_is_one_row_for_the_investigator_and_none_for_the_nurse(
    order: Order, il2_order: Order, staff: Staff, blood: Blood
) -> None:
    factories.dose(il2_order, at(8), injection_site="arm_left")
    blood(order.participant, anc="0.49")
    (row,) = rows(staff[Role.INVESTIGATOR])
    assert (row.state, str(row.title)) == ("blocked", "Ganciclovir is held")
    assert "0.49\u00a0×10⁹/L, below 0.5" in str(row.why)
    assert rows(staff[Role.NURSE]) == []


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.NURSE, Role.INVESTIGATOR, Role.SYSTEM}))
def test_other_roles_have_no_doses_to_do(order: Order, staff: Staff, role: Role) -> None:
    assert rows(staff[role]) == []


@pytest.mark.requirement("R11")
def test_another_site_has_nothing_to_do(order: Order, other_site: Site) -> None:
    for role in (Role.NURSE, Role.INVESTIGATOR):
        assert rows(factories.user(role, other_site)) == []


# --- timeline ---------------------------------------------------------------------------------


def test_orders_and_doses_are_events(order: Order, il2_order: Order, staff: Staff) -> None:
    factories.dose(il2_order, at(8), injection_site="arm_left")
    part = Given(Status.PARTIAL, Decimal("180"), at(8, 5), why="error", note="Cannula")
    factories.dose(order, at(8), part)
    factories.withdrawn(order.participant, "Conversion", by=staff[Role.INVESTIGATOR])

    events = timeline.events(order.participant, staff[Role.MONITOR])
    assert sorted((str(event.title), event.at) for event in events) == sorted(
        [
            (f"Ordered: {GANCICLOVIR}", at(9, 42)),
            (f"Ordered: {IL2}", at(9, 42)),
            (f"Stopped: {GANCICLOVIR}", at(9, 42)),
            (f"Stopped: {IL2}", at(9, 42)),
            ("Drug withdrawal, signed", at(9, 42)),
            ("Ganciclovir 300\u00a0mg", at(8, 5)),
            ("Interleukin-2 1\u00a0million IU", at(8)),
        ]
    )
    assert {event.kind for event in events} == {"dose"}


def test_a_dose_shows_its_badge_reason_and_record(order: Order, staff: Staff) -> None:
    part = Given(Status.PARTIAL, Decimal("180"), at(8, 5), why="error", note="Cannula")
    saved = factories.dose(order, at(8), part)
    event = timeline.events(order.participant, staff[Role.NURSE])[-1]
    assert event.badge is not None
    assert (event.badge[0], str(event.badge[1])) == ("held", "Given in part: 180\u00a0mg")
    assert str(event.why) == "Planned 18 Mar 08:00; Error; Cannula"
    assert event.history == ("dosing.administration", saved.pk)


@pytest.mark.parametrize(
    ("why", "badge"), [("lab_hold", "held"), ("absent", "blocked"), ("refusal", "blocked")]
)
def test_a_dose_not_given_stands_at_its_planned_time(
    order: Order, staff: Staff, why: str, badge: str
) -> None:
    factories.dose(order, at(8), Given(Status.NOT_GIVEN, Decimal(0), why=why))
    event = timeline.events(order.participant, staff[Role.NURSE])[-1]
    assert event.at == at(8)
    assert event.badge is not None
    assert (event.badge[0], str(event.badge[1])) == (badge, "Not given")


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", [Role.LAB, Role.ADMIN])
def test_whoever_must_not_see_the_arm_sees_no_dose(
    order: Order, il2_order: Order, staff: Staff, role: Role
) -> None:
    assert timeline.events(order.participant, staff[role]) == []


def test_the_reason_of_a_departure_is_shown(participant: Participant, staff: Staff) -> None:
    order_drug(
        participant,
        drug=DrugChoice.GANCICLOVIR,
        amount=Decimal("250"),
        frequency="q12h",
        starts_at=at(10),
        departure_reason="Borderline marrow",
        by=staff[Role.INVESTIGATOR],
    )
    (event,) = timeline.events(participant, staff[Role.MONITOR])
    assert str(event.why) == (
        "creatinine clearance 99.98 mL/min, at least 70: 5 mg/kg q12h; "
        "60 kg × 5 mg/kg = 300 mg; Borderline marrow"
    )


def test_holds_reviews_weights_and_the_end_of_an_order_are_events(
    order: Order, blood: Blood, staff: Staff
) -> None:
    doctor, participant = staff[Role.INVESTIGATOR], order.participant
    hold = hold_drug(participant, drug="ganciclovir", why="other", note="Rash", by=doctor)
    resume_drug(hold, why="Rash gone", by=doctor)
    record_weight(participant, kg=Decimal("30"), measured_at=at(9), by=staff[Role.NURSE])
    blood(participant, creatinine="150")
    keep_order(order, band="10-25", why="Repeat", by=doctor)
    stop_drug(participant, drug="ganciclovir", reason="Kidneys", by=doctor)
    events = {str(event.title): str(event.why) for event in timeline.events(participant, doctor)}
    assert events["Held: Ganciclovir"] == "Another reason; Rash"
    assert events["Hold ended: Ganciclovir"] == "Rash gone"
    assert events["Weight 30\u00a0kg"].startswith("30\u00a0kg is unusual")
    assert events[f"Order kept at another clearance: {GANCICLOVIR}"].endswith("Repeat")
    assert events[f"Stopped: {GANCICLOVIR}"] == "Stopped: Kidneys"


def test_a_withdrawal_says_what_it_was_decided_on(site: Site, staff: Staff) -> None:
    treated = factories.on_treatment(site, days_ago=10)
    pcr(treated, at(9, day=11), "<", "500")
    factories.withdrawn(treated, "Negative once", why="wish")
    (event,) = [
        event
        for event in timeline.events(treated, staff[Role.MONITOR])
        if str(event.title) == "Drug withdrawal, signed"
    ]
    assert str(event.why).startswith("The participant’s wish, consent stands; Negative once; ")
    assert "first negative on day 3: <500" in str(event.why)
    assert event.by == "investigator-pku"
