"""What the room's records share: the drugs, their units, and whose rows are whose."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from enrollment.models import at_sites_of
from oversight.records import RecordQuerySet
from trial_site.models import User


class DrugChoice(models.TextChoices):
    IL2 = "il2", _("Interleukin-2")
    GANCICLOVIR = "ganciclovir", _("Ganciclovir")


class UnitChoice(models.TextChoices):
    MG = "mg", _("mg")
    MIU = "MIU", _("million IU")


class CourseChoice(models.TextChoices):
    """The treatment that an order and its doses belong to; only the first counts as an outcome."""

    FIRST = "first", _("First course")
    RESCUE = "rescue", _("Rescue treatment")


class DosingQuerySet(RecordQuerySet):
    """Rows of a participant."""

    def visible_to(self, user: User) -> DosingQuerySet:
        return at_sites_of(self, user, "participant__site")


class StockQuerySet(RecordQuerySet):
    """Rows of a site's pharmacy."""

    def visible_to(self, user: User) -> StockQuerySet:
        return at_sites_of(self, user)
