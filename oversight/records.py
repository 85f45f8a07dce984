"""What every clinical record is: versioned, attributed, never deleted."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any, ClassVar, Self, TypeVar

from django.db import connection, models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from oversight import copying
from oversight.canonical import plain
from oversight.recording import ReasonRequired, Recording, UnrecordedWrite, current
from oversight.trail import TRIAL_CHAIN, AuditAction

R = TypeVar("R", bound="Record")
EMPTY: tuple[Any, ...] = (None, "", {}, [], ())
_CHANGEABLE = (dict, list)
SAVED = "_saved"  # where an instance keeps the values that the database holds


class StaleRecord(Exception):
    """Somebody saved the record after this form was opened; ``record`` is as it is now."""

    def __init__(self, record: models.Model) -> None:
        super().__init__(str(record))
        self.record = record


class Versions(HistoricalRecords):
    """django-simple-history, writing through the recording instead of row by row.

    A write outside ``recorded`` is stopped before it reaches the database.
    """

    def finalize(self, sender: Any, **kwargs: Any) -> None:
        super().finalize(sender, **kwargs)
        if hasattr(sender, self.manager_name):
            models.signals.pre_save.connect(self.pre_save, sender=sender, weak=False)

    def pre_save(self, instance: models.Model, **kwargs: Any) -> None:
        if self._is_tracked(instance, kwargs):
            current()

    def post_save(
        self, instance: models.Model, created: bool, using: str | None = None, **kwargs: Any
    ) -> None:
        if self._is_tracked(instance, kwargs):
            note_version(instance, created=created, recording=current())

    @staticmethod
    def _is_tracked(instance: models.Model, signal: dict[str, Any]) -> bool:
        """False for a save of untracked columns alone, such as the time of the last login."""
        written = signal.get("update_fields")
        tracked = {field.name for field in history_model(type(instance)).tracked_fields}
        return not signal.get("raw") and (written is None or bool(tracked & set(written)))

    def post_delete(self, instance: Any, using: str | None = None, **kwargs: Any) -> None:
        raise UnrecordedWrite("Nothing is deleted")


@cache
def history_model(model: type[models.Model]) -> Any:
    """The model of the history rows; asked once, for the manager is built anew at each look."""
    return model.history.model  # type: ignore[attr-defined]


def note_version(instance: models.Model, *, created: bool, recording: Recording) -> None:
    """Queue the history row and the audit entry of what was just saved."""
    values = {name: getattr(instance, name) for name in _tracked(type(instance))}
    changes = _changes({} if created else saved_values(instance), values)
    if not changes and not created:
        return
    if not created and not recording.reason:
        raise ReasonRequired(instance)
    version = {
        "history_date": recording.at,
        "history_change_reason": None,  # the entry has it
        "history_type": "+" if created else "~",
        "history_user_id": recording.by.pk,
        **values,
    }
    entry = {
        "chain_id": getattr(instance, "audit_chain", TRIAL_CHAIN),
        "action": AuditAction.CREATED if created else AuditAction.CHANGED,
        "model": instance._meta.label_lower,
        "object_id": str(instance.pk),
        "object_label": str(instance)[:200],
        "site_id": getattr(instance, "audit_site_id", None),
        "changes": changes,
    }
    recording.note(entry, history_model(type(instance)), version)
    setattr(instance, SAVED, _snapshot(values))


@cache
def _tracked(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in history_model(model).tracked_fields)


def saved_values(instance: Any) -> dict[str, Any]:
    """The values before this save: as they were loaded, or else the last version's."""
    if getattr(instance, SAVED, None) is not None:
        return dict(getattr(instance, SAVED))
    last = instance.history.order_by("-history_id").first()
    if last is None:
        return {}
    return {field.attname: getattr(last, field.attname) for field in last.tracked_fields}


def _snapshot(values: dict[str, Any]) -> dict[str, Any]:
    """A copy that later changes do not reach: only JSON can be changed in place."""
    return {
        name: plain(value) if isinstance(value, _CHANGEABLE) else value
        for name, value in values.items()
    }


def _changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, list[Any]]:
    """``{field: [old, new]}`` of what differs; in a first entry, of what is not empty."""
    if not old:
        return _first_entry(new)
    pairs = {name: [plain(old.get(name)), plain(value)] for name, value in new.items()}
    return {name: pair for name, pair in pairs.items() if name != "version" and pair[0] != pair[1]}


def _first_entry(new: dict[str, Any]) -> dict[str, list[Any]]:
    return {
        name: [None, plain(value)]
        for name, value in new.items()
        if (value or value not in EMPTY) and name != "version"  # most have a value
    }


class RecordQuerySet(models.QuerySet[Any]):
    """Reads as ever; refuses the writes that would pass the audit trail by (R03)."""

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise UnrecordedWrite(f"{self.model.__name__}: save record by record, or record_many()")

    update = delete = bulk_create = bulk_update = _refuse


class Record(models.Model):
    """The base of every clinical model.

    ``audit_chain`` names the chain of its entries; ``version`` counts its saves, for the edit forms
    that must not overwrite somebody else's.
    """

    version = models.PositiveIntegerField(_("version"), default=0, editable=False)
    history = Versions(inherit=True)

    objects = RecordQuerySet.as_manager()

    class Meta:
        abstract = True

    immutable: ClassVar[bool] = False

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save inside ``recorded`` only; counts the version.  Saves nothing if nothing differs."""
        if not self._state.adding:
            if not _changes(saved_values(self), self._values()):
                return
            if self.immutable:
                raise UnrecordedWrite(f"{self} is written once")
        self.version += 1
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "version"}
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise UnrecordedWrite("Nothing is deleted: correct it, or mark it entered in error")

    @classmethod
    def from_db(cls, db: str | None, field_names: Any, values: Any, **kwargs: Any) -> Self:
        instance = super().from_db(db, field_names, values, **kwargs)
        if len(values) == len(cls._meta.concrete_fields):
            setattr(instance, SAVED, _snapshot(dict(zip(field_names, values, strict=True))))
        return instance

    @property
    def audit_chain(self) -> str:
        participant = getattr(self, "participant_id", None)
        return f"participant:{participant}" if participant else TRIAL_CHAIN

    def _values(self) -> dict[str, Any]:
        return {f.attname: getattr(self, f.attname) for f in self._meta.concrete_fields}


def locked(queryset: models.QuerySet[R], *, version: int | None = None) -> R:
    """Get the one row of ``queryset`` under a lock; with ``version``, only if it is still that.

    Raises ``DoesNotExist``, or ``StaleRecord`` carrying the row as it is now.
    """
    record = queryset.select_for_update(of=("self",)).get()
    if version is not None and record.version != version:
        raise StaleRecord(record)
    return record


def held_together(queryset: models.QuerySet[R]) -> R:
    """Get the one row of ``queryset``, which nobody changes until this transaction ends.

    Unlike under ``locked``, others may hold it so at the same time.  Raises ``DoesNotExist``.
    """
    if connection.vendor == "postgresql":  # elsewhere one writes at a time
        text, params = queryset.order_by().values("pk").query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"{text} FOR SHARE", params)
    return queryset.get()


def record_many(model: type[R], records: Iterable[R]) -> list[R]:
    """Insert new ``records`` in bulk, with the same history and audit entries as ``save``."""
    recording = current()
    fresh = list(records)
    for record in fresh:
        record.version = 1
    insert(model, fresh)
    for record in fresh:
        note_version(record, created=True, recording=recording)
    return fresh


def insert(model: type[R], records: list[R]) -> None:
    """Insert live rows alone: who calls this notes their versions, in the same transaction."""
    if copying.is_worth_it(len(records)):
        copying.copy_new(model, records)
    else:
        plain_rows: models.QuerySet[R] = models.QuerySet(model)
        plain_rows.bulk_create(records, batch_size=2000)
