"""The pages of plates and results beyond entering: runs, corrections, files, statuses."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from enrollment.models import Participant
from labs.actions import Entry, PlateEntry, correct_plate, correct_result, repeat_cytotoxicity
from labs.models import CytometerFile, CytotoxicityAssay, Result, ResultStatus
from labs.permissions import ENTER_RESULTS, READ_RESULTS
from labs.rules.numbers import rounded
from tests import factories
from tests.labs.cytometer_files import fcs
from tests.labs.examples import (
    BASELINE,
    DAY_7,
    entered,
    hours_ago,
    pcr,
    plate_data,
    plated,
    safety,
    typed,
    wells,
)
from trial_site import clock
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import Role

pytestmark = pytest.mark.django_db

Login = Callable[[Role], Client]
Record = Result | CytotoxicityAssay

OTHERS = sorted(READ_RESULTS.roles - ENTER_RESULTS.roles)
NEW = reverse("labs:cytotoxicity-new")
OF_A_PLATE = [f"labs:cytotoxicity-{name}" for name in ("repeat", "correct", "choose", "in-error")]
OF_A_PLATE.append("labs:cytotoxicity-file")
OF_A_RESULT = ["labs:result-finalise", "labs:result-in-error"]


def address(name: str, record: Record) -> str:
    return reverse(name, args=[record.pk])


def plate_page(assay: CytotoxicityAssay) -> str:
    return address("labs:cytotoxicity", assay)


def said(client: Client, url: str, data: dict[str, Any]) -> str:
    """The page that follows a form, in plain spaces."""
    page = client.post(url, data, follow=True).content.decode()
    return page.replace("\N{NO-BREAK SPACE}", " ")


def read(client: Client, url: str) -> str:
    return client.get(url).content.decode().replace("\N{NO-BREAK SPACE}", " ")


def reason(record: Record, why: str = "The laboratory called", **changes: str) -> dict[str, str]:
    version = type(record).objects.get(pk=record.pk).version
    fixed = {"entry_key": str(uuid4()), "record_version": str(version), "reason": why}
    return fixed | changes


def wells_typed(plate: tuple[tuple[str, ...], ...] = DAY_7, **changes: str) -> dict[str, str]:
    """What the form of a repeat run posts: no specimen."""
    values = {"entry_key": str(uuid4()), "effectors": "pbmc", "run": "NK-2", "nk_percent": "11.5"}
    for code, row in zip(("spontaneous", "maximum", "et25"), plate, strict=True):
        for number, dead in enumerate(row, 1):
            values |= {f"{code}-d{number}": dead, f"{code}-n{number}": "9,000"}
    return values | changes


@pytest.fixture
def assay(participant: Participant) -> CytotoxicityAssay:
    return plated(participant)


@pytest.fixture
def result(participant: Participant) -> Result:
    (saved,) = entered(participant, replace(pcr("5200"), status=ResultStatus.PRELIMINARY))
    return saved


@pytest.fixture
def treated(site: Site) -> Participant:
    """First dosed seven days ago at eight."""
    with time_machine.travel(clock.now() - dt.timedelta(days=7)):
        return factories.on_treatment(site, days_ago=0)


# --- who may do what --------------------------------------------------------------------------


@pytest.mark.requirement("R11")
@pytest.mark.parametrize("role", OTHERS)
def test_others_read_and_change_nothing(
    login: Login, assay: CytotoxicityAssay, result: Result, role: Role
) -> None:
    client = login(role)
    pages = [read(client, plate_page(assay)), read(client, address("labs:result", result))]
    for name, record in pages_of(assay, result):
        url = address(name, record)
        assert client.get(url).status_code == 403
        assert client.post(url, {}).status_code == 403
        assert not any(url in page for page in pages)


def pages_of(assay: CytotoxicityAssay, result: Result) -> list[tuple[str, Record]]:
    plates: list[tuple[str, Record]] = [(name, assay) for name in OF_A_PLATE]
    return [*plates, *((name, result) for name in OF_A_RESULT)]


@pytest.mark.requirement("R11")
def test_another_sites_records_do_not_exist(login: Login, stranger: Participant) -> None:
    (result,) = entered(stranger, replace(pcr("5200"), status=ResultStatus.PRELIMINARY))
    for name, record in pages_of(plated(stranger), result):
        assert login(Role.LAB).get(address(name, record)).status_code == 404
        assert login(Role.LAB).post(address(name, record), {}).status_code == 404


def test_the_forms_take_no_other_method(
    login: Login, assay: CytotoxicityAssay, result: Result
) -> None:
    for name, record in pages_of(assay, result):
        assert login(Role.LAB).delete(address(name, record)).status_code in {403, 405}


def test_no_page_tells_the_arm(login: Login, site: Site) -> None:
    treated = factories.on_treatment(site, arm="il2_gcv")
    (result,) = entered(treated, replace(pcr("5200"), status=ResultStatus.PRELIMINARY))
    labels = {arm.short_label for arm in current().arms}
    for name, record in pages_of(plated(treated), result):
        page = read(login(Role.LAB), address(name, record))
        assert treated.subject in page
        assert 'class="arm' not in page
        assert not any(label in page for label in labels)


# --- a plate ----------------------------------------------------------------------------------


def test_the_worked_examples_through_form_and_page(login: Login, treated: Participant) -> None:
    assert treated.day0_at is not None
    client, seven = login(Role.LAB), typed(treated.day0_at - dt.timedelta(hours=1))
    client.post(NEW, plate_data(treated, BASELINE, collected_at=seven, received_at=""))
    baseline = read(client, plate_page(CytotoxicityAssay.objects.get()))
    for words in ("20.74 %", "21.67 %", "19.50 %", "Baseline, before the first dose"):
        assert words in baseline
    data = plate_data(treated, DAY_7, run="NK-2026-011", nk_percent="11.5")
    page = said(client, NEW, data)
    for words in (
        "29.36 %", "30.67 %", "27.60 %", "Baseline 20.74 %, change +8.62 percentage points",
        "In window, day 6–8", "NK-2026-011", "NK cells 11.5 % of the effectors", "Controls pass",
    ):  # fmt: skip
        assert words in page
    saved = [CytotoxicityAssay.objects.first(), CytotoxicityAssay.objects.last()]
    lyses = [assay.lysis for assay in saved if assay and assay.lysis is not None]
    assert [rounded(lysis, 3) for lysis in lyses] == ["20.745", "29.362"]
    assert rounded(lyses[1] - lyses[0], 3) == "8.617"


def test_the_other_formulas_change_as_domain_says(login: Login, treated: Participant) -> None:
    found = {}
    for name, plate in (("before", BASELINE), ("after", DAY_7)):
        response = login(Role.LAB).post(NEW, plate_data(treated, plate) | {"preview": "1"})
        assessment = response.context["plate"].assessment
        found[name] = {code: assessment.lysis(code).percent for code in "ABC"}
    texts = {code: rounded(value, 3) for code, value in found["before"].items()}
    assert texts == {"A": "20.745", "B": "21.667", "C": "19.500"}
    changes = {code: rounded(found["after"][code] - found["before"][code], 3) for code in "ABC"}
    assert changes == {"A": "8.617", "B": "9.000", "C": "8.100"}


def test_the_protocols_formula_stands_first_and_marked(
    login: Login, assay: CytotoxicityAssay
) -> None:
    page = read(login(Role.LAB), plate_page(assay))
    first = page.index("formula formula--chosen")
    assert "A · the protocol’s formula" in page[first : first + 200]


def test_a_negative_lysis_is_kept_and_shown(login: Login, participant: Participant) -> None:
    plate = (("6.0", "6.0", "6.0"), ("96", "96", "96"), ("5.1", "5.1", "5.1"))
    page = said(login(Role.LAB), NEW, plate_data(participant, plate))
    assert "−0.96 %" in page
    assert rounded(CytotoxicityAssay.objects.get().lysis or 0, 3) == "-0.957"


@pytest.mark.parametrize(
    ("row", "values", "words"),
    [
        ("spontaneous", ("15", "15", "15"), ""),
        ("spontaneous", ("15.03", "15", "15"), "Spontaneous 15.01 %, above 15"),
        ("maximum", ("85", "85", "85"), ""),
        ("maximum", ("84.97", "85", "85"), "Maximum 84.99 %, below 85"),
        ("et25", ("20", "25", "30"), ""),
        ("et25", ("19.99", "25", "30.01"), "CV 20.0 %, above 20"),
    ],
)
def test_quality_fires_strictly_beyond_its_limit(
    login: Login, participant: Participant, row: str, values: tuple[str, ...], words: str
) -> None:
    typed_in = {f"{row}-d{number}": value for number, value in enumerate(values, 1)}
    page = said(login(Role.LAB), NEW, plate_data(participant) | typed_in | {"preview": "1"})
    assert (words in page) if words else re.search(r"[0-9] to check", page) is None


@pytest.mark.parametrize(("targets", "is_told"), [("4,999", True), ("5,000", False)])
def test_too_few_targets_are_told(
    login: Login, participant: Participant, targets: str, is_told: bool
) -> None:
    page = said(login(Role.LAB), NEW, plate_data(participant) | {"et25-n2": targets, "preview": ""})
    assert ("fewer than 5,000" in page.replace("fewer than 5,000 targets. A flag", "")) is is_told


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (5, "Day 5, outside the window (day 6–8)"),
        (6, "In window, day 6–8"),
        (8, "In window, day 6–8"),
        (9, "Day 9, outside the window (day 6–8)"),
    ],
)
def test_the_window_of_the_visit_is_said(login: Login, site: Site, day: int, words: str) -> None:
    with time_machine.travel(clock.now() - dt.timedelta(days=10)):
        treated = factories.on_treatment(site, days_ago=0)
    assert treated.day0_at is not None
    at = treated.day0_at + dt.timedelta(days=day)
    data = plate_data(treated, collected_at=typed(at), received_at="")
    assert words in said(login(Role.LAB), NEW, data | {"preview": "1"})
    assert words in said(login(Role.LAB), NEW, data)


@pytest.mark.parametrize("percent", ["-1", "100.1", "eleven"])
def test_a_share_of_nk_cells_is_a_percentage(
    login: Login, participant: Participant, percent: str
) -> None:
    page = said(login(Role.LAB), NEW, plate_data(participant, nk_percent=percent))
    assert 'href="#id_nk_percent"' in page
    assert f'value="{percent}"' in page
    assert not CytotoxicityAssay.objects.exists()


def test_the_titration_is_drawn_with_every_ratio(login: Login, participant: Participant) -> None:
    more = {"et50-d1": "41.0", "et50-n1": "8,000", "et12_5-d1": "22.1", "et12_5-n1": "9,000"}
    page = said(login(Role.LAB), NEW, plate_data(participant) | more)
    assert "E:T 12.5:1, 17.13 %; E:T 25:1, 20.74 % (endpoint); E:T 50:1, 37.23 %" in page
    assert page.count('class="titration-well"') == 5
    assert page.count("titration-mean--endpoint") == 1


def test_without_a_lysis_nothing_is_drawn(login: Login, participant: Participant) -> None:
    data = {k: v for k, v in plate_data(participant).items() if not k.startswith("spontan")}
    page = said(login(Role.LAB), NEW, data)
    assert "wells of targets alone are needed" in page
    assert "<svg viewBox" not in page


# --- runs -------------------------------------------------------------------------------------


def test_a_repeat_run_is_entered_and_chosen(login: Login, assay: CytotoxicityAssay) -> None:
    client = login(Role.LAB)
    page = said(client, address("labs:cytotoxicity-repeat", assay), wells_typed())
    second = CytotoxicityAssay.objects.exclude(pk=assay.pk).get()
    assert (second.specimen, second.nk_percent) == (assay.specimen, Decimal("11.5"))
    for words in ("This run does not count for the endpoint", "Kept, does not count", "20.74 %"):
        assert words in page
    choose = address("labs:cytotoxicity-choose", second)
    assert choose in page
    page = said(client, choose, reason(second, "The first had a clot"))
    assert "This run counts now" in page
    for run in (assay, second):
        assert "The first had a clot" in read(client, plate_page(run))
    assert "does not count for the endpoint" in read(client, plate_page(assay))


def test_a_repeat_run_begins_with_what_does_not_change(
    login: Login, assay: CytotoxicityAssay
) -> None:
    page = read(login(Role.LAB), address("labs:cytotoxicity-repeat", assay))
    assert '<option value="pbmc" selected>' in page
    assert 'value="5.8"' not in page


@pytest.mark.parametrize(
    ("changes", "field"), [({"run": ""}, "run"), ({"et25-d2": "26,1"}, "et25-d2")]
)
def test_a_repeat_that_cannot_be_saved_keeps_what_was_typed(
    login: Login, assay: CytotoxicityAssay, changes: dict[str, str], field: str
) -> None:
    url = address("labs:cytotoxicity-repeat", assay)
    page = said(login(Role.LAB), url, wells_typed() | changes)
    assert f'href="#id_{field}"' in page
    assert 'value="33.6"' in page
    assert CytotoxicityAssay.objects.count() == 1


def test_compute_on_a_repeat_saves_nothing(login: Login, assay: CytotoxicityAssay) -> None:
    url = address("labs:cytotoxicity-repeat", assay)
    assert "29.36 %" in said(login(Role.LAB), url, wells_typed(preview="1"))
    assert CytotoxicityAssay.objects.count() == 1


def test_a_repeat_sent_twice_is_saved_once(login: Login, assay: CytotoxicityAssay) -> None:
    client, data = login(Role.LAB), wells_typed()
    url = address("labs:cytotoxicity-repeat", assay)
    first = client.post(url, data)
    again = client.post(url, data, follow=True)
    assert again.redirect_chain[-1][0] == first["Location"]
    assert "This was saved already" in again.content.decode()
    assert CytotoxicityAssay.objects.count() == 2


def test_a_second_plate_of_the_tube_is_sent_to_the_repeat(
    login: Login, participant: Participant
) -> None:
    client, data = login(Role.LAB), plate_data(participant)
    client.post(NEW, data)
    page = said(client, NEW, data | {"entry_key": str(uuid4())})
    assert "enter another as a repeat run of it" in page
    assert CytotoxicityAssay.objects.count() == 1


# --- correcting a plate -----------------------------------------------------------------------


def correction(assay: CytotoxicityAssay, **changes: str) -> dict[str, str]:
    return reason(assay, "Misread") | wells_typed(BASELINE, run="", nk_percent="") | changes


def test_the_correction_opens_on_the_saved_wells(login: Login, assay: CytotoxicityAssay) -> None:
    page = read(login(Role.LAB), address("labs:cytotoxicity-correct", assay))
    for value in ("5.8", "24.9", "9000"):
        assert f'value="{value}"' in page


@pytest.mark.requirement("R04")
def test_a_corrected_well_is_computed_and_told(login: Login, assay: CytotoxicityAssay) -> None:
    data = correction(assay, **{"et25-d1": "29.4"})
    page = said(login(Role.LAB), address("labs:cytotoxicity-correct", assay), data)
    for words in (
        "The plate was corrected", "Misread", "22.34 %",
        "E:T 25:1, well 1: 24.9 % of 9,000 targets → 29.4 % of 9,000 targets",
        "20.74 % → 22.34 %",
    ):  # fmt: skip
        assert words in page


@pytest.mark.requirement("R04")
def test_a_correction_without_a_reason_keeps_what_was_typed(
    login: Login, assay: CytotoxicityAssay
) -> None:
    data = correction(assay, **{"et25-d1": "29.4", "reason": " "})
    page = said(login(Role.LAB), address("labs:cytotoxicity-correct", assay), data)
    assert 'href="#id_reason"' in page
    assert 'value="29.4"' in page
    assert CytotoxicityAssay.objects.get().version == 1


def test_compute_on_a_correction_saves_nothing(login: Login, assay: CytotoxicityAssay) -> None:
    data = correction(assay, **{"et25-d1": "29.4", "preview": "1"})
    page = said(login(Role.LAB), address("labs:cytotoxicity-correct", assay), data)
    assert "22.34 %" in page
    assert CytotoxicityAssay.objects.get().version == 1


def test_a_correction_of_an_older_version_shows_both_wells(
    login: Login, lab: User, assay: CytotoxicityAssay
) -> None:
    client, url = login(Role.LAB), address("labs:cytotoxicity-correct", assay)
    mine = correction(assay, **{"et25-d1": "29.4", "run": "NK-1"})
    entry = PlateEntry("pbmc", wells((*BASELINE[:2], ("28.9", "26.1", "25.5"))))
    correct_plate(assay, entry=entry, reason="Misread", version=1, by=lab)
    response = client.post(url, mine)
    found = {c.label: (str(c.yours), str(c.saved)) for c in response.context["form"].conflicts}
    assert found == {"E:T 25:1, well 1, dead %": ("29.4", "28.9"), "Run": ("NK-1", "")}
    assert 'value="29.4"' in response.content.decode()
    again = mine | {"record_version": response.context["form"]["record_version"].value()}
    assert "The plate was corrected" in said(client, url, again)


def test_a_correction_sent_twice_is_saved_once(login: Login, assay: CytotoxicityAssay) -> None:
    client, data = login(Role.LAB), correction(assay, **{"et25-d1": "29.4"})
    url = address("labs:cytotoxicity-correct", assay)
    client.post(url, data)
    assert "This was saved already" in said(client, url, data)
    assert CytotoxicityAssay.objects.get().version == 2


# --- final, in error, the run that counts -----------------------------------------------------


@pytest.mark.requirement("R04")
@pytest.mark.parametrize("name", [*OF_A_RESULT, "labs:cytotoxicity-in-error"])
def test_a_status_changes_with_its_reason(
    login: Login, assay: CytotoxicityAssay, result: Result, name: str
) -> None:
    record: Record = assay if "cytotoxicity" in name else result
    client, url = login(Role.LAB), address(name, record)
    page = said(client, url, reason(record, "  "))
    assert 'href="#id_reason"' in page
    data = reason(record, "The laboratory called")
    page = said(client, url, data)
    expected = ResultStatus.FINAL if "finalise" in name else ResultStatus.IN_ERROR
    assert type(record).objects.get(pk=record.pk).status == expected
    if expected == ResultStatus.IN_ERROR:
        assert "Entered in error: nothing counts this" in page
        assert "The laboratory called" in page
        assert url not in page
        assert client.get(url).status_code == 404
    else:
        assert "The result is final" in page


@pytest.mark.parametrize("name", [*OF_A_RESULT, "labs:cytotoxicity-in-error"])
def test_a_record_changed_meanwhile_is_told_first(
    login: Login, lab: User, assay: CytotoxicityAssay, result: Result, name: str
) -> None:
    record: Record = assay if "cytotoxicity" in name else result
    old = reason(record)
    if isinstance(record, CytotoxicityAssay):
        entry = PlateEntry("pbmc", wells(DAY_7))
        correct_plate(record, entry=entry, reason="Misread", version=1, by=lab)
    else:
        kept = replace(pcr("5300"), status=ResultStatus.PRELIMINARY)
        correct_result(record, entry=kept, reason="Misread", version=1, by=lab)
    response = login(Role.LAB).post(address(name, record), old)
    if response.status_code != 404:  # a corrected result is preliminary no more
        assert "Somebody saved this record after you opened it" in response.content.decode()
    assert type(record).objects.get(pk=record.pk).version == 2


def test_a_status_is_said_wherever_the_result_is(
    login: Login, participant: Participant, result: Result
) -> None:
    client = login(Role.LAB)
    index = reverse("labs:index")
    assert "Preliminary" in read(client, index)
    page = read(client, address("labs:result", result))
    assert "Preliminary: the laboratory has not confirmed it yet." in page
    said(client, address("labs:result-finalise", result), reason(result))
    assert "Preliminary" not in read(client, index)


def test_what_a_correction_changed_stays_on_the_page(
    login: Login, lab: User, treated: Participant
) -> None:
    (low,) = entered(treated, safety("creatinine", "60", "µmol/L", uln="97"), hours=175)
    entered(treated, safety("creatinine", "95", "µmol/L", uln="97"))
    assert treated.day0_at is not None
    assert low.collected_at <= treated.day0_at
    high = safety("creatinine", "90", "µmol/L", uln="97")
    correct_result(low, entry=high, reason="6 read for 9", version=1, by=lab)
    url = address("labs:result", low)
    for role in (Role.LAB, Role.INVESTIGATOR):
        page = read(login(role), url)
        for words in ("6 read for 9", "60 µmol/L → 90 µmol/L", "Grade 2 → Grade 0"):
            assert words in page


# --- files of the cytometer -------------------------------------------------------------------


def sent(content: bytes, well: str = "et25-1", name: str = "E25-1.fcs") -> dict[str, Any]:
    file = SimpleUploadedFile(name, content)
    return {"entry_key": str(uuid4()), "file": file, "well": well}


def test_a_file_is_attached_and_compared(login: Login, assay: CytotoxicityAssay) -> None:
    url = address("labs:cytotoxicity-file", assay)
    page = said(login(Role.LAB), url, sent(fcs(9000, acquired=hours_ago(2))))
    for words in ("The file is attached", "E25-1.fcs", "9,000", "Agrees", "FACSCanto II"):
        assert words in page
    assert '<option value="spontaneous-1" selected>' in page
    page = read(login(Role.LAB), plate_page(assay))
    assert CytometerFile.objects.get().sha256[:12] in page


def test_what_does_not_agree_is_a_warning(login: Login, assay: CytotoxicityAssay) -> None:
    url = address("labs:cytotoxicity-file", assay)
    page = said(login(Role.LAB), url, sent(fcs(8000, acquired=hours_ago(5))))
    assert "The file holds 8,000 events, fewer than the 9,000 targets that were typed" in page
    assert "before the blood was collected" in page


@pytest.mark.requirement("R30")
def test_what_is_no_fcs_file_is_refused_in_words(login: Login, assay: CytotoxicityAssay) -> None:
    url = address("labs:cytotoxicity-file", assay)
    for content in (b"%PDF-1.7", fcs(1000)[:2000], b""):
        response = login(Role.LAB).post(url, sent(content))
        assert response.status_code == 200
        assert "Not saved" in response.content.decode()
    assert not CytometerFile.objects.exists()


def test_the_well_that_was_chosen_stays_chosen(login: Login, assay: CytotoxicityAssay) -> None:
    url = address("labs:cytotoxicity-file", assay)
    page = said(login(Role.LAB), url, sent(b"%PDF-1.7", well="maximum-2"))
    assert '<option value="maximum-2" selected>' in page


def test_the_same_file_again_is_refused(login: Login, assay: CytotoxicityAssay) -> None:
    client, url = login(Role.LAB), address("labs:cytotoxicity-file", assay)
    client.post(url, sent(fcs()))
    assert "This very file is attached already" in said(client, url, sent(fcs()))
    assert CytometerFile.objects.count() == 1


def test_a_file_sent_twice_is_attached_once(login: Login, assay: CytotoxicityAssay) -> None:
    client, url = login(Role.LAB), address("labs:cytotoxicity-file", assay)
    key = {"entry_key": str(uuid4())}
    client.post(url, sent(fcs()) | key)
    assert "This was saved already" in said(client, url, sent(fcs()) | key)
    assert CytometerFile.objects.count() == 1


@pytest.mark.parametrize("url", ["labs:cytotoxicity", "labs:cytotoxicity-file"])
def test_the_pages_of_a_plate_ask_little(
    login: Login, lab: User, assay: CytotoxicityAssay, url: str, django_assert_max_num_queries: Any
) -> None:
    client = login(Role.LAB)
    for number in range(2, 5):
        entry = PlateEntry("pbmc", wells(DAY_7), run=f"NK-{number}")
        repeat_cytotoxicity(assay.specimen, entry=entry, by=lab)
        file = sent(fcs(note=str(number)), well=f"et25-{number - 1}")
        client.post(address("labs:cytotoxicity-file", assay), file)
    with django_assert_max_num_queries(15):
        client.get(address(url, assay))


# --- what was entered with a value is corrected with it ----------------------------------------


def elisa(**changes: Any) -> Entry:
    values: dict[str, Any] = {
        "analyte": "tnf_alpha",
        "unit": "pg/mL",
        "value": Decimal("4.5"),
        "assay": "Kit A",
        "kit_lot": "L-17",
        "replicates": ("4.4", "4.6"),
    }
    return Entry(**values | changes)


def corrected_elisa(result: Result, **changes: str) -> dict[str, str]:
    typed_in = {
        "printed": "4.5",
        "unit": "pg/mL",
        "assay": "Kit A",
        "kit_lot": "L-17",
        "replicates": "4.4 4.6",
        "lln": "",
        "uln": "",
    }
    return reason(result) | typed_in | changes


@pytest.fixture
def cytokine(participant: Participant) -> Result:
    (saved,) = entered(participant, elisa())
    return saved


def test_a_kit_its_lot_and_its_readings_stay_where_nothing_was_said(
    login: Login, cytokine: Result
) -> None:
    url = address("labs:result-correct", cytokine)
    assert 'value="4.4 4.6"' in read(login(Role.LAB), url)
    page = said(login(Role.LAB), url, corrected_elisa(cytokine))
    assert "Nothing differs from the saved result" in page
    page = said(login(Role.LAB), url, corrected_elisa(cytokine, kit_lot="L-18"))
    assert "Kit lot: L-17 → L-18" in page
    saved = Result.objects.get()
    assert (saved.replicates, saved.value) == (["4.4", "4.6"], Decimal("4.5"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"printed": "5.4"}, "the mean of the readings is 4.5"),
        ({"replicates": "4.4"}, "Enter two readings or more, or none"),
        ({"replicates": "4,4 4.6"}, "is ambiguous"),
        ({"replicates": "4.4 >250"}, "no mean: &gt;250 is beyond what was measured"),
    ],
)
def test_a_value_and_its_readings_do_not_contradict_each_other(
    login: Login, cytokine: Result, changes: dict[str, str], words: str
) -> None:
    url = address("labs:result-correct", cytokine)
    assert words in said(login(Role.LAB), url, corrected_elisa(cytokine, **changes))
    assert Result.objects.get().version == 1


@pytest.mark.parametrize(
    ("printed", "readings", "kept"),
    [("5.5", "5.4 5.6", ["5.4", "5.6"]), (">250", ">250 >250", [">250", ">250"]), ("6", "", [])],
)
def test_readings_are_corrected_with_their_mean(
    login: Login, cytokine: Result, printed: str, readings: str, kept: list[str]
) -> None:
    url = address("labs:result-correct", cytokine)
    said(login(Role.LAB), url, corrected_elisa(cytokine, printed=printed, replicates=readings))
    saved = Result.objects.get()
    assert (saved.printed, saved.replicates) == (printed, kept)


def test_what_could_not_be_evaluated_says_why(login: Login, participant: Participant) -> None:
    (result,) = entered(participant, Entry("cmv_cd8_percent", "%", Decimal("1.2")))
    url = address("labs:result-correct", result)
    typed_in = {"printed": "not evaluable", "unit": "%", "note": ""}
    page = said(login(Role.LAB), url, reason(result) | typed_in)
    assert "say why it could not be evaluated" in page
    said(login(Role.LAB), url, reason(result) | typed_in | {"note": "no matching HLA"})
    saved = Result.objects.get()
    assert (saved.operator, saved.value, saved.note) == ("NE", None, "no matching HLA")
