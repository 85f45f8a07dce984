"""``recorded``: the one door through which every write goes.

It opens a transaction, names the actor and the reason, gathers each version that is saved inside
it, and on leaving writes history rows and audit entries together, chain by chain in one order, so
that two writers can never wait for each other in a circle.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, models, transaction

from oversight.canonical import digest, plain
from oversight.copying import insert_rows
from oversight.trail import TRIAL_CHAIN, AuditAction, AuditChain, AuditEntry, OneTimeKey
from trial_site import clock
from trial_site.look_back import is_looking_back

if TYPE_CHECKING:
    from trial_site.models import Site, User


class UnrecordedWrite(Exception):
    """A clinical record was about to be saved without an actor (R03, R32)."""


class ReasonRequired(Exception):
    """Changing a saved value needs a reason (R04)."""


class AlreadyRecorded(Exception):
    """This form was saved before: a double click, or a retry over a bad connection."""


Values = dict[str, Any]  # of one row that is to be written, by column, without its own number
_NO_RECORD: Values = {
    "model": "",
    "object_id": "",
    "object_label": "",
    "site_id": None,
    "history_id": None,
    "version_digest": "",
    "event": "",
}


@dataclass(slots=True)
class Note:
    """An audit entry to be written, and the row of ``history`` that it saw, if it saw one.

    Rows are made of values, and models of them only where they are few: a file has thousands.
    """

    entry: Values
    history: type[models.Model] | None
    version: Values


@dataclass
class Recording:
    """One actor's writes until the outermost ``recorded`` block ends."""

    by: User
    at: dt.datetime
    reason: str = ""
    pending: list[Note] = field(default_factory=list)

    def note(
        self,
        entry: Values,
        history: type[models.Model] | None = None,
        version: Values | None = None,
    ) -> None:
        """Queue ``entry``, which says what happened, with who did it, when and why."""
        by = {
            "at": self.at,
            "actor_id": self.by.pk,
            "actor_name": self.by.get_username(),
            "role": self.by.role,
            "reason": self.reason,
        }
        self.pending.append(Note(_NO_RECORD | entry | by, history, version or {}))


_current: ContextVar[Recording | None] = ContextVar("recording", default=None)


def current() -> Recording:
    """The recording in force.  Raises ``UnrecordedWrite`` where there is none."""
    recording = _current.get()
    if recording is None:
        raise UnrecordedWrite("Clinical records are saved inside recorded(by=…) only")
    return recording


@contextmanager
def recorded(*, by: User, reason: str = "", key: UUID | None = None) -> Iterator[Recording]:
    """Run the block as ``by``, in one transaction with its audit trail.

    ``reason`` is why a saved value changes (R04).  ``key`` is the form's one-time key: a second use
    raises ``AlreadyRecorded`` and writes nothing.  A block inside another joins it: one
    transaction, one actor, its own reason.  Raises ``PermissionDenied`` for an account that may not
    act (R32).
    """
    if is_looking_back():
        raise UnrecordedWrite("The past is read, never written")
    if not (by.is_authenticated and by.is_active):
        raise PermissionDenied("Only an active account may write")
    outer = _current.get()
    if outer is not None:
        with _joined(outer, by, reason) as recording:
            yield recording
        return
    with transaction.atomic():
        if key is not None:
            _use(key, by)
        recording = Recording(by=by, at=clock.now(), reason=reason)
        token = _current.set(recording)
        try:
            yield recording
        finally:
            _current.reset(token)
        _write(recording.pending)


@contextmanager
def _joined(outer: Recording, by: User, reason: str) -> Iterator[Recording]:
    if outer.by.pk != by.pk:
        raise UnrecordedWrite(f"{by} cannot write inside the recording of {outer.by}")
    outside, outer.reason = outer.reason, reason or outer.reason
    try:
        yield outer
    finally:
        outer.reason = outside


def _use(key: UUID, by: User) -> None:
    try:
        with transaction.atomic():
            OneTimeKey.objects.create(key=key, by=by, used_at=clock.now())
    except IntegrityError:
        raise AlreadyRecorded(key) from None


def event(name: str, *, chain: str = TRIAL_CHAIN, site: Site | None = None, **details: Any) -> None:
    """Add an entry that is no version of a record: a list generated, a site granted (R08, R09)."""
    entry = {
        "chain_id": chain,
        "action": AuditAction.EVENT,
        "event": name,
        "site_id": site.pk if site else None,
        "changes": plain(details),
    }
    current().note(entry)


def write_together(recordings: Iterable[Recording]) -> None:
    """Write what was noted in many recordings, in their order, as one transaction.

    For a simulation that makes a whole trial at once; a person's write goes through ``recorded``.
    """
    with transaction.atomic():
        _write([note for recording in recordings for note in recording.pending])


def _write(notes: list[Note]) -> None:
    """Save the versions, then the entries, a chain at a time in the order of their names."""
    by_history: dict[type[models.Model], list[Note]] = defaultdict(list)
    by_chain: dict[str, list[Values]] = defaultdict(list)
    for note in notes:
        if note.history is not None:
            by_history[note.history].append(note)
        by_chain[note.entry["chain_id"]].append(note.entry)
    for history, own in by_history.items():
        insert_rows(history, _digested(own), len(own))
        for note in own:
            note.entry["history_id"] = note.version[history._meta.pk.attname]
    heads = _locked(sorted(by_chain))
    linked = (_linked(heads[name], by_chain[name]) for name in sorted(by_chain))
    insert_rows(AuditEntry, chain.from_iterable(linked), len(notes))
    if len(heads) == 1:
        next(iter(heads.values())).save(update_fields=["length", "head_hash"])
    elif heads:
        AuditChain.objects.bulk_create(  # they are all there: an update in one statement
            heads.values(),
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["length", "head_hash"],
            batch_size=500,
        )


def _digested(notes: list[Note]) -> Iterator[Values]:
    for note in notes:
        note.entry["version_digest"] = digest(note.version)
        yield note.version


def _locked(names: list[str]) -> dict[str, AuditChain]:
    """The heads of ``names``, locked in that order; chains begin when first written to."""
    found = AuditChain.objects.select_for_update().filter(name__in=names).order_by("name")
    heads = {chain.name: chain for chain in found}
    missing = [name for name in names if name not in heads]
    if missing:
        AuditChain.objects.bulk_create(
            [AuditChain(name=name) for name in missing], ignore_conflicts=True
        )
        found = AuditChain.objects.select_for_update().filter(name__in=missing).order_by("name")
        heads |= {chain.name: chain for chain in found}
    return heads


def _linked(head: AuditChain, entries: list[Values]) -> Iterator[Values]:
    """Each entry with its place in the chain and the hash that binds it to those before."""
    for entry in entries:
        head.length += 1
        entry |= {"sequence": head.length, "previous_hash": head.head_hash}
        entry["hash"] = head.head_hash = digest(entry)
        yield entry


def version_digest(version: models.Model) -> str:
    """sha256 over every column of a history row but its own number."""
    return digest({name: getattr(version, name) for name in _columns(type(version))})


@cache
def _columns(history: type[models.Model]) -> tuple[str, ...]:
    fields = history._meta.concrete_fields
    return tuple(field.attname for field in fields if not field.primary_key)
