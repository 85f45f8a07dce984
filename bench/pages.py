"""What is measured, and what is aimed at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from uuid import uuid4
from zoneinfo import ZoneInfo

from bench.browser import Answer, Browser, form_with

SITE, ZONE = "PKU", ZoneInfo("Asia/Shanghai")
BARE = "Bare view"
ONE, ANOTHER = f"{SITE}-001", f"{SITE}-002"  # whose casebook is read, who gets new results
MOST_QUERIES, MOST_GROWTH, MOST_MEGABYTES = 15, 1.3, 150
REPEATS = 5

Ask = Callable[[], Answer]


@dataclass(frozen=True)
class Page:
    """``ask`` makes one request.  ``most`` is the aim: so many times the bare view at most."""

    name: str
    ask: Ask
    most: float | None = None
    repeats: int = REPEATS  # requests in one run
    saves: bool = False


class Staff:
    """Everybody who is needed, logged in once."""

    def __init__(self, port: int, password: str) -> None:
        self.port, self._password = port, password
        self._browsers: dict[str, Browser] = {}

    def __getitem__(self, role: str) -> Browser:
        if role not in self._browsers:
            self._browsers[role] = Browser(self.port, role, self._password)
        return self._browsers[role]


def bare_view(bare: Browser) -> Page:
    """What it takes is what the others are measured by."""
    return Page(BARE, lambda: bare.get(f"/bare/{SITE}/"))


def reading(staff: Staff) -> list[Page]:
    """The pages that change nothing."""
    coordinator, nurse, investigator = (
        staff[role] for role in ("coordinator", "nurse", "investigator")
    )
    return [
        Page("Worklist", lambda: coordinator.get("/")),
        Page("Participant list", lambda: coordinator.get("/participants/"), 6),
        Page("Screening log", lambda: coordinator.get("/screening/"), 6),
        Page("Visits of the week", lambda: coordinator.get("/visits/"), 6),
        Page("CONSORT flow", lambda: coordinator.get("/outcomes/flow/")),
        Page("Casebook", lambda: coordinator.get(f"/participants/{ONE}/"), 5),
        Page("Dosing sheet", lambda: nurse.get("/dosing/"), 5),
        Page("Follow-up list", lambda: coordinator.get("/follow-up/")),
        Page("Outcomes", lambda: investigator.get("/outcomes/")),
    ]


def writing(staff: Staff, waiting: Iterator[str]) -> list[Page]:
    """A save, an allocation, and the page that has to be computed again after them."""
    investigator, save = staff["investigator"], saving(staff["lab"])

    def after_a_write() -> Answer:
        save()
        return investigator.get("/outcomes/")

    return [
        Page("Outcomes after a write", after_a_write, repeats=1),
        Page("Save a PCR result", save, 8, saves=True),
        Page("Allocate", allocating(staff["coordinator"], waiting), 8, repeats=1, saves=True),
    ]


def saving(laboratory: Browser) -> Ask:
    """Saves a new specimen's CMV-DNA through the form, each time under a new key."""
    path = f"/labs/pcr/new/?participant={ANOTHER}"
    fields = form_with("entry_key", laboratory.get(path).body)
    now, minutes = dt.datetime.now(ZONE), count(1)
    fields |= {"received_at": "", "printed": "52000"}

    def save() -> Answer:
        collected = now - dt.timedelta(minutes=next(minutes))  # no specimen has two such results
        fresh = {"collected_at": f"{collected:%Y-%m-%dT%H:%M}", "entry_key": str(uuid4())}
        return laboratory.post(path, fields | fresh)

    return save


def allocating(coordinator: Browser, waiting: Iterator[str]) -> Ask:
    """Allocates the next subject of ``waiting``; the form is fetched before, which is not timed."""

    def allocate() -> Answer:
        path = f"/participants/{next(waiting)}/allocate/"
        return coordinator.post(path, form_with("entry_key", coordinator.get(path).body))

    return allocate
