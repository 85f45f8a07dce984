"""What an entry of the audit trail changed, in words: every leaf, old beside new."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from oversight.leaves import EMPTY, in_words, leaves, text
from oversight.trail import AuditAction, AuditEntry
from trial_site.templatetags.trial import local_date, local_datetime

Names = Mapping[tuple[str, str], str]
"""What records are called, by kind and primary key."""


class Change(NamedTuple):
    field: str
    old: str
    new: str


def with_changes(entries: Iterable[AuditEntry]) -> list[tuple[AuditEntry, list[Change]]]:
    """Each entry and its changes; one query names every record that any of them points to."""
    found = list(entries)
    names = _names(found)
    return [(entry, list(_changes(entry, names))) for entry in found]


def changed_fields(entry: AuditEntry) -> list[str]:
    """The names of the fields that an entry changed, in words."""
    if entry.action == AuditAction.EVENT:
        return [in_words(name) for name in entry.changes]
    fields = _fields(entry.model)
    return [_name(fields.get(column), column) for column in entry.changes if _tells(fields, column)]


def model_name(label: str) -> str:
    """``dosing.administration`` in words."""
    return str(apps.get_model(label)._meta.verbose_name) if label else ""


def _changes(entry: AuditEntry, names: Names) -> Iterator[Change]:
    if entry.action == AuditAction.EVENT:
        for name, value in entry.changes.items():
            yield _detail(in_words(name), value)
        return
    fields = _fields(entry.model)
    for column, (old, new) in entry.changes.items():
        if not _tells(fields, column):
            continue
        field = fields.get(column)
        name = _name(field, column)
        if isinstance(field, models.JSONField):
            yield from _leaf_by_leaf(name, old, new)
        else:
            yield Change(name, _value(field, old, names), _value(field, new, names))


def _detail(name: str, value: Any) -> Change:
    """A detail of an event is new, unless it says what was before: ``[[old], [new]]``."""
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, list) for v in value):
        return Change(name, text(value[0]), text(value[1]))
    return Change(name, "", text(value))


def _leaf_by_leaf(name: str, old: Any, new: Any) -> Iterator[Change]:
    before, after = dict(leaves(old)), dict(leaves(new))
    for path in {**after, **before}:
        if before.get(path) != after.get(path):
            words = path[1:] if path[:1] == (name,) else path
            label = " · ".join((name, *words))
            yield Change(label, before.get(path, ""), after.get(path, ""))


def _value(field: models.Field[Any, Any] | None, value: Any, names: Names) -> str:
    """One plain column: a date as it is read, a choice in words, a record by its name."""
    if value in EMPTY:
        return ""
    if isinstance(field, models.ForeignKey):
        return names.get((field.related_model._meta.label_lower, str(value)), f"#{value}")
    if isinstance(field, models.DateTimeField):
        return local_datetime(dt.datetime.fromisoformat(value))
    if isinstance(field, models.DateField):
        return local_date(dt.date.fromisoformat(value))
    choices = dict(field.flatchoices) if field else {}
    if isinstance(value, str):
        return str(choices.get(value, value))  # what was typed stays as it was typed
    return text(value)


@cache
def _fields(label: str) -> dict[str, models.Field[Any, Any]]:
    fields = apps.get_model(label)._meta.concrete_fields if label else ()
    return {field.attname: field for field in fields}


def _tells(fields: Mapping[str, models.Field[Any, Any]], column: str) -> bool:
    """Whether a column says anything to a reader; the row's own number does not."""
    return column not in fields or not fields[column].primary_key


def _name(field: models.Field[Any, Any] | None, column: str) -> str:
    """A column in words: ``given_at`` is "given at"; a name that is no field any more stays."""
    return gettext(str(field.verbose_name)) if field else column


def _names(entries: Iterable[AuditEntry]) -> dict[tuple[str, str], str]:
    """What the trail called each record when it was first entered."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        fields = _fields(entry.model)
        for column, pair in entry.changes.items():
            field = fields.get(column)
            if isinstance(field, models.ForeignKey):
                kind = field.related_model._meta.label_lower
                wanted[kind].update(str(key) for key in pair if key is not None)
    if not wanted:
        return {}
    records = Q()
    for kind, keys in wanted.items():
        records |= Q(model=kind, object_id__in=keys)
    first = AuditEntry.objects.filter(records, action=AuditAction.CREATED)
    rows = first.values_list("model", "object_id", "object_label")
    return {(kind, key): label for kind, key, label in rows}
