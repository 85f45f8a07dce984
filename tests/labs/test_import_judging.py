"""What becomes of each row: refused, asked about, here already, or written; and why."""

import datetime as dt
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from enrollment.models import Participant
from labs.actions import Entry, Sample, correct_result, mark_in_error, record_results
from labs.actions.laboratories import register_assay
from labs.importing.judging import judge
from labs.importing.verdicts import RowVerdict
from labs.models import ImportRow, Laboratory, Result, ResultStatus, Specimen
from labs.readers import read
from labs.rules.mapping import Mapping
from labs.rules.setup import AssayRow
from oversight.recording import recorded
from tests import factories
from tests.labs.examples import entered, hours_ago, pcr
from tests.labs.sent import HEADER, PLAIN, WIDE, as_csv, at, laboratory_of, row
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

WRITTEN, UNCHANGED, REFUSED, LEFT_OUT = ImportRow.Outcome
HARD_BILLIONS = "10000000001"  # above 10^10 copies/mL


@pytest.fixture
def laboratory(site: Site, lab: User) -> Laboratory:
    return laboratory_of(site)


def verdicts(
    laboratory: Laboratory,
    *rows: dict[str, str],
    mapping: Mapping = PLAIN,
    header: tuple[str, ...] = HEADER,
    takes_doubtful: bool = True,
) -> list[RowVerdict]:
    by = factories.user(Role.LAB, laboratory.site)
    table = read("a.csv", as_csv(list(rows), header))
    return judge(table, mapping, laboratory, by, takes_doubtful=takes_doubtful)


def why(verdict: RowVerdict) -> str:
    return "; ".join(str(reason) for reason in verdict.reasons)


def asked(verdict: RowVerdict) -> str:
    return "; ".join(str(question) for question in verdict.questions)


def only(laboratory: Laboratory, line: dict[str, str]) -> RowVerdict:
    [verdict] = verdicts(laboratory, line)
    return verdict


# --- whose it is, and when ---------------------------------------------------------------------


def test_a_plain_row_is_written(laboratory: Laboratory, participant: Participant) -> None:
    verdict = only(laboratory, row(participant, "<500"))
    assert (verdict.outcome, verdict.number, verdict.reasons) == (WRITTEN, 2, ())
    [entry] = verdict.entries
    assert (entry.analyte, entry.operator, str(entry.value)) == ("cmv_dna", "<", "500")


def test_nobody_and_somebody_of_another_site_are_refused_in_the_same_words(
    laboratory: Laboratory, participant: Participant, stranger: Participant
) -> None:
    nobody, elsewhere = verdicts(laboratory, row("PKU-999"), row(stranger))
    assert (nobody.outcome, elsewhere.outcome) == (REFUSED, REFUSED)
    assert why(nobody) == "PKU-999 is no participant of this laboratory's site"
    assert why(elsewhere) == f"{stranger} is no participant of this laboratory's site"


def test_a_reader_of_another_site_finds_nobody(
    laboratory: Laboratory, participant: Participant, other_site: Site
) -> None:
    table = read("a.csv", as_csv([row(participant)]))
    outsider = factories.user(Role.LAB, other_site)
    [verdict] = judge(table, PLAIN, laboratory, outsider)
    assert verdict.outcome == REFUSED


def test_a_result_from_the_future_is_refused(
    laboratory: Laboratory, participant: Participant
) -> None:
    verdict = only(laboratory, row(participant, Collected=at(hours_ago(-1))))
    assert why(verdict) == "a specimen cannot be collected in the future"


def test_received_before_it_was_collected_is_refused(
    laboratory: Laboratory, participant: Participant
) -> None:
    mapping = Mapping(columns={**PLAIN.columns, "Received": "received"})
    line = row(participant) | {"Received": at(hours_ago(5))}
    [verdict] = verdicts(laboratory, line, mapping=mapping, header=(*HEADER, "Received"))
    assert why(verdict) == "collected must not be after received"


@pytest.mark.parametrize(("days", "refused"), [(-1, True), (0, False)])
def test_a_result_from_before_birth_is_refused(
    laboratory: Laboratory, participant: Participant, days: int, refused: bool
) -> None:
    born = participant.screening.answers.birth_date
    assert born
    moment = factories.local(born + dt.timedelta(days=days), dt.time(0, 30))
    verdict = only(laboratory, row(participant, Collected=at(moment)))
    assert (why(verdict) == "The specimen was collected before the participant was born") is refused


def test_a_result_from_before_the_consent_is_asked_about(
    laboratory: Laboratory, participant: Participant
) -> None:
    consent = participant.screening.consent
    assert consent
    before = consent.signed_at - dt.timedelta(minutes=1)
    early, then = verdicts(
        laboratory,
        row(participant, Collected=at(before)),
        row(participant, Collected=at(consent.signed_at + dt.timedelta(minutes=1))),
    )
    assert early.outcome == WRITTEN
    day = consent.signed_at.date().isoformat()
    question = f"Collected on {day}, before the consent was signed on {day}. Is this right?"
    assert asked(early) == question
    assert not then.questions


def test_what_was_collected_after_the_consent_was_withdrawn_is_refused(
    laboratory: Laboratory, participant: Participant
) -> None:
    factories.withdraw(participant)
    withdrawn = clock.now()
    with time_machine.travel(withdrawn + dt.timedelta(hours=2)):
        then, later = verdicts(
            laboratory,
            row(participant, Collected=at(withdrawn)),
            row(participant, Collected=at(withdrawn + dt.timedelta(minutes=1))),
        )
    assert then.outcome == WRITTEN
    assert why(later) == "The consent was withdrawn before; nothing is collected after it"


def test_a_tube_that_cannot_be_used_has_no_results(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    with recorded(by=lab):
        Specimen(
            participant=participant,
            kind="plasma",
            collected_at=hours_ago(4),
            unusable="It was clotted",
        ).save()
    verdict = only(laboratory, row(participant))
    assert why(verdict) == "This specimen cannot be used: It was clotted"


def test_a_row_that_cannot_be_read_is_refused_with_its_problem(
    laboratory: Laboratory, participant: Participant
) -> None:
    verdict = only(laboratory, row(participant, "1,5"))
    assert verdict.outcome == REFUSED
    assert "1,5" in why(verdict)


def test_a_row_that_the_mapping_leaves_out_is_counted_as_such(
    laboratory: Laboratory, participant: Participant
) -> None:
    mapping = Mapping(columns=PLAIN.columns, analytes={"HHV6": ""})
    [verdict] = verdicts(laboratory, row(participant, Test="HHV6"), mapping=mapping)
    assert verdict.outcome == LEFT_OUT


# --- units and limits ---------------------------------------------------------------------------


def test_an_impossible_value_is_refused(laboratory: Laboratory, participant: Participant) -> None:
    assert "is impossible" in why(only(laboratory, row(participant, HARD_BILLIONS)))
    assert only(laboratory, row(participant, "10000000000")).outcome == WRITTEN


@pytest.mark.parametrize(
    ("printed", "questions"),
    [("99", True), ("100", False), ("10000000", False), ("10000001", True), ("<5", False)],
)
def test_a_value_outside_soft_limits_is_asked_about_and_refused_without_an_answer(
    laboratory: Laboratory, participant: Participant, printed: str, questions: bool
) -> None:
    line = row(participant, printed)
    [taken] = verdicts(laboratory, line)
    [refused] = verdicts(laboratory, line, takes_doubtful=False)
    assert (taken.outcome, bool(taken.questions)) == (WRITTEN, questions)
    assert refused.outcome == (REFUSED if questions else WRITTEN)
    assert refused.reasons == taken.questions


def test_a_slip_of_the_unit_is_asked_about(
    laboratory: Laboratory, participant: Participant
) -> None:
    line = row(participant, "60", Test="creatinine", Unit="mg/dL")
    assert "is this µmol/L?" in asked(only(laboratory, line)) + why(only(laboratory, line))


def test_a_unit_that_the_analyte_does_not_take_is_refused(
    laboratory: Laboratory, participant: Participant
) -> None:
    verdict = only(laboratory, row(participant, "30", Test="alt", Unit="mmol/L"))
    assert verdict.outcome == REFUSED


@pytest.mark.parametrize(("value", "outcome"), [("9090909090", WRITTEN), ("9090909091", REFUSED)])
def test_international_units_are_held_against_the_limits_by_the_assays_own_factor(
    laboratory: Laboratory, participant: Participant, lab: User, value: str, outcome: str
) -> None:
    assay = AssayRow(
        analyte="cmv_dna",
        name="COBAS",
        unit="IU/mL",
        copies_per_iu=Decimal("1.1"),
        factor_source="Package insert",
    )
    register_assay(laboratory, row=assay, by=lab)
    mapping = Mapping(columns=PLAIN.columns, constants={"assay": "COBAS"})
    [verdict] = verdicts(laboratory, row(participant, value, Unit="IU/mL"), mapping=mapping)
    assert verdict.outcome == outcome


def test_a_number_of_the_laboratory_that_is_too_long_is_refused_and_not_cut(
    laboratory: Laboratory, participant: Participant
) -> None:
    mapping = Mapping(columns={**PLAIN.columns, "No": "accession"})
    lines = [row(participant) | {"No": "A" * length} for length in (40, 41)]
    fits, long = verdicts(laboratory, *lines, mapping=mapping, header=(*HEADER, "No"))
    assert fits.outcome == WRITTEN
    assert why(long) == "No: more than 40 characters"


# --- what is saved already ----------------------------------------------------------------------


def test_the_very_result_is_here_already_whatever_its_trailing_zeros(
    laboratory: Laboratory, participant: Participant
) -> None:
    entered(participant, pcr("52000"))
    same, zeros, less = (
        only(laboratory, row(participant, printed)) for printed in ("52000", "52000.0", "<52000")
    )
    assert (same.outcome, zeros.outcome, less.outcome) == (UNCHANGED, UNCHANGED, REFUSED)


def test_another_value_is_refused_with_the_saved_one(
    laboratory: Laboratory, participant: Participant
) -> None:
    entered(participant, pcr("52000"))
    verdict = only(laboratory, row(participant, "52001"))
    assert why(verdict).replace("\xa0", " ") == (
        "CMV-DNA of this specimen is saved already, as 52,000 copies/mL, and this row differs: "
        "correct it there"
    )


def test_limits_that_the_file_says_otherwise_are_a_difference_and_those_it_does_not_are_none(
    laboratory: Laboratory, participant: Participant
) -> None:
    entered(participant, pcr("52000", lod="200"))
    for lod, outcome in (("200", UNCHANGED), ("150", REFUSED)):
        mapping = Mapping(columns=PLAIN.columns, constants={"lod": lod})
        [verdict] = verdicts(laboratory, row(participant), mapping=mapping)
        assert verdict.outcome == outcome


def test_a_result_in_error_stands_in_nobodys_way(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    [result] = entered(participant, pcr("52000"))
    mark_in_error(result, reason="Another patient's", version=result.version, by=lab)
    assert only(laboratory, row(participant, "31000")).outcome == WRITTEN


def test_another_tube_or_time_is_another_result(
    laboratory: Laboratory, participant: Participant
) -> None:
    entered(participant, pcr("52000"))
    later = row(participant, "31000", Collected=at(hours_ago(3)))
    blood = row(participant, "31000", Specimen="whole_blood")
    assert [one.outcome for one in verdicts(laboratory, later, blood)] == [WRITTEN, WRITTEN]


@pytest.mark.parametrize("value", ["52000", "31000"])
def test_a_final_row_makes_a_preliminary_result_final(
    laboratory: Laboratory, participant: Participant, lab: User, value: str
) -> None:
    saved = preliminary(participant, lab)
    verdict = only(laboratory, row(participant, value))
    assert verdict.outcome == WRITTEN
    assert verdict.steps[0].before == saved


def test_a_preliminary_row_changes_no_final_result(
    laboratory: Laboratory, participant: Participant
) -> None:
    entered(participant, pcr("52000"))
    same, other = (
        only(laboratory, row(participant, value, Status="preliminary"))
        for value in ("52000", "31000")
    )
    assert (same.outcome, other.outcome) == (UNCHANGED, REFUSED)


def test_a_corrected_row_corrects_another_value_and_no_equal_one(
    laboratory: Laboratory, participant: Participant
) -> None:
    [saved] = entered(participant, pcr("52000"))
    same, other = (
        only(laboratory, row(participant, value, Status="corrected"))
        for value in ("52000", "31000")
    )
    assert (same.outcome, other.outcome) == (UNCHANGED, WRITTEN)
    assert other.steps[0].before == saved


def test_a_corrected_row_never_brings_back_what_was_corrected(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    [saved] = entered(participant, pcr("52000"))
    correct_result(saved, entry=pcr("31000"), reason="Misread", version=1, by=lab)
    old, new = (
        only(laboratory, row(participant, value, Status="corrected"))
        for value in ("52000.0", "30000")
    )
    assert "was corrected to 31,000" in why(old)
    assert new.outcome == WRITTEN


def preliminary(participant: Participant, by: User) -> Result:
    entry = Entry("cmv_dna", "copies/mL", pcr("52000").value, status=ResultStatus.PRELIMINARY)
    tube = Sample(Specimen.Kind.PLASMA, hours_ago(4))
    [saved] = record_results(participant, sample=tube, entries=[entry], by=by)
    return saved


# --- within one file ----------------------------------------------------------------------------


def test_two_values_of_one_specimen_in_a_file_are_both_refused_and_say_where(
    laboratory: Laboratory, participant: Participant
) -> None:
    first, between, second = verdicts(
        laboratory,
        row(participant, "52000"),
        row(participant, "30", Test="alt", Unit="U/L"),
        row(participant, "31000"),
    )
    assert (first.outcome, between.outcome, second.outcome) == (REFUSED, WRITTEN, REFUSED)
    assert why(first) == "CMV-DNA of this specimen has other values in this file: row 4"
    assert why(second) == "CMV-DNA of this specimen has other values in this file: row 2"


def test_a_row_twice_in_a_file_is_written_once(
    laboratory: Laboratory, participant: Participant
) -> None:
    first, second = verdicts(laboratory, row(participant), row(participant, "52000.0"))
    assert (first.outcome, second.outcome) == (WRITTEN, UNCHANGED)


def test_a_file_may_hold_the_preliminary_the_final_and_the_corrected_result(
    laboratory: Laboratory, participant: Participant
) -> None:
    found = verdicts(
        laboratory,
        row(participant, "52000", Status="preliminary"),
        row(participant, "51000", Status="final"),
        row(participant, "50000", Status="corrected"),
    )
    assert [one.outcome for one in found] == [WRITTEN, WRITTEN, WRITTEN]
    assert [one.steps[0].before is not None for one in found] == [False, True, True]


def test_a_row_of_several_results_is_taken_whole_or_not_at_all(
    laboratory: Laboratory, participant: Participant
) -> None:
    header = ("Patient", "Collected", "ALT", "AST")
    base = {"Patient": participant.subject, "Collected": at(hours_ago(4))}
    good = base | {"ALT": "30", "AST": ""}
    bad = base | {"Collected": at(hours_ago(3)), "ALT": "30", "AST": "-1"}
    taken, refused = verdicts(laboratory, good, bad, mapping=WIDE, header=header)
    assert [entry.analyte for entry in taken.entries] == ["alt"]
    assert refused.outcome == REFUSED
    assert not refused.steps


def test_a_thousand_rows_ask_the_database_as_often_as_two(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    def queries(number: int) -> int:
        lines = [
            row(participant, Collected=at(hours_ago(4) - dt.timedelta(minutes=minute)))
            for minute in range(number)
        ]
        table = read("a.csv", as_csv(lines))
        with CaptureQueriesContext(connection) as asked_for:
            judge(table, PLAIN, laboratory, lab)
        return len(asked_for)

    assert queries(2) == queries(1000) <= 8
