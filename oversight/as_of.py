"""The record as it was at a past moment, put together from the versions that history keeps.

A copy in a database of its own, which is thrown away afterwards: whatever reads the record reads
the past inside the block, with no code of its own for that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from django.apps import apps
from django.db import connections, models
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.models import Max

from oversight.records import history_model
from oversight.trail import AuditChain, AuditEntry
from oversight.verification import tracked_models
from trial_site.look_back import looking_back
from trial_site.models import Site, User

ROWS_AT_ONCE = 500


@contextmanager
def as_of(moment: dt.datetime) -> Iterator[None]:
    """Inside the block every query is answered as it would have been at ``moment`` (aware).

    Accounts and sites are as they are now; of the audit trail there are the heads of its chains.
    Nothing can be recorded inside.
    """
    with _scratch_database() as alias:
        _copy(alias, moment)
        with looking_back(alias, moment):
            yield


@contextmanager
def _scratch_database() -> Iterator[str]:
    """An empty database with our tables, known to this thread alone."""
    alias = f"as_of_{uuid4().hex}"
    with TemporaryDirectory() as folder:
        file = {
            **connections["default"].settings_dict,
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(Path(folder) / "copy.sqlite3"),
            "OPTIONS": {},
        }
        connections[alias] = connection = DatabaseWrapper(file, alias)
        try:
            with connection.schema_editor() as editor:
                for model in apps.get_models():  # each with its many-to-many tables
                    editor.create_model(model)
            yield alias
        finally:
            connection.close()
            del connections[alias]


def _copy(alias: str, moment: dt.datetime) -> None:
    with connections[alias].constraint_checks_disabled():
        for accounts in (Site, User, User.sites.through):
            _insert(alias, accounts, accounts._base_manager.all())
        for model in tracked_models():
            if model not in (Site, User):
                _insert(alias, model, _versions(model, moment))
        _insert(alias, AuditChain, _heads(moment))


def _versions(model: type[models.Model], moment: dt.datetime) -> Iterator[models.Model]:
    """Each row as its last version at ``moment`` has it; what was made later is not there."""
    history = history_model(model)
    names = [field.attname for field in history.tracked_fields]
    written = history.objects.filter(history_date__lte=moment).order_by()
    last = written.values(model._meta.pk.attname).annotate(last=Max("history_id")).values("last")
    rows = history.objects.filter(history_id__in=last).order_by("history_id")
    for version in rows.iterator(ROWS_AT_ONCE):
        yield model(**{name: getattr(version, name) for name in names})


def _heads(moment: dt.datetime) -> Iterator[AuditChain]:
    entries = AuditEntry.objects.filter(at__lte=moment).order_by()
    last = entries.values("chain").annotate(last=Max("pk")).values("last")
    for entry in AuditEntry.objects.filter(pk__in=last).order_by("chain"):
        yield AuditChain(name=entry.chain_id, length=entry.sequence, head_hash=entry.hash)


def _insert(alias: str, model: type[models.Model], rows: Any) -> None:
    """Past the record's own door, which this copy does not need."""
    plain: models.QuerySet[Any] = models.QuerySet(model, using=alias)
    plain.bulk_create(rows, batch_size=ROWS_AT_ONCE)
