"""Two hundred clicks at once on twenty participants, and a process that dies in the middle."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.test import Client

from enrollment.actions.allocation import allocate
from enrollment.models import Allocation, AllocationList, Participant
from enrollment.states import State
from oversight import verification
from oversight.refusals import Refused
from oversight.trail import AuditEntry
from tests import factories
from tests.enrollment.crowd import at_once, one_crowd_at_a_time
from tests.enrollment.pages import page, text
from trial_site import clock
from trial_site.models import User
from trial_site.roles import Role

COORDINATORS, CLICKS_EACH, PARTICIPANTS = 4, 50, 20
CLICKS = COORDINATORS * CLICKS_EACH
LOSERS = CLICKS - PARTICIPANTS

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.requirement("R24"),
]


@pytest.fixture(autouse=True)
def _alone() -> Iterator[None]:
    with one_crowd_at_a_time():
        yield


@pytest.fixture
def waiting(transactional_db: None) -> list[Participant]:
    site = factories.site()
    factories.allocation_list(length=PARTICIPANTS)
    return [factories.enrolled(site) for _ in range(PARTICIPANTS)]


@pytest.fixture
def coordinators(waiting: list[Participant]) -> list[User]:
    site = waiting[0].site
    names = [f"coordinator-{number}" for number in range(COORDINATORS)]
    return [factories.user(Role.COORDINATOR, site, username=name) for name in names]


def assert_slots_in_a_row() -> None:
    """None shared, none skipped, in the order of time; and the record is sound."""
    used = Allocation.objects.order_by("allocated_at", "slot__sequence")
    assert list(used.values_list("slot__sequence", flat=True)) == list(range(1, PARTICIPANTS + 1))
    assert Participant.objects.filter(state=State.ALLOCATED).count() == PARTICIPANTS
    assert not list(verification.verify())


def test_two_hundred_attempts_allocate_twenty_and_refuse_the_rest_in_words(
    waiting: list[Participant], coordinators: list[User]
) -> None:
    """Two hundred threads start together; at most fifty hold a database connection at a time,
    because PostgreSQL's default of a hundred connections has no room for two hundred."""

    def attempt(number: int) -> str:
        participant = waiting[number % PARTICIPANTS]
        try:
            allocate(participant, by=coordinators[number // CLICKS_EACH])
        except Refused as refused:
            return str(refused.message)
        return "allocated"

    assert at_once(attempt, CLICKS) == {
        "allocated": PARTICIPANTS,
        "This participant is allocated already": LOSERS,
    }
    assert_slots_in_a_row()


def test_two_hundred_clicks_of_four_coordinators_show_a_receipt_and_never_an_error(
    waiting: list[Participant], coordinators: list[User]
) -> None:
    """As above, through the pages.  A click is sent; what the redirect shows is looked at once a
    participant, for two hundred receipts would only test the same page."""

    def attempt(number: int) -> str:
        participant = waiting[number % PARTICIPANTS]
        client = Client()
        client.force_login(coordinators[number // CLICKS_EACH])
        url = page(participant, "allocate")
        response = client.post(url, {"entry_key": str(uuid4())})
        assert response.status_code == 302
        assert response["Location"] == page(participant, "receipt")
        told = [str(message) for message in messages_of(response)]
        return told[0]

    assert at_once(attempt, CLICKS) == {
        "The participant is allocated.": PARTICIPANTS,
        "This participant is allocated already; this is the receipt.": LOSERS,
    }
    assert_slots_in_a_row()
    client = Client()
    client.force_login(coordinators[0])
    for participant in waiting:
        shown = text(client.get(page(participant, "receipt")))
        assert f"Allocation of {participant.subject}" in shown


def messages_of(response: object) -> list[object]:
    """What the next page will say."""
    storage = response.wsgi_request._messages  # type: ignore[attr-defined]
    return list(storage._queued_messages)


def test_one_form_sent_by_everybody_at_once_allocates_once(
    waiting: list[Participant], coordinators: list[User]
) -> None:
    key = uuid4()

    def attempt(_number: int) -> str:
        client = Client()
        client.force_login(coordinators[0])
        response = client.post(page(waiting[0], "allocate"), {"entry_key": str(key)})
        return str(messages_of(response)[0])

    assert at_once(attempt, 50) == {
        "The participant is allocated.": 1,
        "This was saved already.": 49,
    }
    assert Allocation.objects.count() == 1
    assert AllocationList.objects.count() == 1


# --- killed in the middle ----------------------------------------------------------------------

DIES = """
import os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "trial_site.settings"
import django
django.setup()
import time_machine
from django.db import connection
from enrollment.actions import allocation
from enrollment.models import Participant
from trial_site.models import User

def stop_before_commit(*args, **kwargs):
    print("READY", connection.in_atomic_block, flush=True)
    time.sleep(60)

allocation.move = stop_before_commit
with time_machine.travel(sys.argv[1]):
    allocation.allocate(Participant.objects.get(subject="PKU-001"),
                        by=User.objects.get(username="coordinator-0"))
"""


def test_a_process_killed_between_lock_and_commit_leaves_nothing_half_done(
    waiting: list[Participant], coordinators: list[User]
) -> None:
    """It has locked participant, plan and list, opened the slot and inserted the receipt."""
    entries = AuditEntry.objects.count()
    dying = _dying()
    assert dying.stdout
    try:
        assert dying.stdout.readline() == "READY True\n"
        with pytest.raises(OperationalError), transaction.atomic():
            AllocationList.objects.select_for_update(nowait=True).get()
        dying.send_signal(signal.SIGKILL)
    finally:
        dying.kill()
        dying.wait(timeout=30)
        dying.stdout.close()
    assert not Allocation.objects.exists()
    assert AuditEntry.objects.count() == entries
    assert not Participant.objects.exclude(state=State.ENROLLED).exists()
    assert not list(verification.verify())
    # The lock died with it: the next one waits for nobody and gets the slot that was opened.
    receipt = allocate(waiting[1], by=coordinators[1])
    assert receipt.slot.sequence == 1
    assert allocate(waiting[0], by=coordinators[1]).slot.sequence == 2
    assert not list(verification.verify())


def _dying() -> "subprocess.Popen[str]":
    """The script above, on the database of this test, at the time of this test."""
    at = connection.settings_dict
    password = f":{at['PASSWORD']}" if at["PASSWORD"] else ""
    place = f"{at['HOST'] or 'localhost'}:{at['PORT'] or 5432}/{at['NAME']}"
    environment = {
        "DATABASE_URL": f"postgres://{at['USER']}{password}@{place}",
        "SECRET_KEY": settings.SECRET_KEY,
        "ALLOCATION_KEY": settings.ALLOCATION_KEY,
        "DEMO": "1" if settings.DEMO else "0",
        "DEBUG": "1" if settings.DEBUG else "0",
        "HTTPS": "0",
    }
    return subprocess.Popen(  # noqa: S603 - this test's own script
        [sys.executable, "-c", DIES, clock.now().isoformat()],
        cwd=Path(settings.BASE_DIR),
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
