"""R24: nothing that anybody can read depends on an arm that nobody has got yet."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from enrollment.actions.allocation_lists import generate_allocation_lists
from enrollment.models import Allocation, AllocationList, AllocationSlot, Participant
from enrollment.seals import seal, seal_arm, unseal, unseal_arm
from tests import factories
from tests.conftest import NOON
from trial_site.access import pages
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.roles import PEOPLE, Role

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R24")]

# What differs from one answer to the next whatever the list says: tokens of forms and scripts.
NOISE = re.compile(
    r'(csrfmiddlewaretoken" value=|nonce=|X-CSRFToken[^:]*:|"token": )[^>\s]*|[0-9a-f-]{36}'
)
MOST_PAGES_NEED: list[dict[str, Any]] = [
    {},
    {"subject": "PKU-001"},
    {"subject": "PKU-002"},
    {"number": "SCR-001"},
    {"number": "SCR-002"},
    {"code": "PKU"},
    {"subject": "PKU-001", "code": "D7"},
    {"stratum": "ALL"},
    {"name": "nk"},
    {"name": "ganciclovir"},
    {"name": "conversion"},
    {"username": "lab-pku"},
]


def addresses() -> Iterator[tuple[Role, str]]:
    """Every page of the rooms that opens with the records of these tests, for each of its roles."""
    pk = Allocation.objects.get().pk
    objects = [*MOST_PAGES_NEED, {"model": "enrollment.allocation", "pk": pk}]
    for name, methods in pages().items():
        if ":" not in name or not methods or "GET" not in methods:  # without one: signing in
            continue
        for arguments in objects:
            try:
                url = reverse(name, kwargs=arguments)
            except NoReverseMatch:
                continue
            for role in sorted(methods["GET"] & PEOPLE):
                yield role, url


@pytest.fixture
def sealed(site: Site, staff: dict[Role, User]) -> AllocationList:
    """A list of which the first place is used, while a second participant waits."""
    with time_machine.travel(NOON, tick=False):
        [made] = generate_allocation_lists(by=staff[Role.STATISTICIAN])
        factories.allocated(site)
        factories.enrolled(site)
    return made


def walk(client: Client, staff: dict[Role, User]) -> dict[str, str]:
    """What every role is answered at every address; what answering writes is taken back."""
    answers = {}
    for role, url in addresses():
        with transaction.atomic():
            client.force_login(staff[role])
            response = client.get(url)
            body = response.getvalue().decode()
            answers[f"{role} {url}"] = f"{response.status_code} {NOISE.sub('', body)}"
            transaction.set_rollback(True)
    return answers


def turn_over(made: AllocationList) -> None:
    """Every place that is not used becomes the other arm, in the file as well."""
    first, second = map(str, current().allocation.arms)
    other = {first: second, second: first}
    stored = json.loads(unseal(made.sealed_file))
    lines = stored["csv"].splitlines()
    for slot in made.slots.filter(allocation=None):
        stratum, place = made.stratum, slot.sequence
        arm = unseal_arm(slot.sealed_arm, stratum=stratum, place=place)
        slot.sealed_arm = seal_arm(other[arm], stratum=stratum, place=place)
        slot.save()
        lines[place] = lines[place].replace(f",{arm}", f",{other[arm]}")
    made.sealed_file = seal(json.dumps({**stored, "csv": "\n".join(lines)}))
    made.save()


def test_no_page_of_any_role_depends_on_an_unused_place(
    client: Client, sealed: AllocationList, staff: dict[Role, User]
) -> None:
    with time_machine.travel(NOON, tick=False):
        before = walk(client, staff)
        turn_over(sealed)
        after = walk(client, staff)
    assert sum(answer.startswith("200") for answer in before.values()) > 100
    assert [where for where in before if before[where] != after[where]] == []


def test_pages_do_depend_on_a_used_place(
    client: Client, sealed: AllocationList, staff: dict[Role, User]
) -> None:
    """So that the test above can fail."""
    url = reverse("enrollment:allocation-receipt", args=["PKU-001"])
    client.force_login(staff[Role.COORDINATOR])
    arm = Participant.objects.get(subject="PKU-001").arm
    label = current().arm(str(arm)).short_label
    assert f"{label}</span>" in client.get(url).content.decode()


def secrets_of(made: AllocationList) -> list[str]:
    """The seed, the nonce, and each unused place in both of the forms in which it is sealed."""
    stored = json.loads(unseal(made.sealed_file))
    lines = stored["csv"].splitlines()
    used = made.slots.exclude(allocation=None).count()
    slots = [unseal(slot.sealed_arm) for slot in made.slots.filter(allocation=None)]
    return [stored["seed"], lines[-1].split(",")[1], *lines[used + 1 : -1], *slots]


def test_neither_database_nor_log_holds_what_is_sealed(
    client: Client,
    site: Site,
    staff: dict[Role, User],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="django.db.backends")
    with CaptureQueriesContext(connection):  # makes the database log every statement
        [made] = generate_allocation_lists(by=staff[Role.STATISTICIAN])
        factories.allocated(site)
        factories.enrolled(site)
        client.force_login(staff[Role.STATISTICIAN])
        client.get(reverse("enrollment:allocation-list"))
    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "INSERT INTO" in logged
    dumped = dump()
    assert made.sha256 in dumped
    assert made.sealed_file in dumped
    secrets = secrets_of(made)
    assert len(secrets) > 2 * AllocationSlot.objects.filter(allocation=None).count()
    assert [one for one in secrets if one in dumped] == []
    assert [one for one in secrets if one in logged] == []


def dump() -> str:
    """Every value of every table, as text."""
    values = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the database's own names
            values += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(values)
