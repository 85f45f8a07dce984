"""Recording and correcting doses: once a slot, and never a real one refused."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from dosing.actions.doses import correct_dose, record_dose
from dosing.actions.orders import order_drug
from dosing.checks import Given
from dosing.models import Administration, DrugChoice, Order
from enrollment.models import Participant
from enrollment.states import State
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import NeedsConfirmation, Refused
from oversight.trail import AuditAction, AuditEntry
from tests import factories
from tests.dosing.conftest import Blood, at
from trial_site.models import Site, User
from trial_site.roles import Role

Staff = dict[Role, User]
Status, Reason = Administration.Status, Administration.Reason
NOT_NURSES = sorted(set(Role) - {Role.NURSE, Role.SYSTEM})


def given(order: Order, **changes: Any) -> Given:
    return Given(**({"status": Status.GIVEN, "amount": order.amount, "at": at(8, 6)} | changes))


def not_given(why: str = Reason.LAB_HOLD) -> Given:
    return Given(Status.NOT_GIVEN, Decimal(0), why=why)


# --- recording --------------------------------------------------------------------------------


@pytest.mark.requirement("R01")
def test_a_dose_is_kept_as_it_was_given_and_audited(order: Order, staff: Staff) -> None:
    saved = record_dose(order, slot_at=at(8), given=given(order), by=staff[Role.NURSE])

    saved = Administration.objects.get(pk=saved.pk)
    assert (saved.status, saved.amount, saved.unit) == (Status.GIVEN, Decimal("300"), "mg")
    assert (saved.slot_at, saved.given_at, saved.warnings) == (at(8), at(8, 6), [])
    entry = AuditEntry.objects.get(model="dosing.administration")
    assert (entry.action, entry.actor, entry.role) == (
        AuditAction.CREATED,
        staff[Role.NURSE],
        Role.NURSE,
    )
    assert entry.at == at(9, 42)
    assert entry.changes["given_at"] == [None, "2026-03-18T00:06:00+00:00"]


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", NOT_NURSES)
def test_only_the_nurse_records(order: Order, staff: Staff, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        record_dose(order, slot_at=at(8), given=given(order), by=staff[role])
    assert not Administration.objects.exists()


@pytest.mark.requirement("R11")
def test_a_nurse_of_another_site_records_nothing(order: Order, other_site: Site) -> None:
    stranger = factories.user(Role.NURSE, other_site)
    with pytest.raises(PermissionDenied):
        record_dose(order, slot_at=at(8), given=given(order), by=stranger)
    assert not Administration.objects.exists()


@pytest.mark.parametrize("hour", [7, 9, 20])
def test_only_planned_slots_are_recorded(order: Order, staff: Staff, hour: int) -> None:
    slot = at(hour) if hour != 20 else at(20, day=17)
    with pytest.raises(Refused, match="No dose is planned at this time"):
        record_dose(order, slot_at=slot, given=given(order), by=staff[Role.NURSE])


def test_a_slot_opens_one_hour_before_its_time(order: Order, staff: Staff) -> None:
    with time_machine.travel(at(18, 59), tick=False), pytest.raises(Refused, match="too early"):
        record_dose(order, slot_at=at(20), given=not_given(), by=staff[Role.NURSE])
    with time_machine.travel(at(19), tick=False):
        record_dose(order, slot_at=at(20), given=not_given(), by=staff[Role.NURSE])
    assert Administration.objects.get().slot_at == at(20)


def test_a_dose_of_a_past_day_is_recorded_with_its_own_time(order: Order, staff: Staff) -> None:
    late = given(order, late_reason="Entered from the paper chart")
    with time_machine.travel(at(9, day=21), tick=False):
        record_dose(order, slot_at=at(8), given=late, by=staff[Role.NURSE])
    saved = Administration.objects.get()
    assert (saved.given_at, saved.late_reason) == (at(8, 6), "Entered from the paper chart")


@pytest.mark.requirement("R05")
@pytest.mark.parametrize("when", [None, at(9, 43)])
def test_a_dose_needs_a_time_that_is_not_in_the_future(
    order: Order, staff: Staff, when: dt.datetime | None
) -> None:
    with pytest.raises(Refused, match="not in the future"):
        record_dose(order, slot_at=at(8), given=given(order, at=when), by=staff[Role.NURSE])


@pytest.mark.parametrize("status", [Status.PARTIAL, Status.NOT_GIVEN])
def test_less_than_the_whole_says_why(order: Order, staff: Staff, status: str) -> None:
    is_part = status == Status.PARTIAL
    less = Given(status, Decimal(is_part), at(8) if is_part else None)
    with pytest.raises(Refused, match="Say why"):
        record_dose(order, slot_at=at(8), given=less, by=staff[Role.NURSE])


@pytest.mark.parametrize("changes", [{"amount": Decimal(1)}, {"at": at(8)}])
def test_a_dose_not_given_has_neither_amount_nor_time(
    order: Order, staff: Staff, changes: dict[str, Any]
) -> None:
    values = {"status": Status.NOT_GIVEN, "amount": Decimal(0), "why": Reason.REFUSAL}
    with pytest.raises(Refused, match="no amount or time"):
        record_dose(order, slot_at=at(8), given=Given(**(values | changes)), by=staff[Role.NURSE])


@pytest.mark.parametrize("mg", ["0", "6000.1"])
def test_an_impossible_amount_is_refused_with_its_reason(
    order: Order, staff: Staff, mg: str
) -> None:
    with pytest.raises(Refused, match="cannot be true") as refused:
        record_dose(
            order, slot_at=at(8), given=given(order, amount=Decimal(mg)), by=staff[Role.NURSE]
        )
    assert len(refused.value.reasons) == 1


def test_a_real_overdose_is_recorded_with_what_was_asked(order: Order, staff: Staff) -> None:
    overdose = given(order, amount=Decimal("3000"))
    with pytest.raises(NeedsConfirmation) as doubt:
        record_dose(order, slot_at=at(8), given=overdose, by=staff[Role.NURSE], confirmed=False)
    assert len(doubt.value.questions) == 2  # above 600 mg, and 10 % away from the order
    assert not Administration.objects.exists()

    saved = record_dose(order, slot_at=at(8), given=overdose, by=staff[Role.NURSE])
    assert saved.amount == Decimal("3000")
    assert len(saved.warnings) == 2


def test_a_dose_given_although_a_result_holds_it_keeps_the_warning(
    order: Order, staff: Staff, blood: Blood
) -> None:
    blood(order.participant, anc="0.49", hemoglobin="112", platelets="140")
    saved = record_dose(order, slot_at=at(8), given=given(order), by=staff[Role.NURSE])
    assert [warning["params"]["value"] for warning in saved.warnings] == ["0.49\u00a0×10⁹/L"]


@pytest.mark.parametrize(("second", "asked"), [(at(15, 59), 1), (at(16), 0)])
def test_two_infusions_less_than_eight_hours_apart_are_asked_about(
    order: Order, staff: Staff, second: dt.datetime, asked: int
) -> None:
    factories.dose(order, at(8))
    with time_machine.travel(at(20), tick=False):
        early = given(order, at=second)
        saved = record_dose(order, slot_at=at(20), given=early, by=staff[Role.NURSE])
    assert len(saved.warnings) == asked


def test_il2_of_another_dose_or_at_the_same_site_is_asked_about(
    il2_order: Order, staff: Staff
) -> None:
    factories.dose(il2_order, at(8), injection_site="thigh_left")
    with time_machine.travel(at(8, day=19), tick=False):
        again = Given(Status.GIVEN, Decimal("5"), at(8, day=19), injection_site="thigh_left")
        saved = record_dose(il2_order, slot_at=at(8, day=19), given=again, by=staff[Role.NURSE])
    assert len(saved.warnings) == 2


# --- once ---------------------------------------------------------------------------------------


def test_the_same_form_records_once(order: Order, staff: Staff) -> None:
    key = uuid4()
    record_dose(order, slot_at=at(8), given=given(order), by=staff[Role.NURSE], key=key)
    with pytest.raises(AlreadyRecorded):
        record_dose(order, slot_at=at(8), given=given(order), by=staff[Role.NURSE], key=key)
    assert Administration.objects.count() == 1


def test_a_second_nurse_reads_who_recorded_it(order: Order, staff: Staff, site: Site) -> None:
    record_dose(order, slot_at=at(8), given=given(order), by=staff[Role.NURSE], key=uuid4())
    second = factories.user(Role.NURSE, site, username="nurse-two")
    with pytest.raises(Refused) as refused:
        record_dose(order, slot_at=at(8), given=not_given(), by=second, key=uuid4())
    assert (
        str(refused.value.message) == "Recorded already by nurse-pku at 09:42. Given: 300\u00a0mg."
    )
    assert Administration.objects.get().status == Status.GIVEN


def test_a_slot_recorded_under_the_old_order_is_not_given_again_under_the_new(
    order: Order, staff: Staff
) -> None:
    factories.dose(order, at(8))
    new = order_drug(
        order.participant,
        drug=DrugChoice.GANCICLOVIR,
        amount=Decimal("150"),
        frequency="q12h",
        starts_at=at(8),
        change_reason="Clearance",
        departure_reason="Clearance",
        by=staff[Role.INVESTIGATOR],
    )
    with pytest.raises(Refused, match="Recorded already by nurse-pku"):
        record_dose(new, slot_at=at(8), given=given(new), by=staff[Role.NURSE])


# --- day 0 --------------------------------------------------------------------------------------


@pytest.mark.requirement("R10")
def test_the_first_ganciclovir_is_day_0(order: Order, il2_order: Order, staff: Staff) -> None:
    participant = order.participant
    factories.dose(il2_order, at(8), injection_site="arm_left")
    participant.refresh_from_db()
    assert (participant.day0_at, participant.state) == (None, State.ALLOCATED)

    record_dose(order, slot_at=at(8), given=given(order), by=staff[Role.NURSE])
    participant.refresh_from_db()
    assert (participant.day0_at, participant.state) == (at(8, 6), State.ON_TREATMENT)
    assert participant.visits.get(code="D7").target == dt.date(2026, 3, 25)


def test_a_dose_not_given_is_no_day_0(order: Order, staff: Staff) -> None:
    record_dose(order, slot_at=at(8), given=not_given(), by=staff[Role.NURSE])
    order.participant.refresh_from_db()
    assert order.participant.day0_at is None


def test_a_part_of_a_dose_is_day_0(order: Order, staff: Staff) -> None:
    part = Given(Status.PARTIAL, Decimal("180"), at(8), why=Reason.ERROR)
    record_dose(order, slot_at=at(8), given=part, by=staff[Role.NURSE])
    order.participant.refresh_from_db()
    assert order.participant.day0_at == at(8)


def test_a_late_entry_of_an_earlier_dose_moves_day_0(order: Order, staff: Staff) -> None:
    with time_machine.travel(at(20, 30), tick=False):
        factories.dose(order, at(20))
        record_dose(order, slot_at=at(8), given=given(order), by=staff[Role.NURSE])
    order.participant.refresh_from_db()
    assert order.participant.day0_at == at(8, 6)


@pytest.mark.requirement("R04")
def test_a_correction_moves_day_0_and_its_visits(order: Order, staff: Staff) -> None:
    with time_machine.travel(at(9, day=20), tick=False):
        first = factories.dose(order, at(8))
        factories.dose(order, at(8, day=19))
        correct_dose(
            first,
            given=not_given(Reason.ABSENT),
            reason="Wrong participant",
            version=first.version,
            by=staff[Role.NURSE],
        )
    participant = Participant.objects.get(pk=order.participant_id)
    assert participant.day0_at == at(8, day=19)
    assert participant.visits.get(code="D7").target == dt.date(2026, 3, 26)


@pytest.mark.requirement("R04")
def test_without_its_only_dose_a_participant_waits_for_the_first_again(
    order: Order, staff: Staff
) -> None:
    only = factories.dose(order, at(8))
    correct_dose(
        only, given=not_given(), reason="Not so", version=only.version, by=staff[Role.NURSE]
    )
    participant = Participant.objects.get(pk=order.participant_id)
    assert (participant.day0_at, participant.state) == (None, State.ALLOCATED)


@pytest.mark.requirement("R10")
def test_a_first_dose_after_the_participation_ended_is_refused_in_words(
    order: Order, staff: Staff
) -> None:
    factories.withdraw(order.participant)
    with pytest.raises(Refused, match="The participation ended"):
        record_dose(order, slot_at=at(8), given=given(order), by=staff[Role.NURSE])
    assert not Administration.objects.exists()


# --- correcting -----------------------------------------------------------------------------------


@pytest.fixture
def dose(order: Order) -> Administration:
    return factories.dose(order, at(8))


@pytest.mark.requirement("R01")
@pytest.mark.requirement("R04")
def test_a_correction_keeps_both_values_and_the_reason(dose: Administration, staff: Staff) -> None:
    changed = given(dose.order, status=Status.PARTIAL, amount=Decimal("180"), why=Reason.ERROR)
    correct_dose(dose, given=changed, reason="Stopped at 60 %", version=1, by=staff[Role.NURSE])

    dose.refresh_from_db()
    assert (dose.status, dose.amount, dose.version) == (Status.PARTIAL, Decimal("180"), 2)
    entry = AuditEntry.objects.get(model="dosing.administration", action=AuditAction.CHANGED)
    assert entry.reason == "Stopped at 60 %"
    assert entry.changes["amount"] == ["300", "180"]
    assert entry.changes["status"] == ["given", "partial"]
    assert dose.history.count() == 2


@pytest.mark.requirement("R04")
@pytest.mark.parametrize("reason", ["", "  "])
def test_a_correction_without_a_reason_changes_nothing(
    dose: Administration, staff: Staff, reason: str
) -> None:
    with pytest.raises(ReasonRequired):
        correct_dose(
            dose,
            given=given(dose.order, amount=Decimal("180")),
            reason=reason,
            version=1,
            by=staff[Role.NURSE],
        )
    dose.refresh_from_db()
    assert (dose.amount, dose.version) == (Decimal("300"), 1)


def test_a_correction_of_an_older_version_is_stale(dose: Administration, staff: Staff) -> None:
    correct_dose(dose, given=given(dose.order), reason="Time", version=1, by=staff[Role.NURSE])
    with pytest.raises(StaleRecord) as stale:
        correct_dose(
            dose,
            given=given(dose.order, at=at(8, 30)),
            reason="Time",
            version=1,
            by=staff[Role.NURSE],
        )
    assert stale.value.record.given_at == at(8, 6)  # type: ignore[attr-defined]


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", NOT_NURSES)
def test_only_the_nurse_corrects(dose: Administration, staff: Staff, role: Role) -> None:
    with pytest.raises(PermissionDenied):
        correct_dose(dose, given=given(dose.order), reason="Time", version=1, by=staff[role])


@pytest.mark.requirement("R11")
def test_a_nurse_of_another_site_corrects_nothing(dose: Administration, other_site: Site) -> None:
    stranger = factories.user(Role.NURSE, other_site)
    with pytest.raises(PermissionDenied):
        correct_dose(dose, given=given(dose.order), reason="Time", version=1, by=stranger)
    assert dose.history.count() == 1


def test_a_correction_is_asked_about_as_an_entry_is(dose: Administration, staff: Staff) -> None:
    doubtful = given(dose.order, amount=Decimal("331"))
    with pytest.raises(NeedsConfirmation):
        correct_dose(
            dose,
            given=doubtful,
            reason="Pump",
            version=1,
            by=staff[Role.NURSE],
            confirmed=False,
        )
    within = given(dose.order, amount=Decimal("330"))
    correct_dose(
        dose, given=within, reason="Pump", version=1, by=staff[Role.NURSE], confirmed=False
    )
    dose.refresh_from_db()
    assert dose.amount == Decimal("330")
