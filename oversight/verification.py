"""Computes every chain again, and holds each live row against its last version (R02, R03)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models

from oversight.canonical import plain
from oversight.recording import version_digest
from oversight.trail import AuditChain, AuditEntry


@dataclass(frozen=True)
class Finding:
    """Something that the trail does not explain."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def verify() -> Iterator[Finding]:
    """Every finding, lazily; none means that the record is as it was written."""
    yield from chains()
    for model in tracked_models():
        yield from findings_about(model)


def findings_about(model: type[models.Model]) -> Iterator[Finding]:
    """Every finding about the rows and versions of one model."""
    yield from _versions(model)
    yield from _live_rows(model)


def tracked_models() -> list[type[models.Model]]:
    found = [m for m in apps.get_models() if hasattr(m._meta, "simple_history_manager_attribute")]
    return sorted(found, key=lambda model: model._meta.label_lower)


def chains() -> Iterator[Finding]:
    """Every entry follows the one before it, as it was written."""
    heads: dict[str, tuple[int, str]] = {}
    for entry in AuditEntry.objects.order_by("chain_id", "sequence").iterator(2000):
        length, head = heads.get(entry.chain_id, (0, ""))
        if entry.sequence != length + 1:
            yield Finding(str(entry), f"entries {length + 1} to {entry.sequence - 1} are missing")
        elif entry.previous_hash != head:
            yield Finding(str(entry), "does not follow the entry before it")
        if entry.computed_hash() != entry.hash:
            yield Finding(str(entry), "was altered after it was written")
        heads[entry.chain_id] = (entry.sequence, entry.hash)
    for chain in AuditChain.objects.order_by("name"):
        if heads.get(chain.name, (0, "")) != (chain.length, chain.head_hash):
            yield Finding(chain.name, "the chain does not end where its head says")


def _versions(model: type[models.Model]) -> Iterator[Finding]:
    """Each history row is the one that its audit entry saw; none is missing, none is extra."""
    label = model._meta.label_lower
    history: Any = model.history.model  # type: ignore[attr-defined]
    entries = AuditEntry.objects.filter(model=label).exclude(history_id=None)
    expected = dict(entries.values_list("history_id", "version_digest").iterator(5000))
    for version in history.objects.order_by("history_id").iterator(2000):
        digest = expected.pop(version.history_id, None)
        where = f"{label} version {version.history_id}"
        if digest is None:
            yield Finding(where, "history row without an audit entry")
        elif digest != version_digest(version):
            yield Finding(where, "history row was altered")
    for history_id in expected:
        yield Finding(f"{label} version {history_id}", "history row is missing")


def _live_rows(model: type[models.Model]) -> Iterator[Finding]:
    """Each live row equals its last version."""
    label = model._meta.label_lower
    history: Any = model.history.model  # type: ignore[attr-defined]
    names = [field.attname for field in history.tracked_fields]
    key = model._meta.pk.attname
    last = history.objects.values(key).annotate(last=models.Max("history_id"))
    latest: dict[Any, dict[str, Any]] = {}
    newest = history.objects.filter(history_id__in=last.values("last"))
    for row in newest.values(*names).iterator(2000):
        latest[row[key]] = row
    for row in model._base_manager.values(*names).iterator(2000):
        version = latest.pop(row[key], None)
        if version is None:
            yield Finding(f"{label} {row[key]}", "live row without a version")
            continue
        differing = [name for name in names if plain(row[name]) != plain(version[name])]
        if differing:
            yield Finding(f"{label} {row[key]}", f"differs from its last version: {differing}")
    for missing in latest:
        yield Finding(f"{label} {missing}", "live row is missing")


def summary() -> dict[str, int]:
    """How much there is to verify: chains, entries."""
    return {"chains": AuditChain.objects.count(), "entries": AuditEntry.objects.count()}
