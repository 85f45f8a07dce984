"""Which rows of the laboratory a person sees, and which of them count."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from enrollment.models import at_sites_of
from oversight.records import RecordQuerySet
from trial_site.models import User


class ResultStatus(models.TextChoices):
    PRELIMINARY = "preliminary", _("Preliminary")
    FINAL = "final", _("Final")
    CORRECTED = "corrected", _("Corrected")
    IN_ERROR = "in_error", _("Entered in error")


class LabQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> LabQuerySet:
        return at_sites_of(self, user, "participant__site")

    def in_force(self) -> LabQuerySet:
        return self.exclude(status=ResultStatus.IN_ERROR)


class LaboratoryQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> LaboratoryQuerySet:
        return at_sites_of(self, user, "site")


class OfLaboratoryQuerySet(RecordQuerySet):
    """Rows that belong to a laboratory: ranges, assays, mappings, files."""

    def visible_to(self, user: User) -> OfLaboratoryQuerySet:
        return at_sites_of(self, user, "laboratory__site")
