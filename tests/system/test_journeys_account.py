"""One's own account and preferences: language, theme, the second factor, the session's end."""

import re
from collections.abc import Callable

import pytest
import time_machine
from playwright.sync_api import Page, expect

from tests import factories
from tests.system.steps import code_of, enter_credentials, fill, follow, press, says
from trial_site.models import Site
from trial_site.roles import Role

pytestmark = pytest.mark.browser

CHINESE = re.compile("^[\\u4e00-\\u9fff]+$")
HALF_AN_HOUR = 31 * 60


def test_language_and_theme_are_kept(sign_in: Callable[..., Page]) -> None:
    # Given somebody at the worklist,
    page = sign_in(Role.COORDINATOR)
    html, heading = page.locator("html"), page.get_by_role("heading", level=1)
    # when Chinese and the dark theme are chosen,
    press(page, "简体中文")
    expect(heading).to_have_text(CHINESE)
    press(page, "深色主题")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    # then the next page keeps both,
    page.get_by_role("navigation").get_by_role("link").nth(1).click()
    expect(html).to_have_attribute("lang", "zh-hans")
    expect(html).to_have_attribute("data-bs-theme", "dark")
    # and there is a way back.
    press(page, "English")
    press(page, "Light theme")
    expect(html).to_have_attribute("data-bs-theme", "light")
    expect(heading).to_have_text("Screening log")


def test_a_second_factor_is_asked_for(
    sign_in: Callable[..., Page], morning: time_machine.Traveller
) -> None:
    # Given an investigator who takes the secret into an app,
    page = sign_in(Role.INVESTIGATOR)
    follow(page, "Investigator")
    follow(page, "Activate")
    fill(page, {"Password": factories.PASSWORD})
    press(page, "Confirm")
    secret = page.get_by_label("Authenticator secret").input_value()
    fill(page, {"Authenticator code": code_of(secret)})
    press(page, "Activate")
    says(page, "Recovery codes")
    # when they sign in the next time,
    press(page, "Sign out")
    enter_credentials(page, "investigator-pku")
    # then the password alone does not do;
    fill(page, {"Code": "000000"})
    press(page, "Sign In")
    says(page, "Incorrect code")
    # the app's next code does.
    morning.shift(60)
    fill(page, {"Code": code_of(secret)})
    press(page, "Sign In")
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()


def test_an_idle_session_ends_and_leads_back_to_the_form(
    sign_in: Callable[..., Page], morning: time_machine.Traveller, site: Site
) -> None:
    # Given a coordinator who is called away from a form,
    factories.screening(site, consent=False)
    factories.consent_form()
    page = sign_in(Role.COORDINATOR)
    follow(page, "· SCR-001")
    page.goto("/screening/SCR-001/consent/")
    morning.shift(HALF_AN_HOUR)
    # when it is sent half an hour later,
    fill(page, {"Who explained the trial?": "Dr Wang"})
    press(page, "Record consent")
    # then somebody has to sign in, and is at the form again.
    enter_credentials(page, "coordinator-pku")
    says(page, "Consent of SCR-001")
    expect(page.get_by_role("button", name="Record consent")).to_be_visible()
