"""A page's form as a browser reads and sends it: what is not on the page is not sent."""

import datetime as dt
from html.parser import HTMLParser
from typing import Any

from django.test import Client

from enrollment.models import Participant, Screening
from trial_site import clock

Response = Any
"""What Django's test client returns; its stubs know less of it than it has."""

KEY = "entry_key"
LOG, NEW = "/screening/", "/screening/new/"
PARTICIPANTS, LIST = "/participants/", "/allocation/"
ARMS = ["IL-2 + ganciclovir", "Ganciclovir"]


def page(record: Screening | Participant, name: str = "", code: str = "") -> str:
    """The address of one of a record's pages."""
    root = LOG + record.number if isinstance(record, Screening) else PARTICIPANTS + record.subject
    return "/".join(part for part in (root, name, code) if part) + "/"


def day(days_ago: int) -> str:
    """A day as a form sends it."""
    return (clock.today() - dt.timedelta(days=days_ago)).isoformat()


class _Forms(HTMLParser):
    """The values of every form of a page, in the order of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = []
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "form":
            self.forms.append({})
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or not self._has_choice()):
            self.forms[-1][self._select] = value
        elif tag == "textarea":
            self._textarea = name
            self.forms[-1][name] = ""
        elif tag == "input" and name and self._is_sent(given):
            self.forms[-1][name] = value or ("on" if given.get("type") == "checkbox" else "")

    def _has_choice(self) -> bool:
        """A list without a chosen option sends its first one."""
        return self._select in self.forms[-1]

    @staticmethod
    def _is_sent(given: dict[str, str | None]) -> bool:
        return given.get("type") not in {"radio", "checkbox"} or "checked" in given

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.forms[-1][self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self.forms[-1][self._textarea] = self.forms[-1][self._textarea].removeprefix("\n")
            self._textarea = ""


def text(response: Response) -> str:
    content: bytes = response.content
    return content.decode()


def typed(response: Response) -> dict[str, str]:
    """What the page's own form would send if nothing were changed."""
    assert response.status_code == 200, response.status_code
    reader = _Forms()
    reader.feed(text(response))
    form = next(form for form in reader.forms if KEY in form)
    return {name: value for name, value in form.items() if name != "csrfmiddlewaretoken"}


def send(client: Client, url: str, *, to: str = "", **answers: Any) -> Response:
    """Open the page ``url``, change the named answers, send the form and follow to the end.

    ``to`` is where the form is sent if that is another address.
    """
    data = typed(client.get(url)) | {name: str(value) for name, value in answers.items()}
    return client.post(to or url, data, follow=True)


class _Words(HTMLParser):
    """The words of a piece of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def verdict_of(response: Response, criterion: str) -> str:
    """The card of one criterion, tags left out."""
    start = text(response).split(f'id="verdict-{criterion}"', 1)[1]
    reader = _Words()
    reader.feed(start.split('<div class="verdict verdict--', 1)[0].partition(">")[2])
    return " ".join(reader.words)
