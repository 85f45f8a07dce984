"""The corrections of one result or plate, as its page tells them for ever."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from labs.models import Correction, CytotoxicityAssay, Result
from oversight.trail import AuditAction, AuditEntry


@dataclass(frozen=True)
class Corrected:
    """One correction: who, when, why, and the ``effects`` (messages) that it had."""

    at: dt.datetime
    who: str
    why: str
    effects: list[dict[str, Any]]


def corrections_of(record: Result | CytotoxicityAssay) -> list[Corrected]:
    """Every correction of ``record``, the latest first; two queries."""
    kept = {str(correction.pk): correction for correction in record.corrections.all()}
    if not kept:
        return []
    entries = AuditEntry.objects.filter(
        model=Correction._meta.label_lower, object_id__in=kept, action=AuditAction.CREATED
    )
    return [
        Corrected(entry.at, entry.actor_name, entry.reason, kept[entry.object_id].effects)
        for entry in entries.order_by("-sequence")
    ]
