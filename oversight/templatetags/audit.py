"""How an audit entry is read by people."""

import json
from typing import Any, NamedTuple

from django import template
from django.utils.translation import gettext_lazy as _

from oversight.selectors import field_name, model_name
from oversight.trail import AuditAction, AuditEntry

register = template.Library()

EVENTS = {
    "allocation_list_generated": _("Allocation list generated"),
    "sites_changed": _("Sites of an account changed"),
    "password_changed": _("Password changed"),
}


class Change(NamedTuple):
    field: str
    old: str
    new: str


@register.filter
def changed_fields(entry: AuditEntry) -> list[Change]:
    """Old → new of each field, in words; an event's details count as new."""
    if entry.action == AuditAction.EVENT:
        return [Change(name, "", _text(value)) for name, value in entry.changes.items()]
    pairs = entry.changes.items()
    return [
        Change(field_name(entry.model, name), _text(old), _text(new)) for name, (old, new) in pairs
    ]


@register.filter
def what(entry: AuditEntry) -> str:
    """The record or the event that an entry is about."""
    if entry.event:
        return str(EVENTS.get(entry.event, entry.event))
    return f"{model_name(entry.model)} {entry.object_label}"


def _text(value: Any) -> str:
    if value in (None, "", [], {}):
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
