"""Rescue treatment of a relapse: a course of its own, apart from the outcome (DOMAIN 1.3)."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from dosing import worklist
from dosing.actions.doses import correct_dose, record_dose
from dosing.actions.holds import hold_drug
from dosing.actions.orders import order_drug
from dosing.actions.rescue import end_rescue
from dosing.checks import Given
from dosing.models import Administration, DrugChoice, Hold, Order
from dosing.sheet import BY_URGENCY, sheet_for
from dosing.totals import ganciclovir_total, totals_to_date
from enrollment.actions.participation import begin_rescue, end_participation
from enrollment.models import Participant
from enrollment.states import State
from oversight.refusals import Refused
from tests import factories
from tests.dosing.conftest import CONTROL_ARM, IL2_ARM, at
from trial_site import clock
from trial_site.models import Site, User
from trial_site.presentation import WorkRow
from trial_site.roles import Role

Staff = dict[Role, User]
GANCICLOVIR = DrugChoice.GANCICLOVIR
NOT_INVESTIGATORS = sorted(set(Role) - {Role.INVESTIGATOR, Role.SYSTEM})


@pytest.fixture
def doctor(staff: Staff) -> User:
    return staff[Role.INVESTIGATOR]


@pytest.fixture(params=[IL2_ARM, CONTROL_ARM])
def rescued(request: pytest.FixtureRequest, site: Site, doctor: User) -> Participant:
    """Day 0 on 17 March, withdrawn this morning, in rescue treatment now; in either arm."""
    followed = factories.withdrawn(factories.on_treatment(site, request.param))
    return begin_rescue(followed, why="Relapse", by=doctor)


def rescue_order(participant: Participant, **changes: Any) -> Order:
    return factories.order(participant, starts_at=at(9), **changes)


def rows(participant: Participant, user: User) -> list[WorkRow]:
    return [row for row in worklist.rows(user) if row.subject == participant.subject]


def refreshed(participant: Participant) -> Participant:
    return Participant.objects.get(pk=participant.pk)


def test_a_rescue_order_belongs_to_its_own_course_in_either_arm(rescued: Participant) -> None:
    order = rescue_order(rescued)
    assert (order.course, order.phase, order.band) == ("rescue", "induction", "70-")


def test_il2_is_ordered_for_no_rescue(rescued: Participant, doctor: User) -> None:
    with pytest.raises(Refused, match="Rescue treatment is ganciclovir alone"):
        factories.order(rescued, DrugChoice.IL2)


@pytest.mark.parametrize("state", [State.FOLLOW_UP, State.COMPLETED, State.LOST])
def test_after_the_first_course_nothing_more_of_it_is_ordered(
    site: Site, doctor: User, staff: Staff, state: State
) -> None:
    followed = factories.withdrawn(factories.on_treatment(site))
    if state is not State.FOLLOW_UP:
        by = staff[Role.COORDINATOR]
        end_participation(followed, after=state, why="Over", by=by)
    for drug in DrugChoice.values:
        with pytest.raises(Refused, match="Only an allocated participant is treated"):
            order_drug(
                followed,
                drug=drug,
                amount=Decimal(1),
                frequency="q24h",
                starts_at=at(10),
                departure_reason="x",
                by=doctor,
            )


def test_rescue_doses_move_neither_day_0_nor_the_withdrawal(
    rescued: Participant, doctor: User
) -> None:
    before = refreshed(rescued)
    saved = factories.dose(rescue_order(rescued), at(9))
    after = refreshed(rescued)
    assert saved.course == "rescue"
    assert (after.day0_at, after.withdrawn_on) == (before.day0_at, before.withdrawn_on)
    assert after.withdrawn_on == dt.date(2026, 3, 17)
    assert after.state == State.RESCUE


def test_a_correction_of_a_rescue_dose_moves_nothing_either(
    rescued: Participant, staff: Staff
) -> None:
    saved = factories.dose(rescue_order(rescued), at(9))
    before = refreshed(rescued)
    correct_dose(
        saved,
        given=Given(Administration.Status.NOT_GIVEN, Decimal(0), why="absent"),
        reason="Not given after all",
        version=saved.version,
        by=staff[Role.NURSE],
    )
    after = refreshed(rescued)
    assert (after.day0_at, after.withdrawn_on) == (before.day0_at, before.withdrawn_on)


def test_rescue_milligrams_stand_apart_from_the_outcome(rescued: Participant) -> None:
    factories.dose(rescue_order(rescued), at(9))
    rescued = refreshed(rescued)
    total = ganciclovir_total(rescued, rescued.administrations.in_force())
    assert total is not None
    assert (total.mg, total.mg_per_kg, total.rescue_mg, total.full) == (300, 5, 300, 1)
    assert [(str(row.name), row.given, str(row.delivered)) for row in totals_to_date(rescued)] == [
        ("Ganciclovir", 1, "300\u00a0mg"),
        ("Ganciclovir, rescue treatment", 1, "300\u00a0mg"),
    ]


def test_rescue_stands_on_the_worklist_until_ordered_and_on_the_sheet(
    rescued: Participant, doctor: User
) -> None:
    (row,) = rows(rescued, doctor)
    assert (str(row.title), str(row.why)) == (
        "Order Ganciclovir",
        "Rescue treatment has begun, not ordered yet",
    )
    ward = sheet_for(doctor, day=clock.today(), order=BY_URGENCY, page="1").wards[0]
    assert str(ward.columns[0].absent) == "No IL-2 in rescue treatment"
    assert ward.columns[2].to_order == GANCICLOVIR
    rescue_order(rescued)
    assert rows(rescued, doctor) == []
    ward = sheet_for(doctor, day=clock.today(), order=BY_URGENCY, page="1").wards[0]
    assert [card.time for card in ward.columns[1].cards] == ["08:00", "09:00"]


# --- its end ----------------------------------------------------------------------------------


def test_the_end_of_a_rescue_stops_its_order_and_its_hold(
    rescued: Participant, doctor: User
) -> None:
    order = rescue_order(rescued)
    hold_drug(rescued, drug=GANCICLOVIR, why="other", note="Platelets", by=doctor)
    ended = end_rescue(rescued, why=" Negative twice ", by=doctor)
    order.refresh_from_db()
    assert ended.state == State.FOLLOW_UP
    assert (order.ends_at, order.ended_as, order.end_reason) == (
        at(9, 42),
        "rescue_ended",
        "Negative twice",
    )
    assert Hold.objects.get().resumed_at == at(9, 42)


def test_a_dose_of_a_rescue_that_has_ended_can_still_be_recorded(
    rescued: Participant, doctor: User, staff: Staff
) -> None:
    order = rescue_order(rescued)
    end_rescue(rescued, why="Negative twice", by=doctor)
    with time_machine.travel(at(11), tick=False):
        record_dose(
            order,
            slot_at=at(9),
            given=Given(Administration.Status.GIVEN, Decimal(300), at(9)),
            by=staff[Role.NURSE],
        )
    assert refreshed(rescued).withdrawn_on == dt.date(2026, 3, 17)


def test_the_end_needs_a_reason_and_a_rescue(
    site: Site, rescued: Participant, doctor: User
) -> None:
    order = rescue_order(rescued)
    with pytest.raises(Refused, match="Say why"):
        end_rescue(rescued, why=" ", by=doctor)
    order.refresh_from_db()
    assert order.ends_at is None
    with pytest.raises(Refused, match="possible only while"):
        end_rescue(factories.on_treatment(site), why="x", by=doctor)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", NOT_INVESTIGATORS)
def test_only_the_investigator_ends_a_rescue(
    rescued: Participant, staff: Staff, role: Role
) -> None:
    with pytest.raises(PermissionDenied):
        end_rescue(rescued, why="x", by=staff[role])


def test_a_second_rescue_can_be_ordered_after_the_first(
    rescued: Participant, doctor: User, ward_clock: Any
) -> None:
    rescue_order(rescued)
    followed = end_rescue(rescued, why="Negative twice", by=doctor)
    ward_clock.move_to(at(9, 43))
    begin_rescue(followed, why="Relapse again", by=doctor)
    assert [str(row.title) for row in rows(rescued, doctor)] == ["Order Ganciclovir"]
    assert factories.order(followed, starts_at=at(10)).course == "rescue"
