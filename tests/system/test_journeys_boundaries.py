"""Every boundary of DOMAIN 1.1 below, at, above and missing, typed into the form in a browser.

The verdict is the live one: nothing is saved, so one page serves the whole table.
"""

from collections.abc import Callable, Mapping
from itertools import zip_longest
from urllib.parse import parse_qsl

import pytest
from playwright.sync_api import Page, Response, expect

from tests import factories
from tests.enrollment.thresholds import (
    AGE,
    INFECTIONS,
    JUDGEMENTS,
    ORGANS,
    STEROID,
    VIRUS,
    WARNINGS,
    Answers,
    Badges,
    told,
)
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser


def together(*lists: list[tuple[Answers, Badges]]) -> list[tuple[Answers, Badges]]:
    """Cases of lists that share no answer and no criterion, one of each typed at once."""
    return [
        (
            {name: value for answers, _ in several for name, value in answers.items()},
            {code: badge for _, badges in several for code, badge in badges.items()},
        )
        for several in zip_longest(*lists, fillvalue=({}, {}))
    ]


CASES = [*together(VIRUS, INFECTIONS, JUDGEMENTS, WARNINGS), *together(AGE, STEROID), *ORGANS]
FIELDS = (
    """() => Object.fromEntries(new FormData(document.querySelector("form[data-screening]")))"""
)
MOST_SECONDS_A_CASE = 5


def answer(page: Page, name: str, value: str) -> None:
    control = page.locator(f'[name="{name}"]')
    if control.count() > 1:  # radio buttons
        page.locator(f'[name="{name}"][value="{value}"]').check()
    elif control.evaluate("control => control.tagName") == "SELECT":
        control.select_option(value)
    else:
        control.fill(value)


def is_verdict_on(answers: Mapping[str, str]) -> Callable[[Response], bool]:
    """Whether a response judges a form with these answers."""

    def judges(response: Response) -> bool:
        sent = dict(parse_qsl(response.request.post_data or "", keep_blank_values=True))
        return "/screening/evaluate/" in response.url and answers.items() <= sent.items()

    return judges


@pytest.mark.requirement("R25")
def test_each_boundary_as_it_is_typed(sign_in: Callable[..., Page], site: Site) -> None:
    # Given the form of an eligible patient, every question in sight,
    made = factories.screening(site)
    page = sign_in(Role.COORDINATOR)
    page.goto(f"/screening/{made.number}/edit/")
    eligible: dict[str, str] = page.evaluate(FIELDS)
    shown, wrong = eligible, []
    for answers, badges in CASES:
        # when one value of a criterion is changed from eligible,
        case = told(answers)
        now = eligible | case
        new = {name: value for name, value in now.items() if value != shown.get(name)}
        with page.expect_response(is_verdict_on(new), timeout=MOST_SECONDS_A_CASE * 1000):
            for name in sorted(new, key=lambda name: name != "sex"):  # it shows other questions
                answer(page, name, new[name])
        shown = now
        # then the criterion says what DOMAIN says.
        for criterion, badge in badges.items():
            status = page.locator(f"#verdict-{criterion} .status")
            try:
                expect(status).to_have_text(badge, timeout=1500)
            except AssertionError:
                wrong.append((case, criterion, badge, status.text_content()))
    assert wrong == []
