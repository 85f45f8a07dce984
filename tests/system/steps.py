"""What people do on the pages.  Controls are found as people find them: by what they say."""

import base64
import hmac
import struct
import time
from collections.abc import Mapping

from playwright.sync_api import Locator, Page, expect

from tests import factories

Scope = Page | Locator

MOST_TABS = 150
NAME_OF_FOCUSED = """() => {
  const focused = document.activeElement;
  const label = focused.getAttribute("aria-label") ?? focused.labels?.[0]?.textContent;
  return (label ?? focused.textContent).trim().replace(/\\s+/g, " ");
}"""


def sign_in(page: Page, username: str) -> None:
    page.goto("/accounts/login/")
    enter_credentials(page, username)
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()


def enter_credentials(page: Page, username: str) -> None:
    fill(page, {"Username": username, "Password": factories.PASSWORD})
    press(page, "Sign in")


def press(scope: Scope, button: str) -> None:
    scope.get_by_role("button", name=button).click()


def follow(scope: Scope, link: str) -> None:
    """Follow the first link with these words; what it is about is part of its name."""
    scope.get_by_role("link", name=link).first.click()


def question(scope: Scope, words: str) -> Locator:
    """The fieldset whose legend has these words."""
    return scope.get_by_role("group", name=words)


def choose(scope: Scope, words: str, answer: str) -> None:
    """Answer a question that offers its answers as radio buttons."""
    question(scope, words).get_by_label(answer, exact=True).check()


def fill(scope: Scope, answers: Mapping[str, str]) -> None:
    """Type into inputs and select from lists, by their labels."""
    for label, answer in answers.items():
        control = scope.get_by_label(label, exact=True)
        if control.evaluate("control => control.tagName") == "SELECT":
            control.select_option(label=answer)
        else:
            control.fill(answer)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the control with this name has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(NAME_OF_FOCUSED) == name:
            return
    raise AssertionError(f"{name!r} cannot be reached with Tab")


def type_into(page: Page, answers: Mapping[str, str]) -> None:
    """Fill in one control after the other, in their order on the page, by keyboard alone."""
    for name, keys in answers.items():
        tab_to(page, name)
        page.keyboard.type(keys)


def type_moment(page: Page, name: str, day: str, hour: str) -> None:
    """Type a day and a time as an American browser takes them: ``03182026``, ``0830AM``."""
    tab_to(page, name)
    page.keyboard.type(day)
    page.keyboard.press("Tab")
    page.keyboard.type(hour)


def press_key(page: Page, name: str) -> None:
    """Go to a button or a link and press Enter."""
    tab_to(page, name)
    page.keyboard.press("Enter")


def rest(page: Page) -> None:
    """Wait until nothing is being fetched into the page."""
    busy = page.locator(".htmx-request, .htmx-swapping, .htmx-settling")
    expect(busy).to_have_count(0)


def type_down(page: Page, *cells: str) -> None:
    """Type a column of a grid, Enter after each cell."""
    for keys in cells:
        page.keyboard.type(keys)
        page.keyboard.press("Enter")


def says(scope: Scope, *sentences: str) -> None:
    """Every sentence can be read there."""
    for sentence in sentences:
        expect(scope.get_by_text(sentence).first).to_be_visible()


def again(page: Page) -> Page:
    """The same page in a second window of the same person."""
    second = page.context.new_page()
    second.goto(page.url)
    return second


def code_of(secret: str) -> str:
    """What an authenticator app shows now (RFC 6238: SHA-1, 30 s, six digits)."""
    moment = struct.pack(">Q", int(time.time()) // 30)
    mac = hmac.digest(base64.b32decode(secret), moment, "sha1")
    [number] = struct.unpack_from(">I", mac, mac[-1] & 0xF)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"
