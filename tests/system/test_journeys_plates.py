"""A plate is run again, chosen, corrected and held against the cytometer's files."""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import time_machine
from playwright.sync_api import Page, expect

from enrollment.models import Participant
from labs.models import CytotoxicityAssay
from tests import factories
from tests.labs.cytometer_files import fcs
from tests.labs.examples import BASELINE, DAY_7, entered, plated, safety
from tests.system.steps import fill, follow, press, press_key, says, tab_to, type_down, type_into
from trial_site import clock
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser


def treated_for_a_week(site: Site, time: time_machine.Traveller) -> Participant:
    now = clock.now()
    time.move_to(now - dt.timedelta(days=7))
    participant = factories.on_treatment(site, days_ago=0)
    plated(participant, BASELINE, at=participant.day0_at)
    time.move_to(now)
    return participant


def type_wells(page: Page, plate: tuple[tuple[str, ...], ...]) -> None:
    """Down the columns, without a mouse."""
    tab_to(page, "Targets alone, well 1, dead %")
    for spontaneous, maximum, endpoint in zip(*plate, strict=True):
        type_down(page, spontaneous, maximum, "", endpoint, "", "")
    for _well in range(3):
        type_down(page, "9,000", "9,000", "", "9,000", "", "")


def test_a_run_is_repeated_and_chosen_by_keyboard(
    sign_in: Callable[..., Page], site: Site, morning: time_machine.Traveller
) -> None:
    # Given a plate of day 7 that went wrong,
    participant = treated_for_a_week(site, morning)
    assay = plated(participant, BASELINE, at=clock.now() - dt.timedelta(hours=2))
    page = sign_in(Role.LAB)
    page.goto(f"/labs/cytotoxicity/{assay.pk}/")
    says(page, "In window, day 6–8", "change 0.00 percentage points")
    # when the laboratory runs the specimen again, without a mouse,
    press_key(page, "Repeat run")
    says(page, "does not count until it is chosen")
    type_into(page, {"Run": "NK-2026-012"})
    type_wells(page, DAY_7)
    press_key(page, "Save run")
    # then the first run still counts,
    says(page, "This run does not count for the endpoint.", "29.36 %")
    # until the second is chosen, with the reason.
    press_key(page, "Let this run count · NK-2026-012")
    says(page, "Shown with every run of the specimen")
    type_into(page, {"Why does this run count?": "Clot in the first"})
    press_key(page, "Let this run count")
    says(page, "This run counts now", "change +8.62 percentage points", "Clot in the first")
    page.goto(f"/labs/cytotoxicity/{assay.pk}/")
    says(page, "This run does not count for the endpoint.", "Clot in the first")


def test_a_corrected_well_tells_what_it_changed(
    sign_in: Callable[..., Page], site: Site, morning: time_machine.Traveller
) -> None:
    # Given a plate with a digit lost,
    participant = treated_for_a_week(site, morning)
    wrong = (*DAY_7[:2], ("3.6", "33.6", "33.6"))
    assay = plated(participant, wrong, at=clock.now() - dt.timedelta(hours=2))
    page = sign_in(Role.LAB)
    page.goto(f"/labs/cytotoxicity/{assay.pk}/")
    # when it is corrected,
    follow(page, "Correct")
    fill(page, {"E:T 25:1, well 1, dead %": "33.6"})
    press(page, "Compute")
    says(page, "29.36 %")
    fill(page, {"Why is the record changed?": "A digit was lost"})
    press(page, "Save correction")
    # then lysis and change are computed anew, and the page says what changed.
    says(page, "The plate was corrected", "A digit was lost")
    says(page, "→ 33.6 % of 9,000 targets", "→ 29.36 %", "→ +8.62 percentage points")


def test_a_file_that_does_not_agree_is_a_warning(
    sign_in: Callable[..., Page], site: Site, tmp_path: Path, morning: time_machine.Traveller
) -> None:
    # Given a plate of this morning, and two files of the cytometer,
    participant = treated_for_a_week(site, morning)
    assay = plated(participant, DAY_7, at=clock.now() - dt.timedelta(hours=2))
    good, bad = tmp_path / "S1.fcs", tmp_path / "S2.fcs"
    good.write_bytes(fcs(9500, acquired=clock.now() - dt.timedelta(hours=1)))
    bad.write_bytes(fcs(4000, acquired=clock.now() - dt.timedelta(hours=5)))
    page = sign_in(Role.LAB)
    page.goto(f"/labs/cytotoxicity/{assay.pk}/")
    follow(page, "Cytometer file")
    # when they are attached one after the other,
    page.get_by_label("FCS file").set_input_files(good)
    press(page, "Attach file")
    says(page, "The file is attached", "Agrees")
    # then the next well is proposed, and what does not agree is said.
    expect(page.get_by_label("Which well is it of?")).to_have_value("spontaneous-2")
    page.get_by_label("FCS file").set_input_files(bad)
    press(page, "Attach file")
    says(page, "The file holds 4,000 events, fewer than the 9,000 targets", "before the blood was")


def test_a_corrected_baseline_grades_the_later_blood_anew(
    sign_in: Callable[..., Page], site: Site, morning: time_machine.Traveller
) -> None:
    # Given a creatinine of before the first dose, mistyped, and a later one graded against it,
    participant = treated_for_a_week(site, morning)
    assert participant.day0_at is not None
    hours = int((clock.now() - participant.day0_at).total_seconds() // 3600) + 1
    [low] = entered(participant, safety("creatinine", "60", "µmol/L", uln="97"), hours=hours)
    entered(participant, safety("creatinine", "95", "µmol/L", uln="97"))
    page = sign_in(Role.LAB)
    page.goto(f"/labs/results/{low.pk}/")
    # when the baseline is corrected,
    follow(page, "Correct")
    fill(page, {"What is the result?": "90", "Why is the record changed?": "6 read for 9"})
    press(page, "Save correction")
    # then the page tells that the later grade changed.
    says(page, "6 read for 9", "60 µmol/L → 90 µmol/L", "Grade 2 → Grade 0")


def test_a_plate_prints_on_one_page(
    sign_in: Callable[..., Page], site: Site, morning: time_machine.Traveller
) -> None:
    participant = treated_for_a_week(site, morning)
    page = sign_in(Role.LAB)
    page.goto(f"/labs/cytotoxicity/{CytotoxicityAssay.objects.get().pk}/")
    says(page, participant.subject, "Titration")
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1
