"""Files brought, mapped, confirmed and imported: nothing lost, nothing doubled, all of it told."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from openpyxl import Workbook

from enrollment.models import Participant
from labs.actions import import_chunks, import_runs, imports
from labs.actions.imports import (
    confirm_import,
    discard_file,
    map_file,
    run_import,
    save_mapping,
    take_file,
)
from labs.importing.files import discarded_because, progress, stopped_because, table_of, under_way
from labs.importing.judging import judge
from labs.models import (
    Correction,
    ImportContent,
    ImportFile,
    ImportRow,
    Laboratory,
    Result,
    ResultStatus,
    Specimen,
)
from labs.readers import read
from labs.readers.hl7 import HEADER as HL7_HEADER
from labs.rules.guessing import guess
from labs.rules.mapping import Mapping
from labs.tasks import import_file, resume_imports
from oversight import verification
from oversight.accounts import change_account, system_actor
from oversight.recording import AlreadyRecorded, ReasonRequired
from oversight.records import StaleRecord
from oversight.refusals import Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.labs.examples import entered, hours_ago, pcr
from tests.labs.sent import (
    PLAIN,
    as_csv,
    at,
    brought,
    confirmed,
    imported,
    laboratory_of,
    outcomes,
    reasons,
    row,
)
from tests.shared import shared_path
from trial_site.models import Site, User
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

Status = ImportFile.Status


@pytest.fixture(autouse=True)
def _nobody_is_at_it() -> None:
    cache.clear()


@pytest.fixture
def laboratory(site: Site, lab: User) -> Laboratory:
    return laboratory_of(site)


def again(file: ImportFile) -> ImportFile:
    return ImportFile.objects.get(pk=file.pk)


# --- brought ------------------------------------------------------------------------------------


@pytest.mark.requirement("R30")
def test_a_file_is_kept_as_it_was_sent_and_nothing_is_written(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    content = as_csv([row(participant), row(participant, "30", Test="alt", Unit="U/L")])
    file = take_file(laboratory, name="may.csv", content=content, by=lab)
    assert bytes(ImportContent.objects.get().data) == content
    assert (file.row_count, file.size, file.status) == (2, len(content), Status.UPLOADED)
    assert not Result.objects.exists()
    entry = AuditEntry.objects.get(model="labs.importfile")
    assert (entry.actor, entry.changes["sha256"][1]) == (lab, file.sha256)


@pytest.mark.requirement("R30")
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "The file is empty"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 600, "Excel 97 to 2003"),
        ("a.xlsm", b"PK\x03\x04", "macros"),
        ("a.csv", b"%PDF-1.7", "PDF"),
        ("a.csv", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>', "XML"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence_and_not_kept(
    laboratory: Laboratory, lab: User, name: str, content: bytes, said: str
) -> None:
    with pytest.raises(Refused) as refused:
        take_file(laboratory, name=name, content=content, by=lab)
    assert said in str(refused.value.message)
    assert not ImportFile.objects.exists()


@pytest.mark.requirement("R26")
def test_the_same_bytes_are_refused_with_who_brought_them_and_when(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    content = as_csv([row(participant)])
    take_file(laboratory, name="may.csv", content=content, by=lab)
    with pytest.raises(Refused) as refused:
        take_file(laboratory, name="june.csv", content=content, by=lab)
    assert str(refused.value.message) == (
        "This very file is here already: may.csv, brought by lab-pku on 2026-03-18"
    )
    assert ImportFile.objects.count() == 1
    take_file(laboratory_of(laboratory.site, "Other"), name="may.csv", content=content, by=lab)


def test_a_form_that_is_sent_twice_brings_one_file(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    key = uuid4()
    take_file(laboratory, name="a.csv", content=as_csv([row(participant)]), by=lab, key=key)
    with pytest.raises(AlreadyRecorded):
        take_file(laboratory, name="a.csv", content=as_csv([row("x")]), by=lab, key=key)


# --- mapped -------------------------------------------------------------------------------------


def test_a_mapping_is_changed_with_a_reason_only(laboratory: Laboratory, lab: User) -> None:
    definition = PLAIN.to_json()
    saved = save_mapping(laboratory, name=" Usual  files ", definition=definition, by=lab)
    assert saved.name == "Usual files"
    assert Mapping.from_json(saved.definition) == PLAIN
    same = save_mapping(laboratory, name="Usual files", definition=definition, by=lab)
    assert (same.pk, same.version) == (saved.pk, 1)
    changed = replace(PLAIN, log10=True).to_json()
    with pytest.raises(ReasonRequired):
        save_mapping(laboratory, name="Usual files", definition=changed, by=lab)
    new = save_mapping(laboratory, name="Usual files", definition=changed, by=lab, reason="Logs")
    assert (new.version, new.definition["log10"]) == (2, True)


@pytest.mark.parametrize(
    ("name", "definition"), [(" ", {}), ("A", {"columns": 3}), ("A", {"x": 1})]
)
def test_what_is_no_mapping_is_refused(
    laboratory: Laboratory, lab: User, name: str, definition: dict[str, object]
) -> None:
    with pytest.raises(Refused):
        save_mapping(laboratory, name=name, definition=definition, by=lab)


def test_a_mapping_of_another_laboratory_reads_no_file_of_this_one(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    file = take_file(laboratory, name="a.csv", content=as_csv([row(participant)]), by=lab)
    other = laboratory_of(laboratory.site, "Other")
    mapping = save_mapping(other, name="Usual", definition=PLAIN.to_json(), by=lab)
    with pytest.raises(Refused):
        map_file(file, mapping=mapping, by=lab)


# --- confirmed or discarded ---------------------------------------------------------------------


def test_a_file_without_a_mapping_or_with_an_incomplete_one_cannot_be_confirmed(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    file = take_file(laboratory, name="a.csv", content=as_csv([row(participant)]), by=lab)
    with pytest.raises(Refused):
        confirmed(file)
    mapping = save_mapping(laboratory, name="Half", definition={"columns": {}}, by=lab)
    with pytest.raises(Refused) as refused:
        confirmed(map_file(file, mapping=mapping, by=lab))
    assert refused.value.reasons


def test_nobody_confirms_by_another_mapping_than_was_looked_at(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    file = brought(laboratory, as_csv([row(participant)]))
    changed = replace(PLAIN, log10=True).to_json()
    mapping = save_mapping(laboratory, name="Usual", definition=changed, by=lab, reason="Logs")
    with pytest.raises(Refused) as refused:
        confirmed(file)
    assert "was changed meanwhile" in str(refused.value.message)
    assert confirmed(map_file(file, mapping=mapping, by=lab)).definition["log10"]


def test_a_file_is_confirmed_once_and_by_who_saw_its_last_version(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    file = brought(laboratory, as_csv([row(participant)]))
    with pytest.raises(StaleRecord):
        confirmed(file, version=file.version - 1)
    assert confirmed(file).status == Status.CONFIRMED
    for decide in (
        lambda: confirmed(again(file)),
        lambda: discard_file(file, reason="x", version=again(file).version, by=lab),
        lambda: map_file(file, mapping=laboratory.mappings.get(), by=lab),
    ):
        with pytest.raises(Refused):
            decide()


def test_a_discarded_file_says_why_and_may_be_brought_again(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    content = as_csv([row(participant)])
    file = brought(laboratory, content)
    with pytest.raises(ReasonRequired):
        discard_file(file, reason=" ", version=file.version, by=lab)
    discard_file(file, reason="Wrong month", version=file.version, by=lab)
    assert discarded_because(file) == "Wrong month"
    with pytest.raises(Refused):
        confirmed(again(file))
    take_file(laboratory, name="a.csv", content=content, by=lab)


def test_only_the_laboratory_confirms_and_only_the_sites_own_people_do_anything(
    laboratory: Laboratory, participant: Participant, other_site: Site
) -> None:
    file = brought(laboratory, as_csv([row(participant)]))
    manager = factories.user(Role.DATA_MANAGER, laboratory.site)
    nurse = factories.user(Role.NURSE, laboratory.site)
    outsider = factories.user(Role.LAB, other_site)
    for refused in (
        lambda: confirmed(file, by=manager),
        lambda: confirmed(file, by=outsider),
        lambda: discard_file(file, reason="x", version=file.version, by=outsider),
        lambda: map_file(file, mapping=laboratory.mappings.get(), by=outsider),
        lambda: take_file(laboratory, name="b.csv", content=as_csv([row("y")]), by=outsider),
        lambda: take_file(laboratory, name="b.csv", content=as_csv([row("y")]), by=nurse),
        lambda: save_mapping(laboratory, name="x", definition={}, by=nurse),
    ):
        with pytest.raises(PermissionDenied):
            refused()


# --- imported -----------------------------------------------------------------------------------


@pytest.mark.requirement("R03", "R26")
def test_rows_become_results_with_where_they_came_from(
    laboratory: Laboratory, participant: Participant, lab: User
) -> None:
    file = imported(
        laboratory, row(participant, "<500"), row(participant, "30.0", Test="alt", Unit="U/L")
    )
    assert outcomes(file) == {2: "written", 3: "written"}
    viral, alt = Result.objects.order_by("pk")
    assert (viral.operator, str(viral.value), str(alt.value)) == ("<", "500", "30.0")
    assert (viral.import_file, viral.import_row, viral.source) == (file, 2, "file")
    assert (viral.laboratory, viral.specimen.laboratory) == (laboratory, laboratory)
    entry = AuditEntry.objects.get(model="labs.result", object_id=str(viral.pk))
    assert (entry.actor, entry.changes["import_row"], entry.reason) == (lab, [None, 2], "")
    assert viral.history.count() == 1
    assert not list(verification.verify())


@pytest.mark.requirement("R26")
def test_what_the_preview_says_is_what_the_import_does(
    laboratory: Laboratory, participant: Participant, lab: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_runs, "CHUNK", 3)
    entered(participant, pcr("52000"))
    rows = [
        row(participant),
        row(participant, "31000", Collected=at(hours_ago(5))),
        row("PKU-999"),
        row(participant, "31000.0", Collected=at(hours_ago(5))),
        row(participant, "7", Collected=at(hours_ago(6))),
        row(participant, "1", Test="alt", Unit="U/L"),
        row(participant, "2", Test="alt", Unit="U/L"),
        row(participant, "52001"),
    ]
    file = brought(laboratory, as_csv(rows))
    verdicts = judge(table_of(file), PLAIN, laboratory, lab, takes_doubtful=True)
    confirmed(file, takes_doubtful=True)
    run_import(file.pk)
    said = {one.number: (one.outcome.value, list(map(str, one.reasons))) for one in verdicts}
    done = {number: (outcome, reasons(file, number)) for number, outcome in outcomes(file).items()}
    assert {number: one[0] for number, one in said.items()} == outcomes(file)
    assert {number: "; ".join(one[1]) for number, one in said.items()} == {
        number: one[1] for number, one in done.items()
    }
    assert progress(again(file)).done == len(rows)


@pytest.mark.requirement("R26")
def test_another_file_with_the_same_rows_changes_nothing(
    laboratory: Laboratory, participant: Participant
) -> None:
    rows = [row(participant), row(participant, "30", Test="alt", Unit="U/L")]
    imported(laboratory, *rows)
    before = (AuditEntry.objects.filter(chain__name__startswith="participant").count(),)
    second = imported(laboratory, *reversed(rows), name="again.csv")
    assert set(outcomes(second).values()) == {"unchanged"}
    assert Result.objects.count() == 2
    assert (AuditEntry.objects.filter(chain__name__startswith="participant").count(),) == before


def test_doubtful_values_are_written_with_their_question_or_not_at_all(
    laboratory: Laboratory, participant: Participant
) -> None:
    refused = imported(laboratory, row(participant, "7"))
    assert outcomes(refused) == {2: "refused"}
    assert "is unusual" in reasons(refused, 2)
    taken = imported(laboratory, row(participant, "7"), row("x"), takes_doubtful=True)
    assert outcomes(taken)[2] == "written"
    [check] = Result.objects.get().confirmed_checks
    assert "is unusual" in check["text"]


def test_a_final_row_makes_a_preliminary_result_final_and_says_by_which_row(
    laboratory: Laboratory, participant: Participant
) -> None:
    imported(laboratory, row(participant, Status="preliminary"), name="first.csv")
    file = imported(laboratory, row(participant, "51000"), name="final.csv")
    result = Result.objects.get()
    assert (result.status, result.value, result.version) == (ResultStatus.FINAL, 51000, 2)
    assert (result.import_file, result.import_row) == (file, 2)
    last = AuditEntry.objects.filter(model="labs.result").latest("sequence")
    assert last.reason == "Made final by row 2 of the file final.csv"
    assert not list(verification.verify())


def test_a_corrected_row_corrects_and_what_that_changed_is_kept(
    laboratory: Laboratory, participant: Participant
) -> None:
    imported(laboratory, row(participant))
    imported(laboratory, row(participant, "900", Status="corrected"), name="corrected.csv")
    result = Result.objects.get()
    assert (result.status, result.value, result.canonical_value) == ("corrected", 900, 900)
    assert str(result.history.earliest().value) == "52000"
    assert Correction.objects.get().effects
    assert not list(verification.verify())


def test_one_file_may_bring_the_preliminary_the_final_and_the_corrected_result(
    laboratory: Laboratory, participant: Participant
) -> None:
    rows = [
        row(participant, value, Status=status)
        for value, status in (("5200", "preliminary"), ("5100", "final"), ("5000", "corrected"))
    ]
    imported(laboratory, *rows)
    result = Result.objects.get()
    assert (result.value, result.status, result.import_row) == (5000, "corrected", 4)
    assert [version.value for version in result.history.order_by("version")] == [5200, 5100, 5000]
    assert not list(verification.verify())


@pytest.mark.parametrize("chunk", [1, 500])
@pytest.mark.parametrize("baseline_first", [True, False])
def test_grades_lean_on_the_baseline_wherever_it_stands_in_the_file(
    laboratory: Laboratory,
    monkeypatch: pytest.MonkeyPatch,
    chunk: int,
    baseline_first: bool,
) -> None:
    """DOMAIN 8: ALT at baseline 80 (ULN 40): 130 (1.625 times) is grade 1, by ULN it is 2."""
    monkeypatch.setattr(import_runs, "CHUNK", chunk)
    participant = factories.on_treatment(laboratory.site, days_ago=1)
    assert participant.day0_at
    mapping = Mapping(
        columns={**PLAIN.columns, "Upper": "uln"},
    )
    header = ("Patient", "Collected", "Test", "Result", "Unit", "Specimen", "Status", "Upper")
    alt = {"Test": "alt", "Unit": "U/L", "Specimen": "serum", "Upper": "40"}
    rows = [
        row(participant, "80", **alt, Collected=at(participant.day0_at - dt.timedelta(hours=1))),
        row(participant, "130", **alt, Collected=at(participant.day0_at + dt.timedelta(hours=9))),
    ]
    rows = rows if baseline_first else rows[::-1]
    imported(laboratory, *rows, mapping=mapping, header=header)
    assert Result.objects.get(value="130").grade == 1
    assert not list(verification.verify())


@pytest.mark.parametrize("chunk", [1, 500])
def test_counts_are_computed_after_the_last_row_and_never_beside_a_printed_one(
    laboratory: Laboratory,
    participant: Participant,
    monkeypatch: pytest.MonkeyPatch,
    chunk: int,
) -> None:
    """DOMAIN 7: lymphocytes 1.20 and 11.5 % are 138/µL; a printed count stands."""
    monkeypatch.setattr(import_runs, "CHUNK", chunk)
    blood = {"Specimen": "whole_blood"}
    file = imported(
        laboratory,
        row(participant, "1.20", Test="lymphocytes", Unit="10^9/L", **blood),
        row(participant, "11.5", Test="nk_percent", Unit="%", **blood),
    )
    assert set(outcomes(file).values()) == {"written"}, reasons(file, 3)
    assert str(Result.objects.get(analyte="nk_count").value.normalize()) == "138"
    late = imported(laboratory, row(participant, "140", Test="nk_count", Unit="cells/µL", **blood))
    assert "is saved already, as 138" in reasons(late, 2)
    other = {"Collected": at(hours_ago(9)), **blood}
    printed = imported(
        laboratory,
        row(participant, "1.20", Test="lymphocytes", Unit="10^9/L", **other),
        row(participant, "11.5", Test="nk_percent", Unit="%", **other),
        row(participant, "140", Test="nk_count", Unit="cells/µL", **other),
        name="printed.csv",
    )
    assert set(outcomes(printed).values()) == {"written"}
    counts = Result.objects.filter(analyte="nk_count", collected_at=hours_ago(9))
    assert [(str(one.value), one.source) for one in counts] == [("140", "file")]
    assert not list(verification.verify())


def test_what_cannot_be_evaluated_says_where_that_was_printed(
    laboratory: Laboratory, participant: Participant
) -> None:
    line = row(
        participant, "not evaluable", Test="cmv_cd8_percent", Unit="%", Specimen="whole_blood"
    )
    file = imported(laboratory, line)
    assert outcomes(file) == {2: "written"}, reasons(file, 2)
    assert Result.objects.get().note == "As printed in row 2 of results.csv"


# --- real and foreign files -----------------------------------------------------------------------


def test_the_real_series_goes_in_through_its_mapping(
    laboratory: Laboratory, participant: Participant
) -> None:
    content = shared_path("data/cmv_oral_shedding.csv").read_bytes()
    mapping = Mapping(
        columns={
            "PatientID2": "participant",
            "times": "collected",
            "count": "value",
            "Virus": "filter",
        },
        constants={
            "analyte": "cmv_dna",
            "unit": "copies/mL",
            "specimen": "plasma",
            "lod": "2.176",
        },
        participants={"AB-P": participant.subject},
        filters={"Virus": "ORL_CMV"},
        log10=True,
        not_detected=("0", "0.0"),
    )
    file = brought(laboratory, content, mapping, name="cmv_oral_shedding.csv")
    confirmed(file, takes_doubtful=True)
    run_import(file.pk)
    found = set(outcomes(file).values())
    results = Result.objects.filter(participant=participant)
    assert found == {"written", "refused"}
    assert results.count() == list(outcomes(file).values()).count("written") > 30
    with shared_path("data/cmv_oral_shedding.csv").open(newline="") as lines:
        sent = [line for line in csv.DictReader(lines) if line["PatientID2"] == "AB-P"]
    measured = [line["count"] for line in sent if Decimal(line["count"])]
    assert [str(one.value) for one in results.filter(operator="=")] == measured
    assert [one.collected_at for one in results] == [
        dt.datetime.fromisoformat(line["times"]) for line in sent
    ]
    assert {one.unit for one in results} == {"log10 copies/mL"}
    assert results.filter(operator="ND", value=None).count() == len(sent) - len(measured) > 0


def test_a_chinese_file_in_gb18030_goes_in(
    laboratory: Laboratory, participant: Participant
) -> None:
    text = (
        "患者编号,采样时间,项目,结果,单位,标本\n"
        f"{participant},2026年3月18日 08:00,cmv_dna,未检出,copies/mL,血浆\n"
    )
    content = text.encode("gb18030")
    table = read("a.csv", content)
    file = brought(laboratory, content, guess(table.header, table.rows))
    confirmed(file)
    run_import(file.pk)
    assert outcomes(file) == {2: "written"}, reasons(file, 2)
    result = Result.objects.get()
    assert (result.operator, result.value, result.specimen.kind) == ("ND", None, "plasma")
    assert result.collected_at == dt.datetime(2026, 3, 18, 0, 0, tzinfo=dt.UTC)


def test_a_workbook_goes_in(laboratory: Laboratory, participant: Participant) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet
    line = row(participant, "52000")
    sheet.append(list(line))
    cells = line | {"Result": 52000.5, "Collected": timezone.make_naive(hours_ago(4))}
    sheet.append(list(cells.values()))
    kept = io.BytesIO()
    workbook.save(kept)
    file = brought(laboratory, kept.getvalue(), name="results.xlsx")
    confirmed(file)
    run_import(file.pk)
    assert outcomes(file) == {2: "written"}, reasons(file, 2)
    result = Result.objects.get()
    assert (str(result.value), result.collected_at) == ("52000.5", hours_ago(4))


def test_hl7_messages_go_in(laboratory: Laboratory, participant: Participant) -> None:
    message = (
        "MSH|^~\\&|LIS|HOSP|TRIAL|SITE|20260318083000||ORU^R01|1|P|2.5.1\r"
        f"PID|1||{participant}\r"
        "OBR|1||ACC-7|94500-6^CMV-DNA|||20260318080000+0800|||||||20260318091500+0800\r"
        "OBX|1|SN|cmv_dna^CMV-DNA||<^500|copies/mL|||||F\r"
        "SPM|1|||PLAS\r"
    )
    content = message.encode()
    table = read("a.hl7", content)
    mapping = guess(HL7_HEADER, table.rows)
    file = brought(laboratory, content, mapping, name="a.hl7")
    confirmed(file)
    run_import(file.pk)
    assert list(outcomes(file).values()) == ["written"], ImportRow.objects.get().reasons
    result = Result.objects.get()
    assert (result.operator, result.value) == ("<", Decimal(500))
    assert result.specimen.accession == "ACC-7"


# --- stopped and gone on with -------------------------------------------------------------------


@pytest.fixture
def waiting(laboratory: Laboratory, participant: Participant, lab: User) -> ImportFile:
    """Confirmed, of five rows, none of them dealt with."""
    rows = [row(participant, Collected=at(hours_ago(hours))) for hours in range(4, 9)]
    return confirmed(brought(laboratory, as_csv(rows)))


def leave(user: User) -> None:
    change_account(
        user, role=user.role, sites=user.sites.all(), active=False, reason="Left", by=system_actor()
    )


def test_an_import_stops_where_who_confirmed_it_left_and_another_takes_it_over(
    waiting: ImportFile, lab: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_runs, "CHUNK", 2)
    write = import_chunks.Chunk.write

    def write_and_leave(chunk: import_chunks.Chunk, verdicts: object) -> None:
        write(chunk, verdicts)  # type: ignore[arg-type]
        if User.objects.get(pk=lab.pk).is_active:
            User.objects.filter(pk=lab.pk).update(is_active=False)

    monkeypatch.setattr(import_chunks.Chunk, "write", write_and_leave)
    run_import(waiting.pk)
    monkeypatch.setattr(import_chunks.Chunk, "write", write)
    stopped = again(waiting)
    assert (stopped.status, len(outcomes(stopped))) == (Status.CONFIRMED, 2)
    assert "lab-pku, who confirmed it, may not import any more" in str(progress(stopped).stopped)
    resume_imports()
    assert len(outcomes(stopped)) == 2
    other = factories.user(Role.LAB, stopped.laboratory.site, username="lab-two")
    confirm_import(stopped, takes_doubtful=False, version=stopped.version, by=other)
    run_import(stopped.pk)
    assert (again(stopped).status, len(outcomes(stopped))) == (Status.DONE, 5)
    actors = AuditEntry.objects.filter(model="labs.result").values_list("actor_name", flat=True)
    assert sorted(actors) == ["lab-pku", "lab-pku", "lab-two", "lab-two", "lab-two"]


def test_it_goes_on_by_itself_when_the_account_is_active_again(
    waiting: ImportFile, lab: User
) -> None:
    leave(lab)
    run_import(waiting.pk)
    assert stopped_because(again(waiting))
    change_account(
        lab, role=lab.role, sites=lab.sites.all(), active=True, reason="Back", by=system_actor()
    )
    resume_imports()
    assert again(waiting).status == Status.DONE


def test_bytes_that_were_altered_behind_our_back_are_not_imported(waiting: ImportFile) -> None:
    ImportContent.objects.update(data=b"Patient,Result\nPKU-001,1\n")
    run_import(waiting.pk)
    file = again(waiting)
    assert file.status == Status.DISCARDED
    assert discarded_because(file) == "The file that is kept is not the one that was brought"
    assert not Result.objects.exists()


def test_the_scheduled_task_goes_on_with_what_no_worker_is_at(waiting: ImportFile) -> None:
    assert under_way() == [waiting.pk]
    assert resume_imports() == "1 resumed"
    assert (again(waiting).status, under_way()) == (Status.DONE, [])
    assert resume_imports() == "0 resumed"


def test_the_task_runs_twice_and_writes_once(waiting: ImportFile) -> None:
    import_file(waiting.pk)
    import_file(waiting.pk)
    assert (Result.objects.count(), Specimen.objects.count()) == (5, 5)


def test_a_confirmed_file_is_sent_to_a_worker_when_the_confirmation_is_kept(
    laboratory: Laboratory,
    participant: Participant,
    django_capture_on_commit_callbacks: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(import_file, "apply_async", lambda args, kwargs: sent.append(args))
    file = brought(laboratory, as_csv([row(participant)]))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        confirmed(file)
    assert sent == [(file.pk, 0)]


def test_a_file_longer_than_a_chunk_is_sent_to_a_worker_for_each_share(
    laboratory: Laboratory,
    participant: Participant,
    django_capture_on_commit_callbacks: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(import_file, "apply_async", lambda args, kwargs: sent.append(args))
    monkeypatch.setattr(imports, "CHUNK", 1)
    file = brought(laboratory, as_csv([row(participant), row(participant, "9")]))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        confirmed(file)
    assert sent == [(file.pk, 0), (file.pk, 1)]


def test_progress_counts_every_outcome(waiting: ImportFile) -> None:
    before = progress(waiting)
    assert (before.done, before.total, before.percent, before.finished) == (0, 5, 0, False)
    run_import(waiting.pk)
    after = progress(again(waiting))
    assert (after.done, after.percent, after.finished) == (5, 100, True)
    assert after.by_outcome[ImportRow.Outcome.WRITTEN] == 5
    assert after.by_outcome[ImportRow.Outcome.LEFT_OUT] == 0
