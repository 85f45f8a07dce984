"""How an audit entry is read by people."""

from django import template
from django.utils.translation import gettext_lazy as _

from oversight import changes
from oversight.trail import AuditEntry

register = template.Library()

EVENTS = {
    "allocation_list_generated": _("Allocation list generated"),
    "allocation_list_imported": _("Allocation list imported"),
    "allocation_list_published": _("Allocation list published"),
    "allocation_closed": _("Allocation closed"),
    "sites_changed": _("Sites of an account changed"),
    "password_changed": _("Password changed"),
    "unusual_values_confirmed": _("Unusual values confirmed"),
}


@register.filter
def changed_fields(entry: AuditEntry) -> str:
    """The names of the changed fields, in one line."""
    return ", ".join(changes.changed_fields(entry))


@register.filter
def what(entry: AuditEntry) -> str:
    """The record or the event that an entry is about."""
    if entry.event:
        return str(EVENTS.get(entry.event, entry.event))
    return f"{changes.model_name(entry.model)} {entry.object_label}"
