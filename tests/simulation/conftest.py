"""A simulated trial is compared by what a reader of the record sees, not by its row numbers."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as django_settings

from enrollment.models import Participant
from oversight.canonical import plain
from oversight.records import Record
from oversight.trail import AuditEntry
from simulation.patterns import record_models, undone

AS_OF = dt.datetime(2026, 3, 18, 9, tzinfo=ZoneInfo(django_settings.TIME_ZONE))
# Another password hash, list nonce, row number or moment of the computer in each run.
INCOMPARABLE = {"password", "sha256", "evidence", "date_joined", "id"}
NUMBER = re.compile(r":\d+$")
Content = dict[str, list[Any]]


@pytest.fixture
def demo(settings: Any, db: None) -> None:
    settings.DEMO = True


@pytest.fixture
def content_of(demo: None) -> Callable[..., Content]:
    """Run a simulation in an empty database, tell what it wrote, and undo it."""

    def run(simulation: Callable[..., None], *, seed: int = 7) -> Content:
        content: Content = {}
        with undone():
            simulation(participants=3, seed=seed, as_of=AS_OF)
            content |= {model._meta.label: rows(model) for model in record_models()} | entries()
        return content

    return run


def rows(model: type[Record]) -> list[Any]:
    """Every row by value; a foreign key by the name of its target."""
    fields = [field for field in model._meta.concrete_fields if field.name not in INCOMPARABLE]
    related = [field.name for field in fields if field.is_relation]
    found = [
        {
            field.name: str(value) if field.is_relation else comparable(field.name, value)
            for field in fields
            for value in [getattr(row, field.name)]
        }
        for row in model.objects.select_related(*related)
    ]
    return sorted(found, key=str)


def comparable(name: str, value: Any) -> Any:
    """As it is told; what a rule offered names its row by number."""
    told = plain(value)
    return NUMBER.sub(":", told) if name == "source" and isinstance(told, str) else told


def entries() -> Content:
    """The audit entries of each chain in their order."""
    subjects = {person.audit_chain: person.subject for person in Participant.objects.all()}
    found: Content = defaultdict(list)
    for entry in AuditEntry.objects.all():
        changes = {
            name: [comparable(name, value) for value in pair] if name == "source" else pair
            for name, pair in entry.changes.items()
            if name not in INCOMPARABLE and not name.endswith("_id")
        }
        label = NUMBER.sub(":", entry.object_label)
        what = [entry.sequence, entry.at, entry.action, entry.model, label, changes]
        who = [entry.actor_name, entry.role, entry.reason, entry.event]
        found[subjects.get(entry.chain_id, entry.chain_id)].append([*what, *who])
    return found
