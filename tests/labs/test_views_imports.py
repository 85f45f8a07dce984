"""The pages of the import: bringing a file, mapping it, its rows, its account."""

import csv
import hashlib
import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook
from pytest_django import DjangoAssertNumQueries

from enrollment.models import Participant
from labs.actions.imports import run_import
from labs.importing.judging import judge
from labs.models import ColumnMapping, ImportContent, ImportFile, ImportRow, Laboratory, Result
from labs.permissions import IMPORT_RESULTS, MAP_FILES, READ_FILES
from labs.rules import mapping as rules
from labs.tasks import import_file
from oversight.trail import AuditEntry
from tests import factories
from tests.labs.examples import entered, hours_ago, pcr, typed
from tests.labs.sent import (
    HEADER,
    PLAIN,
    as_csv,
    brought,
    confirmed,
    imported,
    laboratory_of,
    row,
)
from tests.uploads import LargeForm
from trial_site.models import Site, User
from trial_site.roles import PEOPLE, Role

pytestmark = pytest.mark.django_db

Login = Callable[[Role], Client]
IMPORT, MAPPINGS = reverse("labs:import"), reverse("labs:import-mappings")


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> None:
    cache.clear()


@pytest.fixture
def laboratory(site: Site, lab: User) -> Laboratory:
    return laboratory_of(site)


def page_of(file: ImportFile, name: str = "import-file") -> str:
    return reverse(f"labs:{name}", args=[file.pk])


def read(client: Client, url: str, **query: str) -> str:
    response = client.get(url, query)
    assert response.status_code == 200
    return shown(response)


def shown(response: Any) -> str:
    """What the page says; numbers stay beside their units by spaces that do not break."""
    text: str = response.content.decode()
    return text.replace("\N{NO-BREAK SPACE}", " ")


def sent(
    client: Client,
    laboratory: Laboratory,
    content: bytes,
    name: str = "results.csv",
    **changes: Any,
) -> Any:
    data = {
        "entry_key": str(uuid4()),
        "laboratory": str(laboratory.pk),
        "file": SimpleUploadedFile(name, content),
    }
    return client.post(IMPORT, data | changes, follow=True)


def confirming(client: Client, file: ImportFile, **changes: str) -> Any:
    form = client.get(page_of(file)).context["form"]
    names = ("entry_key", "record_version", "judged")
    data = {name: str(form[name].value()) for name in names}
    return client.post(page_of(file), data | changes, follow=True)


def typed_mapping(client: Client, file: ImportFile, **changes: str) -> dict[str, str]:
    """The mapping screen as a browser would send it untouched, with ``changes``."""
    form = client.get(page_of(file, "import-mapping")).context["form"]
    values = {name: form[name].value() for name in form.fields}
    sent = {name: str(value) for name, value in values.items() if value not in (None, False, "")}
    return sent | changes


def column(client: Client, file: ImportFile, header: str) -> str:
    form = client.get(page_of(file, "import-mapping")).context["form"]
    return next(line.meaning.html_name for line in form.columns if line.column.header == header)


# --- who may do what ----------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", sorted(PEOPLE))
def test_each_role_opens_what_is_decided(
    login: Login, laboratory: Laboratory, participant: Participant, role: Role
) -> None:
    file = brought(laboratory, as_csv([row(participant)]))
    client = login(role)
    reads, maps = READ_FILES.roles, MAP_FILES.roles
    pages = {
        IMPORT: reads,
        MAPPINGS: reads,
        page_of(file): reads,
        page_of(file, "import-mapping"): maps,
        page_of(file, "import-discard"): maps,
        page_of(file, "import-refused"): reads,
    }
    for url, roles in pages.items():
        assert client.get(url).status_code == (200 if role in roles else 403), url
    posts = {
        IMPORT: maps,
        page_of(file): IMPORT_RESULTS.roles,
        page_of(file, "import-discard"): maps,
    }
    for url, roles in posts.items():
        assert (client.post(url, {}).status_code != 403) == (role in roles), url


@pytest.mark.requirement("R11")
def test_others_see_no_button(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    file = brought(laboratory, as_csv([row(participant)]))
    page = read(login(Role.DATA_MANAGER), page_of(file))
    assert "Only the laboratory imports results" in page
    page = read(login(Role.MONITOR), page_of(file))
    assert page_of(file, "import-mapping") not in page
    assert page_of(file, "import-discard") not in page
    assert 'type="file"' not in read(login(Role.MONITOR), IMPORT)


@pytest.mark.requirement("R11")
def test_another_sites_files_do_not_exist(login: Login, stranger: Participant) -> None:
    other = laboratory_of(stranger.site, "Other laboratory")
    file = brought(other, as_csv([row(stranger)]))
    client = login(Role.LAB)
    for name in ("import-file", "import-mapping", "import-discard", "import-refused"):
        assert client.get(page_of(file, name)).status_code == 404
    assert client.post(page_of(file), {}).status_code == 404
    assert file.sha256[:8] not in read(client, IMPORT)
    assert "Usual" not in read(client, MAPPINGS)
    page = shown(sent(client, other, as_csv([row(stranger, "1")])))
    assert "Not saved" in page
    assert ImportFile.objects.count() == 1


def test_the_pages_that_show_take_no_post(login: Login, laboratory: Laboratory) -> None:
    assert login(Role.LAB).post(MAPPINGS, {}).status_code == 405


def test_nobody_imports_before_login(client: Client) -> None:
    response = client.post(IMPORT, {})
    assert response.status_code == 302
    assert "login" in response["Location"]


# --- bringing a file ----------------------------------------------------------------------------


def test_without_a_laboratory_the_page_says_what_to_do(login: Login) -> None:
    page = read(login(Role.LAB), IMPORT)
    assert "register the one that sends the file first" in page
    assert "No file yet" in page


def test_a_file_is_brought_and_its_columns_asked_about(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    response = sent(login(Role.LAB), laboratory, as_csv([row(participant)]))
    file = ImportFile.objects.get()
    assert response.redirect_chain == [(page_of(file, "import-mapping"), 302)]
    page = read(login(Role.MONITOR), IMPORT)
    assert "results.csv" in page
    assert "To be checked" in page
    assert file.sha256[:8] in page
    assert "lab-pku" in page


def test_the_same_form_twice_brings_one_file(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    client, key = login(Role.LAB), str(uuid4())
    sent(client, laboratory, as_csv([row(participant)]), entry_key=key)
    page = sent(client, laboratory, as_csv([row(participant, "7")]), entry_key=key)
    assert "This was saved already" in page.content.decode()
    assert ImportFile.objects.count() == 1


@pytest.mark.requirement("R30")
def test_the_same_bytes_again_are_refused_by_name(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    client, content = login(Role.LAB), as_csv([row(participant)])
    sent(client, laboratory, content)
    page = shown(sent(client, laboratory, content, name="again.csv"))
    assert "This very file is here already: results.csv, brought by lab-pku" in page
    assert ImportFile.objects.count() == 1


def workbook(added: dict[str, bytes] | None = None, value: Any = 52000) -> bytes:
    """A workbook of one plain row with ``value``; ``added`` are parts that no workbook needs."""
    book, content = Workbook(), io.BytesIO()
    book.active.append(list(HEADER))
    book.active.append(
        ["PKU-001", "2026-03-18 08:00", "cmv_dna", 52000, "copies/mL", "plasma", "final"]
    )
    book.active["D2"] = value
    book.save(content)
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, part in (added or {}).items():
            archive.writestr(name, part)
    return content.getvalue()


HOSTILE = {
    "PDF": ("results.csv", b"%PDF-1.7 1 0 obj", "This is a PDF"),
    "empty": ("results.csv", b"\n\n", "The file is empty"),
    "header only": ("results.csv", b"a,b\n", "a header and no rows"),
    "duplicated header": ("results.csv", b"a,a\n1,2\n", "stands over two columns"),
    "macro name": ("results.xlsm", b"PK\x03\x04", "can carry macros"),
    "macro inside": ("results.xlsx", workbook({"xl/vbaProject.bin": b"x"}), "carries macros"),
    "zip bomb": ("results.xlsx", workbook({"xl/media/a.bin": bytes(40_000_000)}), "unpacks to far"),
    "old workbook": ("results.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel 97 to 2003"),
    "wrong encoding": ("results.csv", "a,µg\n1,é\n".encode("cp1252"), "cannot be told for sure"),
    "XML entity": (
        "results.csv",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>',
        "This is XML",
    ),
    "HL7 without OBR": (
        "results.hl7",
        b"MSH|^~\\&|L|L|T|T|20260318||ORU^R01|1|P|2.5\rPID|1||PKU-001\r"
        b"OBX|1|NM|cmv_dna||52000|copies/mL|||||F\r",
        "before any OBR segment",
    ),
}


@pytest.mark.requirement("R30")
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_refused_with_a_sentence(
    login: Login, laboratory: Laboratory, kind: str
) -> None:
    name, content, sentence = HOSTILE[kind]
    response = sent(login(Role.LAB), laboratory, content, name=name)
    page = shown(response)
    assert "Not saved" in page
    assert sentence in page
    assert f'<option value="{laboratory.pk}" selected' in page
    assert not ImportFile.objects.exists()


@pytest.mark.requirement("R30")
def test_two_hundred_megabytes_are_refused_with_a_sentence(
    login: Login, laboratory: Laboratory
) -> None:
    body = LargeForm(200, entry_key=str(uuid4()), laboratory=str(laboratory.pk))
    page = shown(login(Role.LAB).request(PATH_INFO=IMPORT, **body.environ))
    assert "This file is larger than 20 MB, the most that is taken here" in page
    assert f'<option value="{laboratory.pk}" selected' in page
    assert not ImportFile.objects.exists()


# --- the mapping --------------------------------------------------------------------------------

RAW = b"Patient,Taken,CMV\nP1,2026-03-18 08:00,4.5\nP2,2026-03-18 08:00,0.0\n"


@pytest.fixture
def raw(login: Login, laboratory: Laboratory) -> ImportFile:
    """A file whose headers say little."""
    sent(login(Role.LAB), laboratory, RAW)
    return ImportFile.objects.get()


def test_the_columns_are_shown_with_their_values_and_a_proposal(
    login: Login, raw: ImportFile
) -> None:
    client = login(Role.LAB)
    page = read(client, page_of(raw, "import-mapping"))
    assert "begun with what the headers suggest" in page
    form = client.get(page_of(raw, "import-mapping")).context["form"]
    lines = {line.column.header: line for line in form.columns}
    assert lines["Patient"].meaning.value() == "participant"
    assert lines["Taken"].column.samples == ("2026-03-18 08:00",)
    assert lines["CMV"].column.samples == ("4.5", "0.0")


def test_what_is_missing_is_said_with_a_link(login: Login, raw: ImportFile) -> None:
    page = read(login(Role.LAB), page_of(raw, "import-mapping"))
    assert "Still to say" in page
    assert '<a href="#id_all-specimen">Say what the specimen is' in page
    assert '<a href="#id_column-0">Say which column tells when' in page


def test_every_fault_of_a_mapping_leads_to_a_field(login: Login, raw: ImportFile) -> None:
    client = login(Role.LAB)
    data = {"preview": "1", "column-1": "collected_date", "column-2": "value", "date_order": "iso"}
    form = client.post(page_of(raw, "import-mapping"), data).context["form"]
    places = {text.partition(":")[0]: place for place, text in form.missing}
    assert places == {
        "Say which column names the participant.": "id_column-0",
        "Say which column, or which time, goes with the date.": "id_all-collected_time",
        "Say what the specimen is": "id_all-specimen",
        "Say what was measured": "id_all-analyte",
        "Say in which unit": "id_all-unit",
    }


def test_checking_asks_what_follows_and_saves_nothing(login: Login, raw: ImportFile) -> None:
    client, url = login(Role.LAB), page_of(raw, "import-mapping")
    data = {
        "preview": "1",
        "name": "Ours",
        "date_order": "day_first",
        "column-0": "filter",
        "column-1": "collected",
        "column-2": "value:cmv_dna",
        "log10": "on",
        "not_detected": "0.0",
    }
    form = client.post(url, data).context["form"]
    assert form["name"].value() == "Ours"
    assert form["log10"].value() is True
    assert form["not_detected"].value() == "0.0"
    assert form["date_order"].value() == "day_first"
    assert [value for value, _ in form.fields["filter-0"].choices] == ["", "P1", "P2"]
    assert "copies/mL" in [value for value, _ in form.fields["unit-2"].choices]
    assert "all-analyte" not in form.fields
    assert not ColumnMapping.objects.exists()


def fully_typed(client: Client, raw: ImportFile, subject: str, **changes: str) -> dict[str, str]:
    data = typed_mapping(
        client,
        raw,
        **{
            "name": "Ours",
            "column-1": "collected",
            "column-2": "value",
            "all-analyte": "cmv_dna",
            "all-unit": "copies/mL",
            "all-specimen": "plasma",
            "all-assay": "PCR-CMV-2",
            "all-lod": "2.176",
            "log10": "on",
            "not_detected": "0.0",
        },
    )
    form = client.get(page_of(raw, "import-mapping")).context["form"]
    (words,) = form.strange_words
    data |= {words.words[0].html_name: subject}
    return data | changes


def test_the_mapping_is_saved_for_the_laboratory_and_the_rows_shown(
    login: Login, raw: ImportFile, participant: Participant
) -> None:
    client, url = login(Role.LAB), page_of(raw, "import-mapping")
    response = client.post(url, fully_typed(client, raw, participant.subject), follow=True)
    assert response.redirect_chain == [(page_of(raw), 302)]
    saved = ColumnMapping.objects.get()
    assert (saved.name, saved.laboratory) == ("Ours", raw.laboratory)
    assert rules.Mapping.from_json(saved.definition) == rules.Mapping(
        columns={"Patient": "participant", "Taken": "collected", "CMV": "value"},
        constants={
            "analyte": "cmv_dna",
            "unit": "copies/mL",
            "specimen": "plasma",
            "assay": "PCR-CMV-2",
            "lod": "2.176",
        },
        participants={"P1": participant.subject},
        log10=True,
        not_detected=("0.0",),
    )
    page = shown(response)
    assert "CMV-DNA 4.5 log10 copies/mL" in page
    assert "P2 is no participant" in page


def test_an_incomplete_mapping_is_refused_and_keeps_what_was_typed(
    login: Login, raw: ImportFile, participant: Participant
) -> None:
    client, url = login(Role.LAB), page_of(raw, "import-mapping")
    data = fully_typed(client, raw, participant.subject, **{"all-specimen": "", "all-lod": "x"})
    form = client.post(url, data).context["form"]
    assert form.errors["all-specimen"] == [
        "Say what the specimen is: a column, or one kind for all rows."
    ]
    assert form.errors["all-lod"] == ["“x” cannot be the limit of detection of all rows."]
    assert form["all-lod"].value() == "x"
    assert form["all-assay"].value() == "PCR-CMV-2"
    assert not ColumnMapping.objects.exists()


def test_a_saved_mapping_that_changes_asks_why(
    login: Login, raw: ImportFile, participant: Participant
) -> None:
    client, url = login(Role.LAB), page_of(raw, "import-mapping")
    client.post(url, fully_typed(client, raw, participant.subject))
    changed = typed_mapping(client, raw, **{"all-lod": "1.959"})
    form = client.post(url, changed).context["form"]
    assert form.errors["reason"] == ["Changing a saved value needs a reason"]
    client.post(url, changed | {"reason": "New kit"})
    saved = ColumnMapping.objects.get()
    assert saved.definition["constants"]["lod"] == "1.959"
    assert AuditEntry.objects.filter(model="labs.columnmapping", reason="New kit").exists()


def test_the_next_file_with_these_headers_begins_with_the_saved_mapping(
    login: Login, raw: ImportFile, participant: Participant
) -> None:
    client = login(Role.LAB)
    client.post(page_of(raw, "import-mapping"), fully_typed(client, raw, participant.subject))
    page = shown(sent(client, raw.laboratory, RAW + b"P3,2026-03-18 08:00,3.5\n"))
    assert "begun with the saved mapping “Ours”" in page
    second = ImportFile.objects.first()
    form = client.get(page_of(second, "import-mapping")).context["form"]
    assert [field.value() for field in form.strange_words[0].words] == [participant.subject, "", ""]


def test_a_word_that_this_file_lacks_keeps_its_translation(
    login: Login, raw: ImportFile, participant: Participant
) -> None:
    client = login(Role.LAB)
    client.post(page_of(raw, "import-mapping"), fully_typed(client, raw, participant.subject))
    sent(client, raw.laboratory, RAW.replace(b"P1", b"P9"))
    second = ImportFile.objects.first()
    data = typed_mapping(client, second, reason="One more")
    (words,) = client.get(page_of(second, "import-mapping")).context["form"].strange_words
    data[words.words[0].html_name] = participant.subject
    client.post(page_of(second, "import-mapping"), data)
    assert ColumnMapping.objects.get().definition["participants"] == {
        "P1": participant.subject,
        "P9": participant.subject,
    }


def test_an_analyte_can_be_left_out(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    client = login(Role.LAB)
    sent(client, laboratory, as_csv([row(participant), row(participant, Test="Cholesterol")]))
    file = ImportFile.objects.get()
    (words,) = client.get(page_of(file, "import-mapping")).context["form"].strange_words
    data = typed_mapping(client, file) | {words.words[0].html_name: "-"}
    response = client.post(page_of(file, "import-mapping"), data, follow=True)
    assert ColumnMapping.objects.get().definition["analytes"] == {"Cholesterol": ""}
    assert response.context["counts"] == {"written": 1, "left_out": 1}


def test_a_mapping_is_begun_with_another_saved_one(
    login: Login, raw: ImportFile, participant: Participant
) -> None:
    client = login(Role.LAB)
    client.post(page_of(raw, "import-mapping"), fully_typed(client, raw, participant.subject))
    saved = ColumnMapping.objects.get()
    sent(client, raw.laboratory, as_csv([row(participant)]))
    second = ImportFile.objects.first()
    url = page_of(second, "import-mapping")
    assert "begun with what the headers suggest" in read(client, url)
    assert "begun with the saved mapping" in read(client, url, **{"from": str(saved.pk)})
    assert "begun with what the headers suggest" in read(client, url, **{"from": "x"})


HL7 = (
    "MSH|^~\\&|LIS|LAB|TRIAL|SITE|20260318100000||ORU^R01^ORU_R01|1|P|2.5.1\r"
    "PID|1||{who}\r"
    "OBR|1||A1|CMV^CMV|||202603180800+0800\r"
    "OBX|1|SN|{code}^CMV-DNA||<^500|copies/mL|||||F\r"
    "SPM|1|||PLAS\r"
)


def test_an_hl7_file_asks_for_words_only(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    client = login(Role.LAB)
    content = HL7.format(who="MRN77", code="CMVQ").encode()
    response = sent(client, laboratory, content, name="run.hl7")
    form = response.context["form"]
    assert list(form.columns) == []
    assert form.missing == []
    file = ImportFile.objects.get()
    who, what = (kind.words[0] for kind in form.strange_words)
    data = typed_mapping(client, file)
    data |= {who.html_name: participant.subject, what.html_name: "cmv_dna"}
    page = shown(client.post(page_of(file, "import-mapping"), data, follow=True))
    assert "CMV-DNA &lt;500 copies/mL" in page


def test_a_confirmed_file_is_mapped_no_more(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    file = imported(laboratory, row(participant))
    response = login(Role.LAB).get(page_of(file, "import-mapping"))
    assert (response.status_code, response["Location"]) == (302, page_of(file))


def test_the_list_of_mappings_says_what_each_holds(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    assert "No mapping yet" in read(login(Role.MONITOR), MAPPINGS)
    file = brought(laboratory, as_csv([row(participant)]))
    page = read(login(Role.MONITOR), MAPPINGS)
    assert "Usual" in page
    assert "Central laboratory" in page
    assert '>Result</th><td class="text-break">result</td>' in page
    assert reverse("oversight:history", args=["labs.columnmapping", file.mapping.pk]) in page


# --- its rows -----------------------------------------------------------------------------------


def test_a_file_without_a_mapping_says_what_is_next(login: Login, raw: ImportFile) -> None:
    page = read(login(Role.LAB), page_of(raw))
    assert "Its columns are not mapped yet" in page
    assert page_of(raw, "import-mapping") in page
    assert page_of(raw, "import-mapping") not in read(login(Role.MONITOR), page_of(raw))


@pytest.fixture
def mixed(laboratory: Laboratory, participant: Participant) -> ImportFile:
    """Rows of every outcome: new, unusual, here already, refused, left out."""
    entered(participant, pcr("800"), hours=6)
    mapping = replace(PLAIN, analytes={"Cholesterol": ""})
    rows = [
        row(participant),
        row(participant, "90000000", Collected=typed(hours_ago(5))),
        row(participant, "800", Collected=typed(hours_ago(6))),
        row("=HYPERLINK(1)"),
        row(participant, Test="Cholesterol"),
    ]
    return brought(laboratory, as_csv(rows), mapping)


def test_every_row_is_shown_with_its_verdict(
    login: Login, mixed: ImportFile, participant: Participant
) -> None:
    response = login(Role.LAB).get(page_of(mixed))
    page = shown(response)
    lines = [(line.number, line.outcome) for line in response.context["page_obj"]]
    assert lines == [
        (2, "written"),
        (3, "asked"),
        (4, "unchanged"),
        (5, "refused"),
        (6, "left_out"),
    ]
    assert "CMV-DNA 52,000 copies/mL" in page
    assert "=HYPERLINK(1) is no participant" in page
    assert "· Cholesterol · 52000 · copies/mL · plasma · final" in page
    assert (
        "Of 5 rows: 1 are imported, 1 only if confirmed, 1 here already, 1 refused, 1 left" in page
    )
    assert f'Row 3, <span class="num">{participant.subject}</span>: 90,000,000' in page
    assert not ImportRow.objects.exists()
    assert Result.objects.count() == 1


@pytest.mark.parametrize(
    ("outcome", "numbers"), [("refused", [5]), ("asked", [3]), ("left_out", [6]), ("nonsense", [])]
)
def test_the_address_chooses_the_rows(
    login: Login, mixed: ImportFile, outcome: str, numbers: list[int]
) -> None:
    response = login(Role.LAB).get(page_of(mixed), {"outcome": outcome})
    assert [line.number for line in response.context["page_obj"]] == numbers


def test_rows_come_in_pages_of_fifty(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    rows = [row(participant, Collected=typed(hours_ago(4 + n))) for n in range(51)]
    file = brought(laboratory, as_csv(rows))
    client = login(Role.LAB)
    assert len(client.get(page_of(file)).context["page_obj"].object_list) == 50
    (last,) = client.get(page_of(file), {"page": "2"}).context["page_obj"]
    assert last.number == 52


DOUBTFUL_ROWS = {
    "unknown participant": ({"Patient": "PKU-999"}, "PKU-999 is no participant"),
    "result before birth": ({"Collected": "1950-01-01 08:00"}, "was born"),
    "result in the future": ({"Collected": "2026-03-19 08:00"}, "future"),
    "decimal comma": ({"Result": "52,5"}, "has a comma"),
    "day or month": ({"Collected": "03/04/2026 08:00"}, "can mean two days"),
    "Excel serial": ({"Collected": "46098.5"}, "Excel"),
    "swapped columns": ({"Patient": "2026-03-18", "Collected": "PKU-001"}, "columns swapped"),
    "wrong unit": ({"Unit": "g/L"}, "is not a unit that"),
    "impossible": ({"Result": "99000000000000"}, "impossible"),
}


@pytest.mark.requirement("R30")
@pytest.mark.parametrize("kind", DOUBTFUL_ROWS)
def test_a_bad_row_is_refused_with_its_reason(
    login: Login, laboratory: Laboratory, participant: Participant, kind: str
) -> None:
    changes, reason = DOUBTFUL_ROWS[kind]
    file = brought(laboratory, as_csv([row(participant, **changes)]))
    response = login(Role.LAB).get(page_of(file))
    (line,) = response.context["page_obj"]
    assert line.outcome == "refused"
    assert reason in "; ".join(map(str, line.reasons))


@pytest.mark.requirement("R30")
def test_a_formula_is_never_taken_for_a_result(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    file = brought(laboratory, workbook(value="=5*10400"), name="results.xlsx")
    (line,) = login(Role.LAB).get(page_of(file)).context["page_obj"]
    assert line.outcome == "refused"
    assert "formula" in str(line.reasons[0])


def test_chinese_files_are_read_as_they_were_written(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    header = ("患者编号", "采样时间", "项目", "结果", "单位", "标本")
    line = (
        participant.subject,
        "2026年3月18日 08:00",
        "巨细胞病毒DNA定量",
        "<500",
        "拷贝/mL",
        "血浆",
    )
    content = "\n".join(",".join(cells) for cells in (header, line)).encode("gb18030")
    client = login(Role.LAB)
    form = sent(client, laboratory, content).context["form"]
    assert form.missing == []
    file = ImportFile.objects.get()
    page = shown(
        client.post(page_of(file, "import-mapping"), typed_mapping(client, file), follow=True)
    )
    assert "CMV-DNA &lt;500 copies/mL" in page
    assert "Read as GB18030" in read(client, page_of(file, "import-mapping"))


def test_rows_are_judged_once_until_the_record_changes(
    login: Login, mixed: ImportFile, participant: Participant, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[int] = []

    def counted(*args: Any, **kwargs: Any) -> Any:
        judged.append(1)
        return judge(*args, **kwargs)

    monkeypatch.setattr("labs.importing.preview.judge", counted)
    client = login(Role.LAB)
    for _ in range(3):
        client.get(page_of(mixed))
    assert len(judged) == 1
    entered(participant, pcr("52000"), hours=4)
    assert client.get(page_of(mixed)).context["counts"]["unchanged"] == 2
    assert len(judged) == 2


def test_ten_thousand_rows_are_no_more_queries(
    login: Login,
    laboratory: Laboratory,
    participant: Participant,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    rows = [row(participant, Collected=typed(hours_ago(4 + n))) for n in range(500)]
    file = brought(laboratory, as_csv(rows))
    client = login(Role.LAB)
    with django_assert_max_num_queries(20):
        client.get(page_of(file))
    with django_assert_max_num_queries(12):
        client.get(page_of(file), {"page": "7"})


@pytest.mark.requirement("R30")
def test_a_file_that_was_altered_is_not_read(login: Login, mixed: ImportFile) -> None:
    ImportContent.objects.filter(file=mixed).update(data=b"a,b\n1,2\n")
    client = login(Role.LAB)
    assert "is not the one that was brought" in read(client, page_of(mixed))
    for name in ("import-mapping", "import-refused"):
        response = client.get(page_of(mixed, name))
        assert (response.status_code, response["Location"]) == (302, page_of(mixed))


# --- confirming ---------------------------------------------------------------------------------


@pytest.mark.requirement("R26")
@pytest.mark.parametrize("is_ticked", [True, False])
def test_confirmed_rows_are_written_and_accounted_for(
    login: Login,
    mixed: ImportFile,
    is_ticked: bool,
) -> None:
    tick = {"takes_doubtful": "on"} if is_ticked else {}
    client = login(Role.LAB)
    confirming(client, mixed, **tick)
    import_file(mixed.pk)
    page = read(client, page_of(mixed))
    assert "What became of the rows" in page
    assert "Together 5, every row of the file." in page
    how_far = client.get(page_of(mixed)).context["progress"]
    assert dict(how_far.by_outcome) == {
        "written": 2 if is_ticked else 1,
        "unchanged": 1,
        "refused": 1 if is_ticked else 2,
        "left_out": 1,
    }
    assert how_far.done == how_far.total == 5
    assert Result.objects.count() == (3 if is_ticked else 2)
    assert ("Unusual values were confirmed" in page) == is_ticked


def test_the_same_confirmation_twice_imports_once(login: Login, mixed: ImportFile) -> None:
    client = login(Role.LAB)
    form = client.get(page_of(mixed)).context["form"]
    names = ("entry_key", "record_version", "judged")
    data = {name: str(form[name].value()) for name in names}
    for _ in range(2):
        assert client.post(page_of(mixed), data).status_code == 302
    run_import(mixed.pk)
    assert Result.objects.count() == 2


def test_a_mapping_that_changed_meanwhile_is_looked_at_again(
    login: Login, mixed: ImportFile, laboratory: Laboratory
) -> None:
    page = shown(confirming(login(Role.LAB), mixed, judged="0" * 64))
    assert "The mapping was changed: look at the rows again" in page
    mixed.refresh_from_db()
    assert mixed.status == ImportFile.Status.UPLOADED
    confirming(login(Role.LAB), mixed)
    mixed.refresh_from_db()
    assert mixed.status == ImportFile.Status.CONFIRMED


def test_a_file_that_somebody_changed_is_not_confirmed(login: Login, mixed: ImportFile) -> None:
    page = shown(confirming(login(Role.LAB), mixed, record_version="1"))
    assert "Somebody saved this record after you opened it" in page
    mixed.refresh_from_db()
    assert mixed.status == ImportFile.Status.UPLOADED


def test_while_it_runs_the_page_tells_how_far_it_is_and_asks_again(
    login: Login, mixed: ImportFile
) -> None:
    confirmed(mixed)
    ImportRow.objects.create(file=mixed, number=2, outcome="written")
    page = read(login(Role.MONITOR), page_of(mixed))
    assert "1 of 5 rows" in page
    assert '<progress class="w-100" max="5" value="1"' in page
    assert 'hx-trigger="every 2s"' in page
    assert "Look again" in page


def test_an_import_whose_confirmer_left_is_confirmed_anew(
    login: Login, mixed: ImportFile, site: Site
) -> None:
    confirmed(mixed, by=factories.user(Role.LAB, site, username="leaver"))
    User.objects.filter(username="leaver").update(is_active=False)
    client = login(Role.LAB)
    page = read(client, page_of(mixed))
    assert "The import has stopped." in page
    assert "hx-trigger" not in page
    confirming(client, mixed)
    run_import(mixed.pk)
    assert "What became of the rows" in read(client, page_of(mixed))


# --- what was refused, put aside, or came from a file -------------------------------------------


@pytest.mark.requirement("R30", "R08")
def test_refused_rows_come_back_as_they_came_with_their_reasons(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    file = imported(
        laboratory,
        row("=1+1", "-5"),
        row(participant),
        row("@cmd", "52,5"),
    )
    response = login(Role.LAB).get(page_of(file, "import-refused"))
    content = b"".join(response.streaming_content).decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(content))
    assert header == [*HEADER, "Why refused"]
    assert [line[:2] for line in rows] == [["'=1+1", rows[0][1]], ["'@cmd", rows[1][1]]]
    assert [line[3] for line in rows] == ["-5", "52,5"]
    assert "is no participant" in rows[0][-1]
    assert "has a comma" in rows[1][-1]
    entry = AuditEntry.objects.get(event="exported")
    assert entry.changes["imported"] == "results.csv"
    assert (
        entry.changes["sha256"]
        == hashlib.sha256(
            as_csv([row("=1+1", "-5"), row(participant), row("@cmd", "52,5")])
        ).hexdigest()
    )


def test_the_refused_file_can_be_mended_and_brought(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    file = imported(laboratory, row("P1"), row(participant))
    client = login(Role.LAB)
    response = client.get(page_of(file, "import-refused"))
    mended = b"".join(response.streaming_content).replace(b"P1", participant.subject.encode())
    sent(client, laboratory, mended, name="mended.csv")
    second = ImportFile.objects.first()
    data = typed_mapping(client, second, reason="A column more")
    page = client.post(page_of(second, "import-mapping"), data, follow=True)
    assert page.context["counts"] == {"unchanged": 1}


def test_a_file_is_put_aside_with_a_reason_and_may_come_again(
    login: Login, mixed: ImportFile
) -> None:
    client, url = login(Role.DATA_MANAGER), page_of(mixed, "import-discard")
    version = str(client.get(url).context["form"]["record_version"].value())
    data = {"entry_key": str(uuid4()), "record_version": version, "reason": ""}
    assert "This field is required" in shown(client.post(url, data))
    assert "Somebody saved this record" in shown(
        client.post(url, data | {"reason": "Wrong run", "record_version": "1"})
    )
    page = shown(client.post(url, data | {"reason": "Wrong run"}, follow=True))
    assert "Put aside." in page
    assert "Wrong run" in page
    assert client.get(url).status_code == 404
    assert not Result.objects.filter(source="file").exists()


@pytest.mark.requirement("R26")
def test_a_result_says_which_file_and_row_it_came_from(
    login: Login, laboratory: Laboratory, participant: Participant
) -> None:
    file = imported(laboratory, row(participant))
    url = reverse("labs:result", args=[Result.objects.get().pk])
    page = read(login(Role.LAB), url)
    assert "From the file" in page
    assert f'<a href="{page_of(file)}">results.csv</a>' in page
    assert f"{file.sha256[:8]}…{file.sha256[-4:]}" in page
    assert '<dd class="num">2</dd>' in page
    page = read(login(Role.NURSE), url)
    assert "results.csv" in page
    assert page_of(file) not in page


def test_a_typed_result_names_no_file(login: Login, participant: Participant) -> None:
    (result,) = entered(participant, pcr("52000"))
    assert "From the file" not in read(login(Role.LAB), reverse("labs:result", args=[result.pk]))


@pytest.mark.parametrize("role", [Role.LAB, Role.DATA_MANAGER, Role.MONITOR])
def test_the_list_of_results_leads_here(login: Login, role: Role) -> None:
    assert IMPORT in read(login(role), reverse("labs:index"))


def test_those_who_may_not_see_no_link(login: Login) -> None:
    assert IMPORT not in read(login(Role.NURSE), reverse("labs:index"))
