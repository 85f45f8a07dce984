"""Reading the audit trail, within what a person may see."""

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from oversight.downloads import csv_line
from oversight.trail import AuditAction, AuditChain, AuditEntry, OneTimeKey
from trial_site.models import User
from trial_site.roles import SEES_ARM, Role

LABORATORY_RECORDS = "labs."
COLUMNS = (
    "at", "actor", "role", "action", "record", "field", "old", "new", "reason", "chain",
    "sequence", "hash",
)  # fmt: skip


def state_of_record() -> int:
    """A number that every recorded write raises in its own transaction.

    What is computed from the record and kept under it is never stale, whatever commits in whatever
    order.
    """
    length: int | None = AuditChain.objects.aggregate(entries=Sum("length"))["entries"]
    return length or 0


def saved_keys(keys: Collection[UUID], *, by: User) -> set[UUID]:
    """Those of the forms' one-time ``keys`` that were spent: what ``by`` typed there is saved."""
    if not keys:
        return set()
    return set(OneTimeKey.objects.filter(key__in=keys, by=by).values_list("key", flat=True))


def visible_entries(user: User) -> QuerySet[AuditEntry]:
    """The entries of the user's sites, and of the trial as a whole.

    The laboratory sees its own records only (others name the arm); the administrator sees accounts
    and sites only.
    """
    entries = AuditEntry.objects.select_related("site")
    if user.role == Role.ADMIN:
        return entries.filter(Q(model__startswith="trial_site.") | Q(model=""))
    entries = entries.filter(Q(site=None) | Q(site__in=user.sites.all()))
    if not SEES_ARM.allows(user):
        return entries.filter(model__startswith=LABORATORY_RECORDS)
    return entries


def search_entries(
    user: User, *, text: str = "", model: str = "", day: dt.date | None = None
) -> QuerySet[AuditEntry]:
    """The visible entries, newest first, by record or person, kind of record and local day."""
    entries = visible_entries(user).order_by("-at", "-pk")
    if text:
        entries = entries.filter(
            Q(object_label__icontains=text)
            | Q(actor_name__icontains=text)
            | Q(event__icontains=text)
        )
    if model:
        entries = entries.filter(model=model)
    if day:
        zone = timezone.get_default_timezone()
        start = dt.datetime.combine(day, dt.time.min, zone)
        entries = entries.filter(at__gte=start, at__lt=start + dt.timedelta(days=1))
    return entries


def entry_of(model: str, history_id: int) -> AuditEntry:
    """The entry that belongs to one version of a record of ``model`` (its label in lower case)."""
    return AuditEntry.objects.get(model=model, history_id=history_id)


def first_entries(chain: str) -> dict[tuple[str, str], tuple[str, dt.datetime]]:
    """Who first entered each record of a chain, and when, by its model's label and number."""
    made = AuditEntry.objects.filter(chain_id=chain, action=AuditAction.CREATED)
    rows = made.values_list("model", "object_id", "actor_name", "at")
    return {(model, pk): (who, at) for model, pk, who, at in rows}


def record_entries(user: User, model: str, pk: int) -> QuerySet[AuditEntry]:
    """What happened to one record, newest first."""
    entries = visible_entries(user).filter(model=model, object_id=str(pk))
    return entries.order_by("-sequence")


def as_csv(entries: QuerySet[AuditEntry]) -> Iterator[str]:
    """One line a changed field; times in UTC with their offset; nothing a spreadsheet would run."""
    yield csv_line(COLUMNS)
    for entry in entries.iterator(1000):
        for field, (old, new) in _pairs(entry):
            cells = (entry.at.isoformat(), entry.actor_name, entry.role, entry.action)
            change = (entry.object_label or entry.event, field, old, new, entry.reason)
            yield csv_line((*cells, *change, entry.chain_id, entry.sequence, entry.hash))


def _pairs(entry: AuditEntry) -> list[tuple[str, tuple[Any, Any]]]:
    """``(field, (old, new))`` of an entry; an event's details are all new."""
    if entry.event:
        return [(name, ("", value)) for name, value in entry.changes.items()] or [("", ("", ""))]
    return [(name, (pair[0], pair[1])) for name, pair in entry.changes.items()]
