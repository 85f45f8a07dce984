"""Somebody who is logged in: cookies, forms as they were served, and the time that answers take."""

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from time import perf_counter
from urllib.parse import urlencode

LOGIN = "/accounts/login/"


@dataclass(frozen=True)
class Answer:
    """``queries`` and ``worker`` are 0 where the server does not tell."""

    status: int
    body: str
    milliseconds: float
    queries: int
    worker: int


class Browser:
    """One account's session; each request is a connection of its own, as a sync worker wants it."""

    def __init__(self, port: int, username: str, password: str) -> None:
        self._port = port
        self._cookies: SimpleCookie = SimpleCookie()
        fields = form_with("password", self.get(LOGIN).body)
        name = "login" if "login" in fields else "username"
        self.post(LOGIN, {**fields, name: username, "password": password})

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, "", 200)

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """Send a form, which must be accepted: the answer is a redirect."""
        return self._ask("POST", path, urlencode(fields), 302)

    def _ask(self, method: str, path: str, body: str, expected: int) -> Answer:
        headers = {"Cookie": "; ".join(f"{m.key}={m.value}" for m in self._cookies.values())}
        if method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        started = perf_counter()
        connection = HTTPConnection("127.0.0.1", self._port, timeout=120)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        milliseconds = (perf_counter() - started) * 1000
        connection.close()
        for cookie in response.headers.get_all("Set-Cookie", []):
            self._cookies.load(cookie)
        if response.status != expected:
            raise RuntimeError(f"{method} {path} answered {response.status}: {_refusal(text)}")
        numbers = (int(response.headers.get(name, 0)) for name in ("X-Queries", "X-Worker"))
        return Answer(response.status, text, milliseconds, *numbers)


def form_with(name: str, page: str) -> dict[str, str]:
    """The form that has the field ``name``, as it was served: inputs and selected options."""
    parser = _Forms()
    parser.feed(page)
    return next(fields for fields in parser.forms if name in fields)


def _refusal(page: str) -> str:
    """What the page complains about, if it is a form that came back."""
    alert = re.search(r'role="alert".*?</div>', page, re.DOTALL)
    return re.sub(r"<[^>]*>|\s+", " ", alert[0]) if alert else ""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, str]] = [{}]
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append({})
        elif tag == "input" and values.get("type") not in {"checkbox", "radio"}:
            self.forms[-1][values.get("name", "")] = values.get("value", "")
        elif tag == "select":
            self._select = values.get("name", "")
        elif tag == "option" and "selected" in values:
            self.forms[-1][self._select] = values.get("value", "")
