"""Fifty attempts at once on ten participants: ten slots in a row, and no error page."""

import fcntl
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client

from enrollment.actions.allocation import allocate
from enrollment.models import Allocation, AllocationList, Participant
from enrollment.states import State
from oversight import verification
from oversight.refusals import Refused
from tests import factories
from tests.enrollment.pages import page, text
from trial_site.models import User
from trial_site.roles import Role

PARTICIPANTS, ATTEMPTS = 10, 50

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.requirement("R24"),
]


@pytest.fixture(autouse=True)
def _one_crowd_at_a_time() -> Iterator[None]:
    """Fifty connections each: two of these tests at once would use up what PostgreSQL allows."""
    with (Path(tempfile.gettempdir()) / "cmv-il2-trial-crowd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture
def waiting(transactional_db: None) -> list[Participant]:
    site = factories.site()
    factories.allocation_list()
    return [factories.enrolled(site) for _ in range(PARTICIPANTS)]


@pytest.fixture
def coordinator(waiting: list[Participant]) -> User:
    return factories.user(Role.COORDINATOR, waiting[0].site)


def at_once(attempt: Callable[[Participant], str], waiting: list[Participant]) -> Counter[str]:
    """What came of every attempt; all start together, each on a connection of its own."""
    together = Barrier(ATTEMPTS)

    def start(number: int) -> str:
        try:
            together.wait(timeout=60)
            return attempt(waiting[number % PARTICIPANTS])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(ATTEMPTS) as threads:
        return Counter(threads.map(start, range(ATTEMPTS)))


def assert_ten_slots_in_a_row() -> None:
    used = Allocation.objects.order_by("slot__sequence").values_list("slot__sequence", flat=True)
    assert list(used) == list(range(1, PARTICIPANTS + 1))
    assert Participant.objects.filter(state=State.ALLOCATED).count() == PARTICIPANTS
    assert not list(verification.verify())


def test_ten_attempts_succeed_and_forty_are_refused_in_words(
    waiting: list[Participant], coordinator: User
) -> None:
    def attempt(participant: Participant) -> str:
        try:
            allocate(participant, by=coordinator)
        except Refused as refused:
            return str(refused.message)
        return "allocated"

    assert at_once(attempt, waiting) == {
        "allocated": PARTICIPANTS,
        "This participant is allocated already": ATTEMPTS - PARTICIPANTS,
    }
    assert_ten_slots_in_a_row()


def test_nobody_sees_an_error_page(waiting: list[Participant], coordinator: User) -> None:
    def attempt(participant: Participant) -> str:
        client = Client()
        client.force_login(coordinator)
        url = page(participant, "allocate")
        response = client.post(url, {"entry_key": str(uuid4())}, follow=True)
        assert f"Allocation of {participant.subject}" in text(response)
        already = "This participant is allocated already; this is the receipt."
        return "receipt after another" if already in text(response) else "receipt"

    assert at_once(attempt, waiting) == {
        "receipt": PARTICIPANTS,
        "receipt after another": ATTEMPTS - PARTICIPANTS,
    }
    assert_ten_slots_in_a_row()


def test_one_form_sent_by_everybody_at_once_allocates_once(
    waiting: list[Participant], coordinator: User
) -> None:
    key = uuid4()

    def attempt(_participant: Participant) -> str:
        client = Client()
        client.force_login(coordinator)
        response = client.post(page(waiting[0], "allocate"), {"entry_key": str(key)}, follow=True)
        assert "Allocation of PKU-001" in text(response)
        return "already" if "This was saved already." in text(response) else "receipt"

    assert at_once(attempt, waiting) == {"receipt": 1, "already": ATTEMPTS - 1}
    assert Allocation.objects.count() == 1
    assert AllocationList.objects.count() == 1
