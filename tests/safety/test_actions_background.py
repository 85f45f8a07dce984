"""Concomitant medication and medical history: recorded, stopped, corrected, taken back."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import translation

from enrollment.models import Participant
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import NeedsConfirmation, Refused
from oversight.trail import AuditEntry
from safety.actions.history import Disease, correct_history, record_history
from safety.actions.medication import (
    Medicine,
    correct_medication,
    record_medication,
    stop_medication,
)
from safety.actions.records import mark_in_error
from safety.models import ConcomitantMedication, MedicalHistory
from safety.permissions import RECORD_BACKGROUND
from tests import factories
from tests.safety.conducted import day
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db
RECORDERS = {Role.COORDINATOR, Role.INVESTIGATOR}


@pytest.fixture
def coordinator(site: Site) -> User:
    return factories.user(Role.COORDINATOR, site)


@pytest.fixture
def participant(site: Site) -> Participant:
    return factories.enrolled(site)


@pytest.fixture
def medication(participant: Participant, coordinator: User) -> ConcomitantMedication:
    return taken(participant, coordinator)


@pytest.fixture
def history(participant: Participant, coordinator: User) -> MedicalHistory:
    return had(participant, coordinator)


def paracetamol(**changes: Any) -> Medicine:
    told = Medicine(
        name="Paracetamol",
        route="oral",
        indication="Headache",
        amount=Decimal("500"),
        unit="mg",
        frequency="when needed",
        started_on=day(1),
    )
    return replace(told, **changes)


def prednisone(**changes: Any) -> Medicine:
    told = {"name": "Prednisone", "agent": "prednisone", "amount": Decimal("20"), "every_days": 1}
    return paracetamol(**told | changes)


def taken(
    participant: Participant,
    by: User,
    medicine: Medicine | None = None,
    *,
    confirmed: bool = True,
    **changes: Any,
) -> ConcomitantMedication:
    told = medicine or paracetamol(**changes)
    return record_medication(participant, medicine=told, by=by, confirmed=confirmed, key=uuid4())


def asked(participant: Participant, by: User, medicine: Medicine) -> list[tuple[str, str]]:
    """What is asked before it is saved; nothing where it is saved at once."""
    try:
        taken(participant, by, medicine, confirmed=False)
    except NeedsConfirmation as doubt:
        return [(name, str(message)) for name, message in doubt.questions]
    return []


# --- medicines -----------------------------------------------------------------------------------


def test_a_medicine(medication: ConcomitantMedication, coordinator: User) -> None:
    assert (medication.name, medication.amount, medication.unit) == ("Paracetamol", 500, "mg")
    assert (medication.started_on, medication.ended_on) == (day(1), None)
    assert (medication.interactions, medication.recorded_by) == ([], coordinator)
    assert AuditEntry.objects.filter(model="safety.concomitantmedication").count() == 1


def test_an_ordinary_medicine_asks_nothing(participant: Participant, coordinator: User) -> None:
    assert asked(participant, coordinator, paracetamol()) == []
    assert ConcomitantMedication.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("TIENAM (imipenem)", "Imipenem: Seizures"),
        ("吗替麦考酚酯", "Mycophenolate: Both may reach"),
        ("Zidovudine", "Zidovudine: Adds to the harm"),
        ("Tacrolimus", "Tacrolimus: Harms the kidneys"),
    ],
)
def test_a_medicine_that_matters_warns_at_its_name_and_is_kept(
    participant: Participant, coordinator: User, name: str, warning: str
) -> None:
    told = paracetamol(name=name)
    [(field, text)] = asked(participant, coordinator, told)
    assert field == "name"
    assert text.startswith(warning)
    assert not ConcomitantMedication.objects.exists()

    saved = taken(participant, coordinator, told)
    assert [str(row["params"]["name"]["text"]) for row in saved.interactions] == [
        warning.partition(":")[0]
    ]


def test_a_warning_that_was_answered_is_not_asked_again(
    participant: Participant, coordinator: User
) -> None:
    saved = taken(participant, coordinator, name="Imipenem")
    again = corrected(saved, coordinator, paracetamol(name="Imipenem"), confirmed=False)
    assert len(again.interactions) == 1
    with pytest.raises(NeedsConfirmation):
        corrected(again, coordinator, paracetamol(name="Tacrolimus"), confirmed=False)
    other = corrected(again, coordinator, paracetamol(name="Meropenem"))
    assert other.interactions == []


@pytest.mark.parametrize(
    ("mg", "every_days", "is_asked"),
    [("100", 1, False), ("100.1", 1, True), ("200", 2, False), ("500", 1, True)],
)
def test_an_unusual_corticosteroid_dose_is_asked_about(
    participant: Participant, coordinator: User, mg: str, every_days: int, is_asked: bool
) -> None:
    told = prednisone(amount=Decimal(mg), every_days=every_days)
    found = asked(participant, coordinator, told)
    assert [name for name, _ in found] == (["amount"] if is_asked else [])


def test_a_corticosteroid_by_name_only_asks_for_its_agent(
    participant: Participant, coordinator: User
) -> None:
    named = paracetamol(name="Methylprednisolone 40 mg tablets")
    [(field, text)] = asked(participant, coordinator, named)
    assert field == "agent"
    assert "its dose is not counted" in text
    assert asked(participant, coordinator, prednisone()) == []


def test_a_chinese_name_of_a_corticosteroid_is_known_to_a_chinese_reader(
    participant: Participant, coordinator: User
) -> None:
    with translation.override("zh-hans"):
        chinese = str(translation.gettext("Dexamethasone"))
        found = asked(participant, coordinator, paracetamol(name=chinese))
    assert chinese != "Dexamethasone"
    assert [name for name, _ in found] == ["agent"]


@pytest.mark.parametrize(
    "changes",
    [
        {"agent": "nonsense"},
        {"amount": None},
        {"amount": Decimal("-1")},
        {"unit": "g"},
        {"unit": ""},
        {"every_days": None},
        {"every_days": 3},  # a longer cycle would average a pulse away
    ],
)
def test_a_corticosteroid_that_cannot_be_read_is_refused(
    participant: Participant, coordinator: User, changes: dict[str, Any]
) -> None:
    with pytest.raises(Refused):
        taken(participant, coordinator, prednisone(**changes))
    assert not ConcomitantMedication.objects.exists()


def test_no_corticosteroid_is_a_dose_of_nothing(
    participant: Participant, coordinator: User
) -> None:
    assert taken(participant, coordinator, prednisone(amount=Decimal(0))).amount == 0


def test_days_in_the_future_are_refused(participant: Participant, coordinator: User) -> None:
    for changes in ({"started_on": day(-1)}, {"ended_on": day(-1)}):
        with pytest.raises(Refused):
            taken(participant, coordinator, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"started_on": None},
        {"started_before": True},  # and a day beside it
        {"unit": ""},
        {"route": "by magic"},
        {"name": ""},
    ],
)
def test_what_does_not_fit_together_is_refused(
    participant: Participant, coordinator: User, changes: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        taken(participant, coordinator, **changes)


def test_an_end_before_the_start_is_refused(participant: Participant, coordinator: User) -> None:
    with pytest.raises(ValidationError):
        taken(participant, coordinator, ended_on=day(2))
    assert taken(participant, coordinator, ended_on=day(1)).ended_on == day(1)


def test_nothing_begins_after_the_consent_was_withdrawn(
    participant: Participant, coordinator: User
) -> None:
    factories.withdraw(participant)
    assert taken(participant, coordinator).pk  # of the day before
    medication = taken(participant, coordinator, name="Ibuprofen", started_on=day(0))
    assert medication.started_on == day(0)  # the day itself cannot be told from the moment


def test_a_form_sent_twice_saves_once(participant: Participant, coordinator: User) -> None:
    key = uuid4()
    record_medication(participant, medicine=paracetamol(), by=coordinator, key=key)
    with pytest.raises(AlreadyRecorded):
        record_medication(participant, medicine=paracetamol(), by=coordinator, key=key)
    assert ConcomitantMedication.objects.count() == 1


# --- stopped, corrected, taken back --------------------------------------------------------------


def stopped(medication: ConcomitantMedication, by: User, **changes: Any) -> ConcomitantMedication:
    values: dict[str, Any] = {"ended_on": day(0), "version": medication.version}
    return stop_medication(medication, by=by, **values | changes)


def corrected(
    medication: ConcomitantMedication, by: User, medicine: Medicine | None = None, **changes: Any
) -> ConcomitantMedication:
    values: dict[str, Any] = {"reason": "Read again", "version": medication.version}
    told = medicine or paracetamol(amount=Decimal("1000"))
    return correct_medication(medication, medicine=told, by=by, **values | changes)


def marked(record: Any, by: User, **changes: Any) -> Any:
    values: dict[str, Any] = {"reason": "Another participant’s", "version": record.version}
    return mark_in_error(record, allowed=RECORD_BACKGROUND, by=by, **values | changes)


def test_a_medicine_is_stopped_once(medication: ConcomitantMedication, coordinator: User) -> None:
    found = stopped(medication, coordinator)
    assert found.ended_on == day(0)
    with pytest.raises(Refused):
        stopped(found, coordinator)


def test_what_stopping_refuses(medication: ConcomitantMedication, coordinator: User) -> None:
    with pytest.raises(Refused):
        stopped(medication, coordinator, ended_on=day(-1))
    with pytest.raises(ValidationError):
        stopped(medication, coordinator, ended_on=day(2))
    with pytest.raises(StaleRecord):
        stopped(medication, coordinator, version=7)


def test_a_correction_keeps_both_values(
    medication: ConcomitantMedication, coordinator: User
) -> None:
    found = corrected(medication, coordinator)
    assert found.amount == 1000
    entry = AuditEntry.objects.filter(model="safety.concomitantmedication").latest("pk")
    assert (entry.reason, entry.changes["amount"]) == ("Read again", ["500", "1000"])
    with pytest.raises(ReasonRequired):
        corrected(found, coordinator, reason=" ")
    with pytest.raises(StaleRecord):
        corrected(medication, coordinator)


def test_what_is_in_error_is_history(medication: ConcomitantMedication, coordinator: User) -> None:
    found = marked(medication, coordinator)
    assert ConcomitantMedication.objects.in_force().count() == 0
    for act in (stopped, corrected, marked):
        with pytest.raises(Refused):
            act(found, coordinator)


# --- history -------------------------------------------------------------------------------------


def had(participant: Participant, by: User, **changes: Any) -> MedicalHistory:
    told = Disease(term="Appendicectomy", began_on=day(900), ended_on=day(898))
    return record_history(participant, disease=replace(told, **changes), by=by, key=uuid4())


def revised(history: MedicalHistory, by: User, **changes: Any) -> MedicalHistory:
    values: dict[str, Any] = {"reason": "Read again", "version": history.version}
    told = Disease(term="Hypertension", is_ongoing=True)
    return correct_history(history, disease=told, by=by, **values | changes)


def test_a_disease_from_before_the_trial(history: MedicalHistory, coordinator: User) -> None:
    assert (history.term, history.is_ongoing) == ("Appendicectomy", False)
    assert history.recorded_by == coordinator


@pytest.mark.parametrize("changes", [{"ended_days_ago": 901}, {"is_ongoing": True}])
def test_a_history_that_does_not_fit_together(
    participant: Participant, coordinator: User, changes: dict[str, Any]
) -> None:
    told = dict(changes)
    if days_ago := told.pop("ended_days_ago", None):
        told["ended_on"] = day(days_ago)
    with pytest.raises(ValidationError):
        had(participant, coordinator, **told)


def test_a_history_of_tomorrow_is_refused(participant: Participant, coordinator: User) -> None:
    with pytest.raises(Refused):
        had(participant, coordinator, began_on=day(-1), ended_on=None)


def test_a_history_is_corrected_and_taken_back(history: MedicalHistory, coordinator: User) -> None:
    found = revised(history, coordinator)
    assert (found.term, found.began_on, found.is_ongoing) == ("Hypertension", None, True)
    with pytest.raises(ReasonRequired):
        revised(found, coordinator, reason="")
    with pytest.raises(StaleRecord):
        revised(history, coordinator)
    gone = marked(found, coordinator)
    with pytest.raises(Refused):
        revised(gone, coordinator)


# --- who may -------------------------------------------------------------------------------------

Act = Callable[[Participant, ConcomitantMedication, MedicalHistory, User], object]
ACTS: dict[str, Act] = {
    "take": lambda who, _m, _h, by: taken(who, by),
    "stop": lambda _who, medication, _h, by: stopped(medication, by),
    "correct": lambda _who, medication, _h, by: corrected(medication, by),
    "mark": lambda _who, medication, _h, by: marked(medication, by),
    "have": lambda who, _m, _h, by: had(who, by),
    "revise": lambda _who, _m, history, by: revised(history, by),
    "mark history": lambda _who, _m, history, by: marked(history, by),
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_who_may_do_what(
    participant: Participant,
    medication: ConcomitantMedication,
    history: MedicalHistory,
    staff: dict[Role, User],
    act: str,
    role: Role,
) -> None:
    if role in RECORDERS:
        ACTS[act](participant, medication, history, staff[role])
        return
    with pytest.raises(PermissionDenied):
        ACTS[act](participant, medication, history, staff[role])


@pytest.mark.parametrize("act", ACTS)
def test_nobody_at_another_site(
    participant: Participant,
    medication: ConcomitantMedication,
    history: MedicalHistory,
    other_site: Site,
    act: str,
) -> None:
    foreigner = factories.user(Role.COORDINATOR, other_site)
    with pytest.raises(PermissionDenied):
        ACTS[act](participant, medication, history, foreigner)
