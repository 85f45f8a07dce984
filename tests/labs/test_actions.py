"""Entering and correcting results: what is kept, what is asked, what is refused."""

import datetime as dt
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied

from enrollment.models import Participant
from labs.actions import Entry, Sample, correct_result, record_cytotoxicity, record_results
from labs.models import CytotoxicityAssay, Result, ResultStatus, Specimen
from labs.rules.numbers import rounded
from labs.rules.wells import Well, WellKind
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import NeedsConfirmation, Refused
from oversight.trail import AuditAction, AuditEntry
from tests import factories
from tests.labs.examples import (
    BASELINE,
    DAY_7,
    entered,
    hours_ago,
    pcr,
    plated,
    safety,
    sample,
    wells,
)
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db

NOT_THE_LABORATORY = sorted(PEOPLE - {Role.LAB})


def audit(record: Result | CytotoxicityAssay) -> list[AuditEntry]:
    entries = AuditEntry.objects.filter(model=record._meta.label_lower, object_id=str(record.pk))
    return list(entries.order_by("sequence"))


# --- entering ---------------------------------------------------------------------------------


@pytest.mark.requirement("R01")
def test_a_result_is_kept_as_printed_and_audited(participant: Participant, lab: User) -> None:
    entry = pcr("52000", lod="200", lloq="500")
    received = hours_ago(3)
    taken = Sample(Specimen.Kind.PLASMA, hours_ago(4), received)
    (saved,) = record_results(participant, sample=taken, entries=[entry], by=lab)

    result = Result.objects.get(pk=saved.pk)
    assert (result.operator, result.value, result.unit) == ("=", Decimal("52000"), "copies/mL")
    assert (result.lod, result.lloq, result.uloq) == (Decimal("200"), Decimal("500"), None)
    assert result.canonical_value == Decimal("52000")
    assert (result.collected_at, result.specimen.received_at) == (taken.collected_at, received)
    assert result.status == ResultStatus.FINAL
    (first,) = audit(result)
    assert (first.action, first.actor, first.role) == (AuditAction.CREATED, lab, Role.LAB)
    assert first.changes["value"] == [None, "52000"]
    assert first.chain_id == f"participant:{participant.pk}"


@pytest.mark.parametrize(("operator", "value"), [("<", "500"), (">", "9100000"), ("ND", None)])
def test_a_qualified_result_keeps_its_qualifier_and_invents_no_number(
    participant: Participant, operator: str, value: str | None
) -> None:
    (result,) = entered(participant, pcr(value, operator))
    assert result.operator == operator
    assert result.value == (None if value is None else Decimal(value))


def test_international_units_are_kept_and_never_converted(participant: Participant) -> None:
    (result,) = entered(participant, pcr("4100", unit="IU/mL"))
    assert (result.value, result.unit) == (Decimal("4100"), "IU/mL")
    assert result.canonical_value is None


def test_a_panel_is_converted_and_graded(participant: Participant) -> None:
    results = entered(
        participant,
        safety("anc", "0.49", "10^3/µL", lln="1.8", uln="6.3"),
        safety("hemoglobin", "7.9", "g/dL", lln="11.5"),
        safety("bilirubin", "1.2", "mg/dL", uln="1.3"),
        safety("platelets", "75", "10^9/L", lln="125"),
    )
    graded = {r.analyte: (r.canonical_value, r.grade) for r in results}
    assert graded == {
        "anc": (Decimal("0.49"), 4),
        "hemoglobin": (Decimal("79"), 3),
        "bilirubin": (Decimal("20.52"), 0),
        "platelets": (Decimal("75"), 1),
    }
    assert len({result.specimen_id for result in results}) == 1


def test_without_its_limit_a_grade_is_unknown_and_never_0(participant: Participant) -> None:
    (result,) = entered(participant, safety("platelets", "140", "10^9/L"))
    assert result.grade is None


def test_only_a_measured_number_is_graded(participant: Participant) -> None:
    (result,) = entered(participant, safety("platelets", "10", "10^9/L", "<", lln="125"))
    assert result.grade is None


def test_creatinine_is_graded_against_the_value_before_treatment(site: Site) -> None:
    treated = factories.on_treatment(site, days_ago=2)
    assert treated.day0_at is not None
    before = int((clock.now() - treated.day0_at).total_seconds() // 3600) + 2
    entered(treated, safety("creatinine", "60", "µmol/L", uln="97"), hours=before)
    (result,) = entered(treated, safety("creatinine", "95", "µmol/L", uln="97"))
    assert result.grade == 2  # 1.58 × baseline, though within normal: DOMAIN 8


# --- questions and refusals -------------------------------------------------------------------


@pytest.mark.requirement("R07")
def test_a_doubtful_value_is_asked_about_and_the_question_is_kept(
    participant: Participant, lab: User
) -> None:
    entries = [pcr("21000000")]
    with pytest.raises(NeedsConfirmation) as doubt:
        record_results(participant, sample=sample(), entries=entries, by=lab)
    ((analyte, question),) = doubt.value.questions
    assert analyte == "cmv_dna"
    assert "at most 10,000,000" in question.render()
    assert not Specimen.objects.exists()

    (result,) = record_results(
        participant, sample=sample(), entries=entries, by=lab, confirmed=True
    )
    assert result.confirmed_checks == [question.to_json()]


def test_each_result_keeps_the_questions_about_itself_only(participant: Participant) -> None:
    anc, creatinine = entered(
        participant,
        safety("anc", "3.2", "10^9/L", lln="1.8"),
        safety("creatinine", "310", "µmol/L", uln="97"),
    )
    assert anc.confirmed_checks == []
    assert len(creatinine.confirmed_checks) == 1


@pytest.mark.parametrize("value", ["99", "10000001"])
def test_outside_the_soft_limits_asks(participant: Participant, lab: User, value: str) -> None:
    with pytest.raises(NeedsConfirmation):
        record_results(participant, sample=sample(), entries=[pcr(value)], by=lab)


@pytest.mark.parametrize("value", ["100", "10000000"])
def test_at_the_soft_limits_asks_nothing(participant: Participant, lab: User, value: str) -> None:
    (result,) = record_results(participant, sample=sample(), entries=[pcr(value)], by=lab)
    assert result.confirmed_checks == []


@pytest.mark.parametrize("value", ["0", "10000000001"])
def test_an_impossible_value_is_refused_even_when_confirmed(
    participant: Participant, lab: User, value: str
) -> None:
    with pytest.raises(Refused) as refused:
        record_results(participant, sample=sample(), entries=[pcr(value)], by=lab, confirmed=True)
    assert "impossible" in refused.value.reasons[0].render()
    assert not Specimen.objects.exists()


def test_a_specimen_from_the_future_is_refused(participant: Participant, lab: User) -> None:
    tomorrow = clock.now() + dt.timedelta(days=1)
    with pytest.raises(Refused) as refused:
        record_results(
            participant, sample=Sample("plasma", tomorrow), entries=[pcr("52000")], by=lab
        )
    assert [str(r) for r in refused.value.reasons] == [
        "a specimen cannot be collected in the future"
    ]


def test_a_specimen_received_before_it_was_collected_is_refused(
    participant: Participant, lab: User
) -> None:
    backwards = Sample("plasma", hours_ago(3), hours_ago(4))
    with pytest.raises(Refused) as refused:
        record_results(participant, sample=backwards, entries=[pcr("52000")], by=lab)
    assert [str(r) for r in refused.value.reasons] == ["collected must not be after received"]


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", NOT_THE_LABORATORY)
def test_nobody_else_enters_results(
    participant: Participant, staff: dict[Role, User], role: Role
) -> None:
    with pytest.raises(PermissionDenied):
        record_results(participant, sample=sample(), entries=[pcr("52000")], by=staff[role])
    with pytest.raises(PermissionDenied):
        record_cytotoxicity(
            participant,
            sample=sample(),
            effectors="pbmc",
            wells=wells(BASELINE),
            by=staff[role],
        )
    assert not Specimen.objects.exists()


@pytest.mark.requirement("R11")
def test_another_sites_participant_gets_no_results(stranger: Participant, lab: User) -> None:
    with pytest.raises(PermissionDenied):
        record_results(stranger, sample=sample(), entries=[pcr("52000")], by=lab)
    assert not Specimen.objects.exists()


def test_a_form_sent_twice_is_saved_once(participant: Participant, lab: User) -> None:
    key = uuid4()
    record_results(participant, sample=sample(), entries=[pcr("52000")], by=lab, key=key)
    with pytest.raises(AlreadyRecorded):
        record_results(participant, sample=sample(), entries=[pcr("52000")], by=lab, key=key)
    assert Result.objects.count() == 1


# --- correcting -------------------------------------------------------------------------------


@pytest.mark.requirement("R04")
def test_a_correction_keeps_both_values_and_the_reason(participant: Participant, lab: User) -> None:
    (result,) = entered(participant, pcr("5200"))
    correct_result(result, entry=pcr("52000"), reason="Dilution factor omitted", version=1, by=lab)

    saved = Result.objects.get(pk=result.pk)
    assert (saved.value, saved.status) == (Decimal("52000"), ResultStatus.CORRECTED)
    assert saved.canonical_value == Decimal("52000")
    _, change = audit(saved)
    assert change.changes["value"] == ["5200", "52000"]
    assert change.reason == "Dilution factor omitted"
    assert [version.value for version in saved.history.order_by("history_id")] == [
        Decimal("5200"),
        Decimal("52000"),
    ]


def test_a_correction_grades_anew(participant: Participant, lab: User) -> None:
    (result,) = entered(participant, safety("anc", "4.6", "10^9/L", lln="1.8"))
    assert result.grade == 0
    entry = safety("anc", "0.46", "10^9/L", lln="1.8")
    saved = correct_result(result, entry=entry, reason="Decimal point", version=1, by=lab)
    assert saved.grade == 4


@pytest.mark.requirement("R04")
@pytest.mark.parametrize("reason", ["", "   "])
def test_a_correction_without_a_reason_changes_nothing(
    participant: Participant, lab: User, reason: str
) -> None:
    (result,) = entered(participant, pcr("5200"))
    with pytest.raises(ReasonRequired):
        correct_result(result, entry=pcr("52000"), reason=reason, version=1, by=lab)
    assert Result.objects.get(pk=result.pk).value == Decimal("5200")
    assert len(audit(result)) == 1


def test_a_correction_of_an_older_version_is_refused(participant: Participant, lab: User) -> None:
    (result,) = entered(participant, pcr("5200"))
    correct_result(result, entry=pcr("52000"), reason="Dilution", version=1, by=lab)
    with pytest.raises(StaleRecord) as stale:
        correct_result(result, entry=pcr("5300"), reason="Misread", version=1, by=lab)
    assert isinstance(stale.value.record, Result)
    assert stale.value.record.value == Decimal("52000")
    assert Result.objects.get(pk=result.pk).value == Decimal("52000")


def test_a_correction_that_changes_nothing_is_refused(participant: Participant, lab: User) -> None:
    (result,) = entered(participant, pcr("5200", lod="200"))
    with pytest.raises(Refused):
        correct_result(result, entry=pcr("5200", lod="200"), reason="None", version=1, by=lab)
    assert Result.objects.get(pk=result.pk).status == ResultStatus.FINAL


def test_a_digit_more_is_a_change(participant: Participant, lab: User) -> None:
    (result,) = entered(participant, pcr("5200"))
    saved = correct_result(result, entry=pcr("5200.0"), reason="As printed", version=1, by=lab)
    assert str(saved.value) == "5200.0"


def test_a_doubtful_or_impossible_correction_is_asked_about_or_refused(
    participant: Participant, lab: User
) -> None:
    (result,) = entered(participant, pcr("5200"))
    with pytest.raises(NeedsConfirmation):
        correct_result(result, entry=pcr("21000000"), reason="Misread", version=1, by=lab)
    with pytest.raises(Refused):
        correct_result(result, entry=pcr("0"), reason="Misread", version=1, by=lab)
    saved = correct_result(
        result, entry=pcr("21000000"), reason="Misread", version=1, by=lab, confirmed=True
    )
    assert len(saved.confirmed_checks) == 1


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", NOT_THE_LABORATORY)
def test_nobody_else_corrects_a_result(
    participant: Participant, staff: dict[Role, User], role: Role
) -> None:
    (result,) = entered(participant, pcr("5200"))
    with pytest.raises(PermissionDenied):
        correct_result(result, entry=pcr("52000"), reason="x", version=1, by=staff[role])


@pytest.mark.requirement("R11")
def test_another_sites_result_is_not_corrected(stranger: Participant, lab: User) -> None:
    (result,) = entered(stranger, pcr("5200"))
    with pytest.raises(PermissionDenied):
        correct_result(result, entry=pcr("52000"), reason="Dilution", version=1, by=lab)


def test_a_correction_sent_twice_is_saved_once(participant: Participant, lab: User) -> None:
    (result,) = entered(participant, pcr("5200"))
    key = uuid4()

    def correct() -> None:
        correct_result(result, entry=pcr("52000"), reason="Dilution", version=1, by=lab, key=key)

    correct()
    with pytest.raises(AlreadyRecorded):
        correct()
    assert Result.objects.get(pk=result.pk).version == 2


# --- plates -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("plate", "lysis"), [(BASELINE, "20.745"), (DAY_7, "29.362")])
def test_a_plate_is_computed_by_the_protocols_formula(
    participant: Participant, plate: tuple[tuple[str, ...], ...], lysis: str
) -> None:
    assay = CytotoxicityAssay.objects.get(pk=plated(participant, plate).pk)
    assert assay.lysis is not None
    assert rounded(assay.lysis, 3) == lysis
    assert (assay.formula, assay.et_ratio, assay.protocol_version) == ("A", 25, "1.0")
    assert assay.remarks == []
    assert list(assay.typed_wells) == wells(plate)


def test_a_plate_without_its_wells_is_kept_with_the_reason(
    participant: Participant, lab: User
) -> None:
    controls = [well for well in wells(BASELINE) if well.et_ratio is None]
    assay = record_cytotoxicity(
        participant, sample=sample(), effectors="pbmc", wells=controls, by=lab
    )
    assert assay.lysis is None
    assert [str(message) for message in assay.messages] == ["wells at E:T 25:1 are needed"]


def test_an_impossible_lysis_is_refused(participant: Participant, lab: User) -> None:
    upside_down = [
        Well(WellKind.SPONTANEOUS, None, 1, Decimal(60), 9000),
        Well(WellKind.EFFECTOR, Decimal(25), 1, Decimal(5), 9000),
    ]
    with pytest.raises(Refused):
        record_cytotoxicity(
            participant, sample=sample(), effectors="pbmc", wells=upside_down, by=lab
        )
    assert not Specimen.objects.exists()


def test_a_plate_sent_twice_is_saved_once(participant: Participant, lab: User) -> None:
    key = uuid4()

    def record() -> None:
        record_cytotoxicity(
            participant,
            sample=sample(),
            effectors="pbmc",
            wells=wells(BASELINE),
            by=lab,
            key=key,
        )

    record()
    with pytest.raises(AlreadyRecorded):
        record()
    assert CytotoxicityAssay.objects.count() == 1


def test_the_same_tube_typed_on_a_second_form_is_refused(
    participant: Participant, lab: User
) -> None:
    sample = Sample("plasma", clock.now() - dt.timedelta(hours=2))
    entry = Entry("cmv_dna", "copies/mL", Decimal("9400"))
    first = record_results(participant, sample=sample, entries=[entry], by=lab)
    with pytest.raises(Refused, match="already"):
        record_results(participant, sample=sample, entries=[entry], by=lab)
    assert list(participant.results.all()) == first
    assert participant.specimens.count() == 1
