"""Holding, resuming and stopping a drug: who may, what is refused, what the bedside then shows."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dosing import worklist
from dosing.actions.holds import hold_drug, resume_drug
from dosing.actions.orders import stop_drug
from dosing.cards import held_by
from dosing.confirmation import confirmation
from dosing.day import day_plan
from dosing.models import DrugChoice, Hold, Order
from dosing.selectors import holds_in_force
from enrollment.models import Participant
from labs.models import ResultStatus
from oversight.recording import AlreadyRecorded, recorded
from oversight.refusals import Refused
from oversight.trail import AuditAction, AuditEntry
from tests import factories
from tests.dosing.conftest import Blood, at
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

Staff = dict[Role, User]
GANCICLOVIR, IL2 = DrugChoice.GANCICLOVIR, DrugChoice.IL2
NOT_INVESTIGATORS = sorted(set(Role) - {Role.INVESTIGATOR, Role.SYSTEM})


@pytest.fixture
def doctor(staff: Staff) -> User:
    return staff[Role.INVESTIGATOR]


def hold(order: Order, by: User, **changes: Any) -> Hold:
    values = {"drug": order.drug, "why": "adverse_event", "note": "Rash"}
    return hold_drug(order.participant, by=by, **values | changes)


# --- holding ----------------------------------------------------------------------------------


@pytest.mark.requirement("R01")
def test_a_hold_is_kept_with_its_reason_and_audited(order: Order, doctor: User) -> None:
    saved = hold(order, doctor, note="  Rash on both arms ")
    assert (saved.why, saved.note) == ("adverse_event", "Rash on both arms")
    assert (saved.held_at, saved.held_by, saved.resumed_at) == (at(9, 42), doctor, None)
    entry = AuditEntry.objects.get(model="dosing.hold")
    assert (entry.action, entry.chain_id) == (
        AuditAction.CREATED,
        f"participant:{order.participant_id}",
    )
    order.refresh_from_db()
    assert order.ends_at is None


def test_a_hold_names_the_result_that_caused_it(order: Order, doctor: User, blood: Blood) -> None:
    (anc,) = blood(order.participant, anc="0.6")
    saved = hold(order, doctor, why="result", result=anc, note="")
    assert saved.result == anc


def test_a_result_of_another_analyte_drug_or_participant_holds_nothing(
    order: Order, il2_order: Order, doctor: User, blood: Blood, site: Site
) -> None:
    (creatinine,) = blood(order.participant, creatinine="150")
    anc, platelets = blood(order.participant, at(7), anc="0.4", platelets="20")
    (foreign,) = blood(factories.allocated(site), anc="0.4")
    with recorded(by=doctor, reason="Wrong tube"):
        platelets.status = ResultStatus.IN_ERROR
        platelets.save()
    for result in (creatinine, foreign, platelets):
        with pytest.raises(Refused, match="does not hold this drug"):
            hold(order, doctor, why="result", result=result)
    with pytest.raises(Refused, match="does not hold this drug"):
        hold(il2_order, doctor, why="result", result=anc)
    with pytest.raises(Refused, match="Choose the result"):
        hold(order, doctor, why="result")
    assert not Hold.objects.exists()


@pytest.mark.parametrize("note", ["", "  "])
@pytest.mark.parametrize("why", ["adverse_event", "other"])
def test_any_other_hold_is_explained(order: Order, doctor: User, why: str, note: str) -> None:
    with pytest.raises(Refused, match="Say why the drug is held"):
        hold(order, doctor, why=why, note=note)


def test_a_drug_is_held_once_and_only_while_it_is_ordered(
    order: Order, doctor: User, participant: Participant
) -> None:
    with pytest.raises(Refused, match="not ordered"):
        hold_drug(participant, drug=IL2, why="other", note="x", by=doctor)
    hold(order, doctor)
    with pytest.raises(Refused, match="held already"):
        hold(order, doctor)
    assert Hold.objects.count() == 1


def test_the_same_form_holds_once(order: Order, doctor: User) -> None:
    key = uuid4()
    hold(order, doctor, key=key)
    with pytest.raises(AlreadyRecorded):
        hold(order, doctor, key=key)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", NOT_INVESTIGATORS)
def test_only_the_investigator_holds_resumes_and_stops(
    order: Order, staff: Staff, doctor: User, role: Role
) -> None:
    saved = hold(order, doctor)
    verbs: list[Callable[[], Any]] = [
        lambda: hold(order, staff[role]),
        lambda: resume_drug(saved, why="Better", by=staff[role]),
        lambda: stop_drug(order.participant, drug=GANCICLOVIR, reason="x", by=staff[role]),
    ]
    for verb in verbs:
        with pytest.raises(PermissionDenied):
            verb()


@pytest.mark.requirement("R11")
def test_an_investigator_of_another_site_finds_nothing(
    order: Order, doctor: User, other_site: Site
) -> None:
    stranger = factories.user(Role.INVESTIGATOR, other_site)
    saved = hold(order, doctor)
    verbs: list[Callable[[], Any]] = [
        lambda: hold(order, stranger),
        lambda: resume_drug(saved, why="Better", by=stranger),
        lambda: stop_drug(order.participant, drug=GANCICLOVIR, reason="x", by=stranger),
    ]
    for verb in verbs:
        with pytest.raises(PermissionDenied):
            verb()


# --- resuming ---------------------------------------------------------------------------------


@pytest.mark.requirement("R04")
def test_a_hold_ends_with_a_reason_and_once(order: Order, doctor: User) -> None:
    saved = hold(order, doctor)
    with pytest.raises(Refused, match="Say why"):
        resume_drug(saved, why=" ", by=doctor)
    ended = resume_drug(saved, why=" Rash gone ", by=doctor)
    assert (ended.resumed_at, ended.resumed_by, ended.resumed_why) == (
        at(9, 42),
        doctor,
        "Rash gone",
    )
    change = AuditEntry.objects.get(model="dosing.hold", action=AuditAction.CHANGED)
    assert change.reason == "Rash gone"
    with pytest.raises(Refused, match="ended already"):
        resume_drug(saved, why="Again", by=doctor)
    assert hold(order, doctor).pk != saved.pk


# --- stopping ---------------------------------------------------------------------------------


def test_a_stopped_drug_leaves_the_other_and_is_no_withdrawal(
    order: Order, il2_order: Order, doctor: User
) -> None:
    """DOMAIN 1.3 row 8: the stop of IL-2 is stored separately from the withdrawal."""
    hold(il2_order, doctor)
    hold(order, doctor)
    stopped = stop_drug(order.participant, drug=IL2, reason=" Fever ", by=doctor)
    assert (stopped.pk, stopped.ends_at) == (il2_order.pk, at(9, 42))
    assert (stopped.ended_as, stopped.end_reason) == ("stopped", "Fever")
    order.refresh_from_db()
    order.participant.refresh_from_db()
    assert order.ends_at is None
    assert order.participant.withdrawn_on is None
    ended = Hold.objects.get(drug=IL2)
    assert (ended.resumed_at, ended.resumed_why) == (at(9, 42), "Fever")
    assert Hold.objects.get(drug=GANCICLOVIR).resumed_at is None
    with pytest.raises(Refused, match="not ordered"):
        stop_drug(order.participant, drug=IL2, reason="Again", by=doctor)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_stop_needs_a_reason(order: Order, doctor: User, reason: str) -> None:
    with pytest.raises(Refused, match="Say why"):
        stop_drug(order.participant, drug=GANCICLOVIR, reason=reason, by=doctor)


def test_a_stop_before_the_first_dose_leaves_an_order_unused(
    participant: Participant, doctor: User
) -> None:
    coming = factories.order(participant, IL2, starts_at=at(8, day=19))
    stopped = stop_drug(participant, drug=IL2, reason="Changed plan", by=doctor)
    assert stopped.ends_at == coming.starts_at


# --- at the bedside ---------------------------------------------------------------------------


def slots(user: User) -> dict[tuple[str, str], str]:
    """State by drug and clock time of today's slots."""
    plan = day_plan(user, [clock.today()], clock.now())
    return {
        (slot.drug, f"{timezone.localtime(slot.at):%H%M}"): slot.state.value for slot in plan.slots
    }


def test_a_hold_holds_every_slot_of_its_drug_until_it_is_resumed(
    order: Order, il2_order: Order, doctor: User
) -> None:
    factories.dose(order, at(8))
    saved = hold(order, doctor)
    assert slots(doctor) == {
        ("ganciclovir", "0800"): "given",
        ("ganciclovir", "2000"): "held",
        ("il2", "0800"): "late",
    }
    resume_drug(saved, why="Better", by=doctor)
    assert slots(doctor)["ganciclovir", "2000"] == "planned"


def test_il2_is_held_by_the_investigator_and_not_by_a_blood_count(
    order: Order, il2_order: Order, doctor: User, blood: Blood
) -> None:
    blood(order.participant, anc="0.1")
    assert slots(doctor)["il2", "0800"] == "late"
    hold(il2_order, doctor)
    plan = day_plan(doctor, [clock.today()], clock.now())
    (il2,) = [slot for slot in plan.slots if slot.drug == IL2]
    assert il2.state == "held"
    assert [str(why) for why in held_by(plan.safety_of(il2), plan.hold_of(il2))] == [
        "Held by the investigator since 18 Mar 09:42: Adverse event; Rash"
    ]


def test_an_earlier_day_is_a_question_and_not_held(participant: Participant, doctor: User) -> None:
    order = factories.order(participant, starts_at=at(8, day=17))
    hold(order, doctor)
    plan = day_plan(doctor, [at(0, day=17).date()], clock.now())
    assert {slot.state.value for slot in plan.slots} == {"late"}


@pytest.mark.parametrize(
    ("why", "reason"), [("adverse_event", "adverse_event"), ("other", "stopped")]
)
def test_a_held_dose_is_recorded_with_the_reason_of_the_hold(
    order: Order, doctor: User, why: str, reason: str
) -> None:
    hold(order, doctor, why=why)
    shown = confirmation(order, at(8))
    assert shown.is_held
    assert shown.why_held == reason


def test_a_result_stays_the_reason_without_a_hold_of_the_investigators(
    order: Order, doctor: User, blood: Blood
) -> None:
    (anc,) = blood(order.participant, anc="0.49")
    assert confirmation(order, at(8)).why_held == "lab_hold"
    hold(order, doctor, why="result", result=anc, note="")
    shown = confirmation(order, at(8))
    assert (shown.is_held, shown.why_held, len(shown.held_by)) == (True, "lab_hold", 2)


def test_a_hold_is_a_row_that_leads_to_the_orders(
    order: Order, il2_order: Order, doctor: User
) -> None:
    hold(il2_order, doctor)
    (row,) = worklist.rows_now(doctor)
    assert (row.state, str(row.title)) == ("blocked", "Interleukin-2 is held")
    assert "Rash" in str(row.why)
    assert row.url == f"/dosing/orders/{order.participant.subject}/"


def test_holds_of_many_participants_take_one_query(site: Site, doctor: User) -> None:
    people = [factories.allocated(site, "gcv") for _ in range(3)]
    for person in people:
        hold(factories.order(person), doctor)
    with CaptureQueriesContext(connection) as queries:
        found = holds_in_force([person.pk for person in people], clock.now())
        assert {key: each.held_by.username for key, each in found.items()} == {
            (person.pk, "ganciclovir"): doctor.username for person in people
        }
    assert len(queries) == 1
    assert holds_in_force([], clock.now()) == {}


def test_a_hold_counts_from_when_it_was_made_until_it_was_resumed(
    order: Order, doctor: User, ward_clock: Any
) -> None:
    saved = hold(order, doctor)
    ward_clock.move_to(at(11))
    resume_drug(saved, why="Better", by=doctor)
    key = (order.participant_id, "ganciclovir")
    for moment, in_force in [
        (at(9, 41), False),
        (at(9, 42), True),
        (at(10, 59), True),
        (at(11), False),
    ]:
        assert (key in holds_in_force([order.participant_id], moment)) is in_force
