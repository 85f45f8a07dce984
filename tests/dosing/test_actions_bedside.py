"""Lots, lateness, doses nobody planned, undo and retraction: the record, the stock, the anchors."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from dosing.actions.doses import correct_dose, record_dose, record_unplanned_dose
from dosing.actions.lots import recall_lot
from dosing.actions.retraction import UNDONE, retract_dose, undo_dose
from dosing.checks import Given
from dosing.models import Administration, DrugChoice, Order
from dosing.stock import balances
from enrollment.actions.visits import record_visit
from enrollment.models import Move, Participant
from enrollment.states import State
from outcomes.schedule import schedules
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import NeedsConfirmation, Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.dosing import stocked
from tests.dosing.conftest import Blood, at
from trial_site.models import Site, User
from trial_site.roles import Role

Staff = dict[Role, User]
Status = Administration.Status
NOT_NURSES = sorted(set(Role) - {Role.NURSE, Role.SYSTEM})


def given(order: Order, **changes: Any) -> Given:
    return Given(**({"status": Status.GIVEN, "amount": order.amount, "at": at(8, 6)} | changes))


def whole(amount: str, when: dt.datetime, **changes: Any) -> Given:
    return Given(Status.GIVEN, Decimal(amount), when, **changes)


def warnings(saved: Administration) -> list[str]:
    return [warning["text"] for warning in saved.warnings]


@pytest.fixture
def nurse(staff: Staff) -> User:
    return staff[Role.NURSE]


# --- lots -----------------------------------------------------------------------------------------


def test_a_dose_takes_its_vials_out_of_the_stock_once(order: Order, nurse: User) -> None:
    lot = stocked.lot(order.participant.site)  # 500 mg a vial
    key = uuid4()
    saved = record_dose(order, slot_at=at(8), given=given(order, lot=lot), by=nurse, key=key)
    with pytest.raises(AlreadyRecorded):
        record_dose(order, slot_at=at(8), given=given(order, lot=lot), by=nurse, key=key)
    with pytest.raises(Refused, match="Recorded already"):
        record_dose(order, slot_at=at(8), given=given(order, lot=lot), by=nurse, key=uuid4())
    assert (saved.vials, saved.lot_text, balances([lot])[lot.pk]) == (1, lot.number, 19)


def test_a_part_was_drawn_up_whole(order: Order, nurse: User) -> None:
    lot = stocked.lot(order.participant.site, content=Decimal(100))
    part = Given(Status.PARTIAL, Decimal(180), at(8, 6), why="error", lot=lot)
    saved = record_dose(order, slot_at=at(8), given=part, by=nurse)
    assert (saved.vials, balances([lot])[lot.pk]) == (3, 17)


def test_a_correction_moves_the_vials_to_the_other_lot(order: Order, nurse: User) -> None:
    one, other = (
        stocked.lot(order.participant.site),
        stocked.lot(order.participant.site, number="GCV-2602"),
    )
    saved = record_dose(order, slot_at=at(8), given=given(order, lot=one), by=nurse)
    correct_dose(saved, given=given(order, lot=other), reason="Misread", version=1, by=nurse)
    assert balances([one, other]) == {one.pk: 20, other.pk: 19}


def test_a_lot_that_is_not_in_stock_is_kept_as_typed(order: Order, nurse: User) -> None:
    typed = given(order, lot_number="XX-1", product="Generic", expires_on=dt.date(2026, 3, 17))
    with pytest.raises(NeedsConfirmation):
        record_dose(order, slot_at=at(8), given=typed, by=nurse, confirmed=False)
    saved = record_dose(order, slot_at=at(8), given=typed, by=nurse)
    assert (saved.lot, saved.lot_text, saved.product) == (None, "XX-1", "Generic")
    assert warnings(saved) == ["Lot %(lot)s expired on %(day)s", "Lot %(lot)s is not in stock here"]


def test_an_expired_or_recalled_lot_is_recorded_with_a_warning(
    order: Order, nurse: User, staff: Staff
) -> None:
    lot = stocked.lot(order.participant.site, expires_on=dt.date(2026, 3, 18))
    recall_lot(lot, reason="Particles", version=lot.version, by=staff[Role.INVESTIGATOR])
    lot.refresh_from_db()
    with time_machine.travel(at(9, day=19), tick=False):
        late = given(order, lot=lot, at=at(8, day=19))
        saved = record_dose(order, slot_at=at(8, day=19), given=late, by=nurse)
    assert warnings(saved) == ["Lot %(lot)s is recalled", "Lot %(lot)s expired on %(day)s"]
    assert saved.vials == 1


def test_the_lot_of_another_site_or_drug_is_refused(
    order: Order, nurse: User, other_site: Site
) -> None:
    for lot in (stocked.lot(other_site), stocked.lot(order.participant.site, DrugChoice.IL2)):
        with pytest.raises(Refused, match="another site or drug"):
            record_dose(order, slot_at=at(8), given=given(order, lot=lot), by=nurse)


# --- the infusion ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "asks"), [(49, True), (50, False), (90, False), (91, True), (None, False)]
)
def test_how_long_the_infusion_ran(
    order: Order, nurse: User, minutes: int | None, asks: bool
) -> None:
    ended = None if minutes is None else at(8) + dt.timedelta(minutes=minutes)
    saved = record_dose(
        order, slot_at=at(8), given=given(order, at=at(8), ended_at=ended), by=nurse
    )
    assert (saved.ended_at, bool(saved.warnings)) == (ended, asks)


@pytest.mark.parametrize("ended", [at(8, 5), at(9, 43)])
def test_an_infusion_ends_after_it_began_and_not_in_the_future(
    order: Order, nurse: User, ended: dt.datetime
) -> None:
    with pytest.raises(Refused, match="An infusion ends after it begins"):
        record_dose(order, slot_at=at(8), given=given(order, ended_at=ended), by=nurse)


# --- late, and waiting ----------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_dose_of_yesterday_says_why_it_comes_late(order: Order, nurse: User, reason: str) -> None:
    with time_machine.travel(at(0, 5, day=19), tick=False):
        with pytest.raises(Refused, match="later day"):
            record_dose(order, slot_at=at(20), given=given(order, late_reason=reason), by=nurse)
        late = given(order, at=at(20), late_reason=" Night shift ")
        assert record_dose(order, slot_at=at(20), given=late, by=nurse).late_reason == "Night shift"


def test_the_same_day_needs_no_reason(order: Order, nurse: User) -> None:
    with time_machine.travel(at(23, 59), tick=False):
        assert record_dose(order, slot_at=at(8), given=given(order), by=nurse).late_reason == ""


def test_what_waited_over_midnight_is_not_late(order: Order, nurse: User) -> None:
    with time_machine.travel(at(0, 20, day=19), tick=False):
        waited = given(order, at=at(20), queued_at=at(20, 1))
        saved = record_dose(order, slot_at=at(20), given=waited, by=nurse)
    assert (saved.queued_at, saved.recorded_at) == (at(20, 1), at(0, 20, day=19))


def test_what_waited_with_a_time_in_the_future_is_refused(order: Order, nurse: User) -> None:
    with pytest.raises(Refused, match="time in the future"):
        record_dose(order, slot_at=at(8), given=given(order, queued_at=at(9, 45)), by=nurse)


# --- doses that nobody planned --------------------------------------------------------------------


def unplanned(participant: Participant, by: User, **changes: Any) -> Administration:
    values: dict[str, Any] = {"drug": DrugChoice.GANCICLOVIR, "given": whole("300", at(9))}
    return record_unplanned_dose(participant, by=by, **values | changes)


def test_a_dose_nobody_planned_counts(participant: Participant, nurse: User) -> None:
    saved = unplanned(participant, nurse, given=whole("300", at(9, 5).replace(second=30)))
    participant.refresh_from_db()
    assert (saved.order, saved.slot_at, saved.unit) == (None, at(9, 5), "mg")
    assert (participant.state, participant.day0_at) == (State.ON_TREATMENT, saved.given_at)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", NOT_NURSES)
def test_only_the_nurse_records_it(participant: Participant, staff: Staff, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        unplanned(participant, staff[role])


def test_il2_in_the_control_arm_is_recorded_with_the_warning(
    control: Participant, nurse: User
) -> None:
    il2 = whole("1", at(9), injection_site="arm_left")
    with pytest.raises(NeedsConfirmation):
        unplanned(control, nurse, drug=DrugChoice.IL2, given=il2, confirmed=False)
    saved = unplanned(control, nurse, drug=DrugChoice.IL2, given=il2)
    assert saved.warnings[0]["text"].startswith("The arm “%(arm)s” has no IL-2")


def test_where_a_dose_is_planned_that_one_is_recorded(order: Order, nurse: User) -> None:
    with pytest.raises(Refused, match="planned at this very time"):
        unplanned(order.participant, nurse, given=whole("300", at(8)))
    assert unplanned(order.participant, nurse, given=whole("300", at(8, 1))).slot_at == at(8, 1)


def test_two_doses_of_a_drug_never_share_a_minute(participant: Participant, nurse: User) -> None:
    unplanned(participant, nurse)
    with pytest.raises(Refused, match="Recorded already"):
        unplanned(participant, nurse, key=uuid4())
    assert Administration.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"given": Given(Status.NOT_GIVEN, Decimal(0), why="refusal")}, "Only a planned dose"),
        ({"given": whole("6001", at(9))}, "cannot be true"),
        ({"given": whole("300", at(9, 43))}, "not in the future"),
        ({"given": whole("300", at(9, day=10))}, "before the allocation"),
    ],
)
def test_what_cannot_be_is_refused(
    participant: Participant, nurse: User, changes: dict[str, Any], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        unplanned(participant, nurse, **changes)


def test_nobody_is_treated_before_the_allocation(site: Site, nurse: User) -> None:
    with pytest.raises(Refused, match="Only an allocated participant"):
        unplanned(factories.enrolled(site), nurse)


def test_a_dose_three_times_a_week_belongs_to_its_order(
    participant: Participant, nurse: User
) -> None:
    order = factories.order(participant, frequency="3x_week")
    saved = unplanned(participant, nurse, given=whole("75", at(9)))
    assert (saved.order, saved.slot_at, saved.has_own_time) == (order, at(9), True)
    moved = correct_dose(saved, given=whole("75", at(9, 20)), reason="Clock", version=1, by=nurse)
    assert moved.slot_at == at(9, 20)


def test_an_unplanned_dose_is_moved_but_not_left_out(participant: Participant, nurse: User) -> None:
    saved = unplanned(participant, nurse)
    with pytest.raises(Refused, match="Only a planned dose"):
        correct_dose(
            saved,
            given=Given(Status.NOT_GIVEN, Decimal(0), why="error"),
            reason="No",
            version=1,
            by=nurse,
        )


# --- undo -----------------------------------------------------------------------------------------


@pytest.mark.requirement("R04")
@pytest.mark.parametrize("seconds", [0, 59, 60])
def test_a_dose_is_undone_within_a_minute(order: Order, nurse: User, seconds: int) -> None:
    lot = stocked.lot(order.participant.site)
    saved = record_dose(order, slot_at=at(8), given=given(order, lot=lot), by=nurse)
    with time_machine.travel(at(9, 42) + dt.timedelta(seconds=seconds), tick=False):
        undo_dose(saved, by=nurse)
        with pytest.raises(Refused, match="in error already"):
            undo_dose(saved, by=nurse)
    saved.refresh_from_db()
    assert (saved.retracted_by, balances([lot])[lot.pk]) == (nurse, 20)
    last = AuditEntry.objects.filter(model="dosing.administration").latest("pk")
    assert last.reason == UNDONE

    record_dose(order, slot_at=at(8), given=given(order, lot=lot), by=nurse)
    assert Administration.objects.in_force().count() == 1
    assert balances([lot])[lot.pk] == 19


def test_after_a_minute_nothing_is_undone(order: Order, nurse: User) -> None:
    saved = factories.dose(order, at(8))
    with (
        time_machine.travel(at(9, 43) + dt.timedelta(seconds=1), tick=False),
        pytest.raises(Refused, match="for a minute"),
    ):
        undo_dose(saved, by=nurse)


def test_nobody_else_undoes_and_nothing_that_was_changed(order: Order, nurse: User) -> None:
    saved = factories.dose(order, at(8))
    other = factories.user(Role.NURSE, order.participant.site, username="nurse-2")
    with pytest.raises(Refused, match="Only who recorded"):
        undo_dose(saved, by=other)
    correct_dose(saved, given=given(order), reason="Time", version=1, by=nurse)
    with pytest.raises(Refused, match="Only who recorded"):
        undo_dose(saved, by=nurse)


# --- entered in error -----------------------------------------------------------------------------


@pytest.mark.requirement("R04")
def test_a_dose_in_error_needs_a_reason_and_the_version_seen(order: Order, nurse: User) -> None:
    saved = factories.dose(order, at(8))
    with pytest.raises(ReasonRequired):
        retract_dose(saved, reason=" ", version=1, by=nurse)
    with pytest.raises(StaleRecord):
        retract_dose(saved, reason="Wrong participant", version=7, by=nurse)
    retract_dose(saved, reason="Wrong participant", version=1, by=nurse)
    with pytest.raises(Refused, match="in error already"):
        retract_dose(saved, reason="Again", version=2, by=nurse)
    with pytest.raises(Refused, match="in error already"):
        correct_dose(saved, given=given(order), reason="No", version=2, by=nurse)
    assert saved.history.count() == 2


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", NOT_NURSES)
def test_only_the_nurse_takes_back(order: Order, staff: Staff, role: Role) -> None:
    saved = factories.dose(order, at(8))
    with pytest.raises(PermissionDenied):
        retract_dose(saved, reason="No", version=1, by=staff[role])
    with pytest.raises(PermissionDenied):
        undo_dose(saved, by=staff[role])


# --- day 0 and withdrawal (ADR 23) ----------------------------------------------------------------


@pytest.mark.requirement("R10")
def test_without_its_only_dose_nobody_is_on_treatment(order: Order, nurse: User) -> None:
    only = factories.dose(order, at(8))
    retract_dose(only, reason="Wrong participant", version=1, by=nurse)
    participant = Participant.objects.get(pk=order.participant_id)
    assert (participant.state, participant.day0_at) == (State.ALLOCATED, None)
    last = Move.objects.filter(participant=participant).latest("pk")
    assert (last.before, last.after, last.by) == (State.ON_TREATMENT, State.ALLOCATED, nurse)
    [(_, schedule)] = schedules([participant])
    assert schedule.visits == ()  # nothing is due from a day 0 that was none

    with time_machine.travel(at(9, day=19), tick=False):
        factories.dose(order, at(8, day=19))
    participant.refresh_from_db()
    assert (participant.state, participant.day0_at) == (State.ON_TREATMENT, at(8, day=19))
    assert participant.visits.get(code="D7").target == dt.date(2026, 3, 26)


def test_a_visit_that_happened_outlives_a_first_dose_that_did_not(
    order: Order, nurse: User
) -> None:
    only = factories.dose(order, at(8))
    coordinator = factories.user(Role.COORDINATOR, order.participant.site)
    day = dt.date(2026, 3, 18)
    record_visit(order.participant.visits.get(code="D0"), done_on=day, by=coordinator)
    retract_dose(only, reason="Wrong participant", version=1, by=nurse)
    participant = Participant.objects.get(pk=order.participant_id)
    [(_, schedule)] = schedules([participant])
    assert schedule.visits == ()
    assert participant.visits.get(code="D0").done_on == day


def test_results_lose_their_baseline_with_the_first_dose(
    order: Order, nurse: User, blood: Blood
) -> None:
    """DOMAIN 8: creatinine 95 of a baseline of 60 is grade 2; without a baseline it has none."""
    blood(order.participant, creatinine="60")
    only = factories.dose(order, at(8))
    blood(order.participant, collected_at=at(9), creatinine="95")
    later = order.participant.results.get(analyte="creatinine", collected_at=at(9))
    assert later.grade == 2
    retract_dose(only, reason="Wrong participant", version=1, by=nurse)
    later.refresh_from_db()
    assert later.grade != 2


def test_the_last_dose_before_a_withdrawal_stands(order: Order, nurse: User) -> None:
    only = factories.dose(order, at(8))
    factories.withdrawn(order.participant)
    only.refresh_from_db()
    with pytest.raises(Refused, match="withdrawn after this dose"):
        retract_dose(only, reason="Wrong participant", version=only.version, by=nurse)
    assert Participant.objects.get(pk=order.participant_id).state == State.FOLLOW_UP


def test_a_dose_after_the_decision_moves_no_withdrawal(order: Order, nurse: User) -> None:
    factories.dose(order, at(8))
    factories.withdrawn(order.participant)
    with time_machine.travel(at(9, day=20), tick=False):
        unplanned(order.participant, nurse, given=whole("300", at(8, day=20)))
    participant = Participant.objects.get(pk=order.participant_id)
    assert participant.withdrawn_on == dt.date(2026, 3, 18)
