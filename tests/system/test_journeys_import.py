"""A laboratory's file goes in: its columns are said once, its rows looked at, then written."""

import datetime as dt
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from labs.models import ImportFile, Result
from labs.readings import read
from labs.tasks import import_file
from tests import factories
from tests.labs.sent import HEADER, as_csv, laboratory_of, row
from tests.shared import shared_path
from tests.system.conftest import PHONE
from tests.system.steps import fill, follow, press, press_key, says
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser

PEOPLE = ("AA-P", "AB-P", "AC-P", "AD-P", "AE-P", "AF-P", "AG-P")
ROWS = 464


def bring(page: Page, name: str, content: bytes) -> None:
    follow(page, "Labs")
    follow(page, "Import a file")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": content}
    )
    press(page, "Bring it and see its columns")
    says(page, f"What the columns of {name} mean")


def test_the_real_series_goes_in_as_it_is(sign_in: Callable[..., Page], site: Site) -> None:
    # Given seven participants, and the file as it was published,
    laboratory_of(site)
    subjects = [factories.enrolled(site).subject for _ in PEOPLE]
    page = sign_in(Role.LAB)
    content = shared_path("data/cmv_oral_shedding.csv").read_bytes()
    bring(page, "cmv_oral_shedding.csv", content)
    # when its columns are mapped, with log10 values and 0.0 for not detected,
    says(page, "Still to say", "Say which column names the participant.")
    fill(page, {"PatientID2": "Participant"})
    says(page, "Participants")
    fill(page, dict(zip(PEOPLE, subjects, strict=True)))
    fill(page, {"Virus": "Chooses the rows to read"})
    fill(page, {"Virus: rows to read": "ORL_CMV"})
    fill(page, {"Analyte": "CMV-DNA"})
    fill(page, {"Unit": "copies/mL", "Specimen": "Plasma", "Limit of detection": "2.176"})
    fill(page, {"What means not detected": "0.0", "Name of this mapping": "Shedding"})
    page.get_by_label("CMV-DNA is given as log10").check()
    expect(page.get_by_label("AG-P", exact=True)).to_have_value(subjects[-1])
    press(page, "Save, and see the rows")
    # then every row is shown before anything is written,
    says(
        page,
        "Row by row",
        "4.118 log10 copies/mL",
        "Collected on 2008-07-22, before the consent was",
    )
    says(page, f"Of {ROWS} rows: 0 are imported, {ROWS} only if confirmed")
    assert not Result.objects.exists()
    # and once confirmed as printed they are all there, in the background.
    page.get_by_label("Yes, as printed").check()
    press(page, "Import the rows")
    says(page, "The rows are being imported", f"0 of {ROWS} rows")
    import_file(ImportFile.objects.get().pk)
    says(page, "What became of the rows", f"Together {ROWS}, every row of the file.")
    assert Result.objects.count() == ROWS
    absent = Result.objects.filter(operator="ND", value=None)
    first = Result.objects.order_by("import_row").first()
    assert (str(first.value), first.unit) == ("4.118", "log10 copies/mL")
    assert first.collected_at == dt.datetime(2008, 7, 22, tzinfo=dt.UTC)
    assert {read(one).verdict for one in absent} == {"met"}  # negative: it would have been seen
    assert absent.count() == sum(line.endswith(b",0.0") for line in content.splitlines())


def test_a_mapping_is_made_without_a_mouse(sign_in: Callable[..., Page], site: Site) -> None:
    # Given a file whose header does not say which column is the participant's,
    laboratory_of(site)
    participant = factories.enrolled(site)
    header = ("Who", *HEADER[1:])
    line = row(participant)
    line["Who"] = line.pop("Patient")
    page = sign_in(Role.LAB)
    bring(page, "run.csv", as_csv([line], header))
    # when the keyboard says what it is,
    press_key(page, "Say which column names the participant.")
    expect(page.get_by_label("Who", exact=True)).to_be_focused()
    page.keyboard.type("Participant")
    # then what follows is asked, and the place is kept,
    expect(page.get_by_text("Still to say")).to_have_count(0)
    expect(page.get_by_label("Who", exact=True)).to_be_focused()
    press_key(page, "Save, and see the rows")
    # and the row is written with where it came from.
    says(page, "52,000 copies/mL")
    press_key(page, "Import the rows")
    says(page, "The rows are being imported")
    import_file(ImportFile.objects.get().pk)
    says(page, "Together 1, every row of the file.")
    page.goto(f"/labs/results/{Result.objects.get().pk}/")
    says(page, "From the file", "run.csv", "Confirmed by")


def test_what_is_wrong_comes_back_on_a_phone_as_well(
    sign_in: Callable[..., Page], site: Site
) -> None:
    # Given a file with a good row and one of a stranger,
    laboratory_of(site)
    participant = factories.enrolled(site)
    page = sign_in(Role.LAB, width=PHONE)
    bring(page, "run.csv", as_csv([row(participant), row("P-77")]))
    press(page, "Save, and see the rows")
    # when only the refused ones are looked at,
    follow(page, "Refused")
    says(page, "P-77 is no participant of this laboratory")
    press(page, "Import the rows")
    says(page, "The rows are being imported")
    import_file(ImportFile.objects.get().pk)
    # then the good row is in, and the other is given back with its reason.
    says(page, "Together 2, every row of the file.")
    with page.expect_download() as download:
        follow(page, "Refused rows, with reasons")
    returned = download.value.path().read_text("utf-8-sig")
    assert "P-77" in returned
    assert "is no participant" in returned
    assert participant.subject not in returned


def test_what_is_chosen_before_the_scripts_have_come_counts(
    sign_in: Callable[..., Page], site: Site
) -> None:
    # Given the mapping of a file on a slow line, its script still on the way,
    laboratory_of(site)
    line = row(factories.enrolled(site))
    line["Who"] = line.pop("Patient")
    page = sign_in(Role.LAB)
    bring(page, "run.csv", as_csv([line], ("Who", *HEADER[1:])))
    on_the_way: list[Route] = []
    page.route("**/mapping*.js", lambda route: on_the_way.append(route))
    page.goto(page.url, wait_until="commit")
    # when the participant's column is chosen, and then the script comes,
    fill(page, {"Who": "Participant"})
    says(page, "Say which column names the participant.")
    on_the_way[0].continue_()
    # then what follows is asked.
    expect(page.get_by_text("Say which column names the participant.")).to_have_count(0)
    expect(page.get_by_label("Who", exact=True)).to_have_value("participant")
