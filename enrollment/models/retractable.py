"""A record of a participant that can be marked as entered in error; other rooms build on it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.scope import at_sites_of
from oversight.records import Record, RecordQuerySet
from trial_site.models import User


class RetractableQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> RetractableQuerySet:
        return at_sites_of(self, user, "participant__site")

    def in_force(self) -> RetractableQuerySet:
        """Without what was taken back as entered in error."""
        return self.filter(retracted_at=None)


def retracted_by_somebody(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(retracted_at=None, retracted_by=None)
        | Q(retracted_at__isnull=False, retracted_by__isnull=False),
        name=f"{name}_retracted_by_somebody",
    )


class Retractable(Record):
    """The columns and the scope of such a record; each names its ``participant`` itself."""

    participant: Any
    participant_id: int
    retracted_at = models.DateTimeField(_("marked as entered in error"), null=True, blank=True)
    retracted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = RetractableQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def audit_site_id(self) -> int:
        site_id: int = self.participant.site_id
        return site_id
