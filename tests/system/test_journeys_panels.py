"""The panels of the laboratory, without a mouse."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from enrollment.models import Participant
from labs.models import Result
from tests import factories
from tests.labs.examples import entered, pcr
from tests.system.steps import press_key, says, tab_to, type_down, type_into, type_moment
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser


def open_panel(page: Page, link: str, title: str) -> None:
    press_key(page, "Labs")
    says(page, "Arms are not shown here.")
    press_key(page, link)
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def type_moments(page: Page, row: int, hour: str) -> None:
    type_moment(page, f"Row {row}, collected", "03182026", hour)


def test_a_pcr_run_is_typed_down_its_columns(sign_in: Callable[..., Page], site: Site) -> None:
    # Given three participants, and a laboratory that touches no mouse,
    people: list[Participant] = [factories.enrolled(site) for _ in range(3)]
    page = sign_in(Role.LAB)
    open_panel(page, "PCR run", "Enter a PCR run")
    # when it types the head once, then the numbers and moments,
    type_into(page, {"Assay": "PCR-CMV-2", "Kit lot": "L7"})
    type_into(page, {"Limit of detection": "200", "Lower limit of quantification": "500"})
    tab_to(page, "Row 1, participant")
    type_down(page, *(person.subject for person in people))
    expect(page.get_by_label("Row 4, participant")).to_be_focused()
    page.get_by_label("Row 1, participant").focus()
    for row in (1, 2, 3):
        type_moments(page, row, "0800AM")
    # asks for more rows than it needs, which loses nothing,
    press_key(page, "More rows")
    expect(page.get_by_label("Row 9, participant")).to_be_focused()
    expect(page.get_by_label("Row 2, participant")).to_have_value(people[1].subject)
    page.get_by_label("Row 1, participant").focus()
    tab_to(page, "Row 1, result")
    type_down(page, "52000", "5 2000", "not detected")
    page.keyboard.press("Control+Enter")
    # then what cannot be read is said at its cell and nothing is saved,
    says(page, "Not saved: 1 answer to correct")
    assert not Result.objects.exists()
    tab_to(page, "Row 2, result")
    page.keyboard.press("Control+A")
    page.keyboard.type("<500")
    page.keyboard.press("Control+Enter")
    # and once it is corrected all three are.
    says(page, "3 results saved", "<500 copies/mL", "not detected")
    assert Result.objects.count() == 3


def test_subsets_are_computed_before_they_are_saved(
    sign_in: Callable[..., Page], site: Site
) -> None:
    # Given a participant,
    factories.enrolled(site)
    page = sign_in(Role.LAB)
    open_panel(page, "Subsets", "Enter NK and T-cell subsets")
    # when lymphocytes and percentages are typed down the column,
    type_into(page, {"Participant": "PKU-001"})
    type_moment(page, "Collected", "03182026", "0800AM")
    tab_to(page, "Lymphocytes")
    type_down(page, "1.20", "11.5", "", "90", "", "6")
    # then the counts stand there before anything is saved,
    press_key(page, "Compute")
    says(page, "11.5 ÷ 100 = 138", "× 6 ÷ 100 = 8.28")
    assert not Result.objects.exists()
    # and are saved with the percentages.
    press_key(page, "Save result")
    says(page, "Saved for PKU-001")
    assert Result.objects.filter(source="computed").count() == 3


def test_what_is_typed_while_a_participant_is_fetched_stays(
    sign_in: Callable[..., Page], site: Site
) -> None:
    # Given a participant with an assay on record, and a line that is slow,
    participant = factories.enrolled(site)
    entered(participant, pcr("52000", lod="91", lloq="137"), hours=48)
    page = sign_in(Role.LAB)
    page.goto("/labs/pcr/new/")
    held: list[Route] = []
    page.route(re.compile("participant="), lambda route: held.append(route))
    # when the limit of detection is typed before the answer comes,
    with page.expect_request(re.compile("participant=PKU-001")):
        type_into(page, {"Participant": "PKU-001"})
        page.keyboard.press("Tab")
    tab_to(page, "Limit of detection")
    page.keyboard.type("77")
    with page.expect_response(re.compile("participant=PKU-001")):
        for route in held:
            route.continue_()
    # then it stays, and the untouched fields are filled in.
    expect(page.get_by_label("Lower limit of quantification")).to_have_value("137")
    expect(page.get_by_label("Limit of detection", exact=True)).to_have_value("77")
