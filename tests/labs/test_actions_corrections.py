"""Corrections, final results and entries in error: what follows is computed anew, told and kept."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from enrollment.models import Participant
from labs.actions import (
    Sample,
    correct_result,
    finalise_result,
    mark_in_error,
    record_results,
)
from labs.models import Correction, Result, ResultStatus
from oversight.recording import AlreadyRecorded, ReasonRequired, recorded
from oversight.records import StaleRecord
from oversight.refusals import Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.labs.examples import entered, pcr, safety
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db

NOT_THE_LABORATORY = sorted(PEOPLE - {Role.LAB})


@pytest.fixture
def treated(site: Site) -> Participant:
    """Allocated, and first dosed at eight, twenty days ago."""
    with time_machine.travel(clock.now() - dt.timedelta(days=20)):
        return factories.on_treatment(site, days_ago=0)


def on_day(treated: Participant, day: int, *entries: Any) -> list[Result]:
    """Results collected at seven in the morning of a day since the first dose."""
    assert treated.day0_at is not None
    at = treated.day0_at + dt.timedelta(days=day, hours=-1)
    return record_results(
        treated,
        sample=Sample("plasma", at),
        entries=entries,
        by=factories.user(Role.LAB, treated.site),
        confirmed=True,
        key=uuid4(),
    )


def corrected(result: Result, entry: Any, reason: str = "Misread") -> Result:
    by = factories.user(Role.LAB, result.participant.site)
    version = Result.objects.get(pk=result.pk).version
    return correct_result(
        result, entry=entry, reason=reason, version=version, by=by, confirmed=True
    )


def in_error(result: Result, reason: str = "Another patient's tube") -> Result:
    by = factories.user(Role.LAB, result.participant.site)
    return mark_in_error(result, reason=reason, version=result.version, by=by)


def effects(result: Result) -> list[str]:
    """What its last correction changed."""
    kept = Correction.objects.filter(result=result).last()
    assert kept is not None
    texts = (Message.from_json(effect).render() for effect in kept.effects)
    return [text.replace("\N{NO-BREAK SPACE}", " ") for text in texts]


def day_of(treated: Participant, day: int) -> str:
    assert treated.day0_at is not None
    return (treated.day0_at.date() + dt.timedelta(days=day)).isoformat()


# --- CMV-DNA ----------------------------------------------------------------------------------


def test_a_corrected_value_changes_class_and_conversion(treated: Participant) -> None:
    on_day(treated, 0, pcr("52000"))
    (first,) = on_day(treated, 8, pcr("900"))
    on_day(treated, 12, pcr("800"))
    on_day(treated, 18, pcr("700"))
    corrected(first, pcr("9000"), "A digit was lost")
    eighth = day_of(treated, 8)
    assert effects(first) == [
        f"CMV-DNA of {eighth}: 900 copies/mL → 9000 copies/mL",
        f"CMV-DNA of {eighth}, verdict: Negative → Above threshold",
        "Conversion: day 8 → day 12",
        "Confirmed conversion: day 8 → day 12",
    ]


def test_a_value_in_error_takes_the_conversion_with_it(treated: Participant) -> None:
    on_day(treated, 0, pcr("52000"))
    (only,) = on_day(treated, 8, pcr("900"))
    in_error(only)
    eighth = day_of(treated, 8)
    assert effects(only) == [
        f"CMV-DNA of {eighth}: 900 copies/mL → none",
        f"CMV-DNA of {eighth}, verdict: Negative → none",
        "Conversion: day 8 → none: censored on day 0",
    ]


def test_a_limit_alone_changes_what_a_value_means(treated: Participant) -> None:
    (result,) = on_day(treated, 8, pcr(None, "ND"))
    corrected(result, pcr(None, "ND", lod="200"), "The limit was on page two")
    assert effects(result) == [
        "limit of detection: not recorded → 200 copies/mL",
        f"CMV-DNA of {day_of(treated, 8)}, verdict: Unknown → Negative",
        "Conversion: none: censored on day 8 → day 8",
    ]


def test_a_relapse_that_was_a_slip_is_gone(treated: Participant) -> None:
    on_day(treated, 6, pcr("500"))
    on_day(treated, 10, pcr("2000"))
    (second,) = on_day(treated, 12, pcr("3000"))
    corrected(second, pcr("300"))
    assert "Relapse: day 10 → day 10, suspected" in effects(second)


# --- grades -----------------------------------------------------------------------------------


def test_a_corrected_baseline_grades_the_later_results_anew(treated: Participant) -> None:
    (baseline,) = on_day(treated, 0, safety("creatinine", "60", "µmol/L", uln="97"))
    (later,) = on_day(treated, 5, safety("creatinine", "95", "µmol/L", uln="97"))
    (healthy,) = on_day(treated, 6, safety("creatinine", "61", "µmol/L", uln="97"))
    assert (later.grade, healthy.grade) == (2, 0)  # 1.58 × baseline: DOMAIN 8

    corrected(baseline, safety("creatinine", "90", "µmol/L", uln="97"), "6 read for 9")
    assert Result.objects.get(pk=later.pk).grade == 0
    assert Result.objects.get(pk=healthy.pk).version == 1
    fifth = day_of(treated, 5)
    assert f"Creatinine of {fifth}, verdict: Grade 2 → Grade 0" in effects(baseline)
    change = AuditEntry.objects.filter(model="labs.result", object_id=str(later.pk)).last()
    assert change is not None
    assert (change.reason, change.changes["grade"]) == ("6 read for 9", [2, 0])


def test_a_baseline_in_error_leaves_the_later_results_without_one(treated: Participant) -> None:
    (baseline,) = on_day(treated, 0, safety("alt", "80", "U/L", uln="40"))
    (later,) = on_day(treated, 5, safety("alt", "110", "U/L", uln="40"))
    assert later.grade == 0  # 1.375 × an abnormal baseline: DOMAIN 8
    in_error(baseline)
    regraded = Result.objects.get(pk=later.pk)
    assert regraded.grade == 1  # 2.75 × ULN, as if the baseline had been normal
    assert "no baseline: graded as if it had been normal" in str(regraded.remarks)


def test_a_baseline_that_comes_late_grades_anew_too(treated: Participant) -> None:
    (later,) = on_day(treated, 5, safety("alt", "110", "U/L", uln="40"))
    assert later.grade == 1
    on_day(treated, 0, safety("alt", "80", "U/L", uln="40"))
    assert Result.objects.get(pk=later.pk).grade == 0


def test_other_analytes_and_results_before_the_first_dose_stay(treated: Participant) -> None:
    (alt, anc) = on_day(
        treated, -1, safety("alt", "110", "U/L", uln="40"), safety("anc", "1.2", "10^9/L")
    )
    (baseline,) = on_day(treated, 0, safety("alt", "80", "U/L", uln="40"))
    corrected(baseline, safety("alt", "90", "U/L", uln="40"))
    assert {Result.objects.get(pk=row.pk).version for row in (alt, anc)} == {1}


# --- eligibility ------------------------------------------------------------------------------


def test_a_value_from_before_allocation_asks_for_a_look(participant: Participant) -> None:
    (result,) = entered(participant, pcr("52000"))
    corrected(result, pcr("900"))
    frozen = participant.screening.facts
    assert effects(result)[-1].startswith("Eligibility was judged with 52,000 copies/mL")
    participant.screening.refresh_from_db()
    assert participant.screening.facts == frozen


@pytest.mark.parametrize(("minutes", "looks"), [(-1, True), (0, True), (1, False)])
def test_up_to_the_allocation_and_no_further(
    treated: Participant, lab: User, minutes: int, looks: bool
) -> None:
    at = treated.allocation.allocated_at + dt.timedelta(minutes=minutes)
    (result,) = record_results(
        treated, sample=Sample("plasma", at), entries=[pcr("900")], by=lab, key=uuid4()
    )
    corrected(result, pcr("9000"))
    assert any("Eligibility" in text for text in effects(result)) is looks


def test_the_name_of_the_assay_alone_does_not(participant: Participant) -> None:
    (result,) = entered(participant, pcr("52000"))
    corrected(result, replace(pcr("52000"), assay="PCR-CMV-3"))
    assert effects(result) == ["assay: PCR-CMV-2 → PCR-CMV-3"]


def test_what_no_criterion_reads_asks_for_nothing(participant: Participant) -> None:
    (result,) = entered(participant, safety("anc", "3.2", "10^9/L", lln="1.8"))
    corrected(result, safety("anc", "0.32", "10^9/L", lln="1.8"))
    assert not any("Eligibility" in text for text in effects(result))


# --- what is kept -----------------------------------------------------------------------------


@pytest.mark.requirement("R01", "R04")
def test_each_correction_is_kept_with_its_reason(participant: Participant, lab: User) -> None:
    (result,) = entered(participant, pcr("5200"))
    corrected(result, pcr("52000"), "Dilution")
    corrected(result, pcr("53000"), "Dilution again")
    kept = list(Correction.objects.filter(result=result))
    assert [(one.corrected_version, one.participant) for one in kept] == [
        (2, participant),
        (3, participant),
    ]
    entry = AuditEntry.objects.get(model="labs.correction", object_id=str(kept[0].pk))
    assert (entry.reason, entry.actor) == ("Dilution", lab)


# --- entered in error -------------------------------------------------------------------------


@pytest.mark.requirement("R04")
def test_a_result_in_error_stays_to_be_read_and_counts_nowhere(participant: Participant) -> None:
    (result,) = entered(participant, pcr("5200"))
    in_error(result, "Wrong tube")
    saved = Result.objects.get(pk=result.pk)
    assert (saved.status, saved.value) == (ResultStatus.IN_ERROR, Decimal("5200"))
    assert not participant.results.in_force().exists()
    change = AuditEntry.objects.filter(model="labs.result", object_id=str(result.pk)).last()
    assert change is not None
    assert (change.reason, change.changes) == ("Wrong tube", {"status": ["final", "in_error"]})


def test_the_tube_may_be_entered_anew(participant: Participant, lab: User) -> None:
    (result,) = entered(participant, pcr("5200"))
    in_error(result)
    again = Sample("plasma", result.collected_at)
    (fresh,) = record_results(participant, sample=again, entries=[pcr("9400")], by=lab)
    assert list(participant.results.in_force()) == [fresh]


@pytest.mark.parametrize("act", [mark_in_error, finalise_result])
@pytest.mark.parametrize("reason", ["", "  "])
def test_a_change_of_status_needs_a_reason(
    participant: Participant, lab: User, act: Any, reason: str
) -> None:
    (result,) = entered(participant, pcr("5200"))
    with pytest.raises(ReasonRequired):
        act(result, reason=reason, version=1, by=lab)
    assert Result.objects.get(pk=result.pk).status == ResultStatus.FINAL


@pytest.mark.parametrize("act", [mark_in_error, finalise_result])
def test_an_older_version_changes_no_status(participant: Participant, lab: User, act: Any) -> None:
    (result,) = entered(participant, pcr("5200"))
    corrected(result, pcr("52000"))
    with pytest.raises(StaleRecord):
        act(result, reason="Wrong tube", version=1, by=lab)


def test_in_error_twice_and_correcting_what_is_in_error_are_refused(
    participant: Participant, lab: User
) -> None:
    (result,) = entered(participant, pcr("5200"))
    saved = in_error(result)
    with pytest.raises(Refused, match="already"):
        mark_in_error(saved, reason="Again", version=saved.version, by=lab)
    with pytest.raises(Refused, match="already"):
        corrected(saved, pcr("52000"))
    with pytest.raises(Refused, match="Only a preliminary"):
        finalise_result(saved, reason="Again", version=saved.version, by=lab)


@pytest.mark.parametrize("act", [mark_in_error, finalise_result])
@pytest.mark.parametrize("role", NOT_THE_LABORATORY)
@pytest.mark.requirement("R11")
def test_nobody_else_changes_a_status(
    participant: Participant, staff: dict[Role, User], act: Any, role: Role
) -> None:
    (result,) = entered(participant, pcr("5200"))
    with pytest.raises(PermissionDenied):
        act(result, reason="x", version=1, by=staff[role])


@pytest.mark.requirement("R11")
def test_another_sites_result_is_not_marked(stranger: Participant, lab: User) -> None:
    (result,) = entered(stranger, pcr("5200"))
    with pytest.raises(PermissionDenied):
        mark_in_error(result, reason="x", version=1, by=lab)


def test_a_mark_sent_twice_is_saved_once(participant: Participant, lab: User) -> None:
    (result,) = entered(participant, pcr("5200"))
    key = uuid4()
    mark_in_error(result, reason="Wrong tube", version=1, by=lab, key=key)
    with pytest.raises(AlreadyRecorded):
        mark_in_error(result, reason="Wrong tube", version=1, by=lab, key=key)
    assert Correction.objects.count() == 1


# --- preliminary and final --------------------------------------------------------------------


def preliminary(participant: Participant) -> Result:
    (result,) = entered(participant, replace(pcr("5200"), status=ResultStatus.PRELIMINARY))
    return result


@pytest.mark.requirement("R04")
def test_a_preliminary_result_becomes_final_as_it_is(participant: Participant, lab: User) -> None:
    result = preliminary(participant)
    finalise_result(result, reason="Final report", version=1, by=lab)
    saved = Result.objects.get(pk=result.pk)
    assert (saved.status, saved.value) == (ResultStatus.FINAL, Decimal("5200"))
    assert not Correction.objects.exists()


def test_only_a_preliminary_result_becomes_final(participant: Participant, lab: User) -> None:
    (result,) = entered(participant, pcr("5200"))
    with pytest.raises(Refused, match="Only a preliminary"):
        finalise_result(result, reason="Final report", version=1, by=lab)


def test_a_computed_result_is_neither_corrected_nor_in_error(
    participant: Participant, lab: User
) -> None:
    (result,) = entered(participant, pcr("5200"))
    with recorded(by=lab, reason="As if computed"):
        result.source = Result.Source.COMPUTED
        result.save()
    with pytest.raises(Refused, match="computed"):
        corrected(result, pcr("52000"))
    with pytest.raises(Refused, match="computed"):
        mark_in_error(result, reason="x", version=2, by=lab)


def test_a_correction_costs_the_same_whatever_the_number_of_results(
    treated: Participant, django_assert_max_num_queries: Any
) -> None:
    for day in range(1, 19):
        on_day(treated, day, pcr("5000"), safety("anc", "3.2", "10^9/L", lln="1.8"))
    result = Result.objects.filter(analyte="cmv_dna").latest("pk")
    with django_assert_max_num_queries(40):
        corrected(result, pcr("4000"))
