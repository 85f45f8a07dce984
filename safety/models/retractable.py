"""A record of a participant that can be marked as entered in error."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from oversight.records import Record
from safety.models.scope import HarmQuerySet
from trial_site.models import User


def retracted_by_somebody(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(retracted_at=None, retracted_by=None)
        | Q(retracted_at__isnull=False, retracted_by__isnull=False),
        name=f"{name}_retracted_by_somebody",
    )


class OfParticipant(Record):
    """The columns and the scope that all of this room's records have."""

    participant: Any
    participant_id: int
    retracted_at = models.DateTimeField(_("marked as entered in error"), null=True, blank=True)
    retracted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = HarmQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def audit_site_id(self) -> int:
        site_id: int = self.participant.site_id
        return site_id
