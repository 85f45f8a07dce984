"""Body weights: who weighs, what is asked, refused, corrected and taken back."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from dosing.actions.weights import correct_weight, record_weight, retract_weight
from dosing.models import BodyWeight
from enrollment.models import Participant
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import NeedsConfirmation, Refused
from oversight.trail import AuditAction, AuditEntry
from tests import factories
from tests.dosing.conftest import at
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.roles import Role

Staff = dict[Role, User]
WEIGHERS = [Role.COORDINATOR, Role.INVESTIGATOR, Role.NURSE]
OTHERS = sorted(set(Role) - {*WEIGHERS, Role.SYSTEM})


@pytest.fixture
def nurse(staff: Staff) -> User:
    return staff[Role.NURSE]


@pytest.fixture
def saved(participant: Participant, nurse: User) -> BodyWeight:
    return weigh(participant, nurse)


def weigh(participant: Participant, by: User, kg: str = "62.5", **changes: Any) -> BodyWeight:
    values = {"measured_at": at(7), "confirmed": False}
    return record_weight(participant, kg=Decimal(kg), by=by, **values | changes)


@pytest.mark.requirement("R01")
@pytest.mark.parametrize("role", WEIGHERS)
def test_a_weight_is_kept_and_audited(participant: Participant, staff: Staff, role: Role) -> None:
    weigh(participant, staff[role])
    row = BodyWeight.objects.get()
    assert (row.kg, row.measured_at, row.warnings) == (Decimal("62.5"), at(7), [])
    entry = AuditEntry.objects.get(model="dosing.bodyweight")
    assert (entry.action, entry.role) == (AuditAction.CREATED, role)


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_weighs(
    participant: Participant, staff: Staff, saved: BodyWeight, role: Role
) -> None:
    by = staff[role]
    with pytest.raises(PermissionDenied):
        weigh(participant, by, measured_at=at(8))
    with pytest.raises(PermissionDenied):
        correct_weight(saved, kg=Decimal(61), measured_at=at(7), reason="x", version=1, by=by)
    with pytest.raises(PermissionDenied):
        retract_weight(saved, reason="x", version=1, by=by)


@pytest.mark.requirement("R11")
def test_a_nurse_of_another_site_finds_no_participant(
    participant: Participant, other_site: Site
) -> None:
    with pytest.raises(PermissionDenied):
        weigh(participant, factories.user(Role.NURSE, other_site))


@pytest.mark.parametrize("kg", ["19.9", "300.1", "0"])
def test_an_impossible_weight_is_refused(participant: Participant, nurse: User, kg: str) -> None:
    with pytest.raises(Refused, match="impossible"):
        weigh(participant, nurse, kg, confirmed=True)
    assert not BodyWeight.objects.exists()


@pytest.mark.parametrize("kg", ["20", "34.9", "120.1", "300"])
def test_an_unusual_weight_is_asked_about_and_the_question_kept(
    participant: Participant, nurse: User, kg: str
) -> None:
    with pytest.raises(NeedsConfirmation) as doubt:
        weigh(participant, nurse, kg)
    ((field, question),) = doubt.value.questions
    assert field == "kg"
    row = weigh(participant, nurse, kg, confirmed=True)
    assert [Message.from_json(warning) for warning in row.warnings] == [question]


@pytest.mark.parametrize("kg", ["35", "120"])
def test_a_weight_at_the_limit_is_ordinary(participant: Participant, nurse: User, kg: str) -> None:
    assert weigh(participant, nurse, kg).warnings == []


def test_nobody_was_weighed_in_the_future(participant: Participant, nurse: User) -> None:
    with pytest.raises(Refused, match="not in the future"):
        weigh(participant, nurse, measured_at=at(9, 43))
    weigh(participant, nurse, measured_at=at(9, 42))


def test_one_weight_a_moment(saved: BodyWeight, nurse: User) -> None:
    with pytest.raises(Refused, match="recorded already"):
        weigh(saved.participant, nurse, "61")
    weigh(saved.participant, nurse, "61", measured_at=at(7, 1))


def test_the_same_form_weighs_once(participant: Participant, nurse: User) -> None:
    key = uuid4()
    weigh(participant, nurse, key=key)
    with pytest.raises(AlreadyRecorded):
        weigh(participant, nurse, key=key)


# --- correcting -------------------------------------------------------------------------------


def correct(
    saved: BodyWeight,
    by: User,
    *,
    kg: str = "61",
    reason: str = "Shoes",
    version: int = 1,
    measured_at: dt.datetime | None = None,
) -> BodyWeight:
    return correct_weight(
        saved,
        kg=Decimal(kg),
        measured_at=measured_at or at(7),
        reason=reason,
        version=version,
        by=by,
        confirmed=False,
    )


@pytest.mark.requirement("R04")
def test_a_correction_keeps_both_values_and_its_reason(saved: BodyWeight, nurse: User) -> None:
    assert correct(saved, nurse).kg == Decimal("61")
    change = AuditEntry.objects.get(model="dosing.bodyweight", action=AuditAction.CHANGED)
    assert (change.changes["kg"], change.reason) == (["62.5", "61"], "Shoes")


@pytest.mark.requirement("R04")
def test_a_correction_needs_a_reason_and_the_version_it_was_opened_on(
    saved: BodyWeight, nurse: User
) -> None:
    with pytest.raises(ReasonRequired):
        correct(saved, nurse, reason=" ")
    correct(saved, nurse)
    with pytest.raises(StaleRecord):
        correct(saved, nurse, kg="60")


def test_a_correction_asks_and_refuses_as_an_entry_does(saved: BodyWeight, nurse: User) -> None:
    with pytest.raises(NeedsConfirmation):
        correct(saved, nurse, kg="34")
    with pytest.raises(Refused, match="not in the future"):
        correct(saved, nurse, measured_at=at(10))
    weigh(saved.participant, nurse, "63", measured_at=at(8))
    with pytest.raises(Refused, match="recorded already"):
        correct(saved, nurse, measured_at=at(8))


# --- entered in error -------------------------------------------------------------------------


@pytest.mark.requirement("R04")
def test_a_weight_entered_in_error_stays_to_be_read_and_frees_its_moment(
    saved: BodyWeight, nurse: User
) -> None:
    with pytest.raises(ReasonRequired):
        retract_weight(saved, reason="", version=1, by=nurse)
    gone = retract_weight(saved, reason="Other patient", version=1, by=nurse)
    assert (gone.retracted_at, gone.retracted_by) == (at(9, 42), nurse)
    assert BodyWeight.objects.count() == 1
    weigh(saved.participant, nurse, "61")
    for again in (
        lambda: retract_weight(saved, reason="Again", version=2, by=nurse),
        lambda: correct(saved, nurse, version=2),
    ):
        with pytest.raises(Refused, match="entered in error"):
            again()
