"""The laboratories of a site: their reference ranges and the assays that they run."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.facts import Sex
from labs.models.scope import LaboratoryQuerySet, OfLaboratoryQuerySet
from oversight.fields import ExactDecimalField
from oversight.records import Record
from trial_site.models import Site
from trial_site.protocol import current


class Laboratory(Record):
    """Who measures: ranges, assays and the shape of its files are its own."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="laboratories")
    name = models.CharField(_("laboratory"), max_length=80)

    objects: ClassVar = LaboratoryQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        verbose_name = _("laboratory")
        verbose_name_plural = _("laboratories")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("site", "name"),
                name="laboratory_named_once",
                violation_error_message=_("This site has a laboratory of this name already"),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def audit_site_id(self) -> int:
        return self.site_id


class OfLaboratory(Record):
    """What belongs to a laboratory."""

    class Meta:
        abstract = True

    @property
    def audit_site_id(self) -> int:
        site: int = self.laboratory.site_id  # type: ignore[attr-defined]
        return site


class ReferenceRange(OfLaboratory):
    """What is normal, by this laboratory, from one day to another (both included).

    ``low`` or ``high`` may be missing, not both; an empty ``sex`` is a range for everybody.
    """

    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="ranges")
    analyte = models.CharField(_("analyte"), max_length=24)
    sex = models.CharField(
        _("sex"),
        max_length=8,
        blank=True,
        choices=[(Sex.FEMALE.value, _("Female")), (Sex.MALE.value, _("Male"))],
    )
    unit = models.CharField(_("unit"), max_length=24)
    low = ExactDecimalField(_("lower limit of normal"), null=True, blank=True)
    high = ExactDecimalField(_("upper limit of normal"), null=True, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    objects: ClassVar = OfLaboratoryQuerySet.as_manager()

    class Meta:
        ordering = ("analyte", "valid_from", "pk")
        verbose_name = _("reference range")
        verbose_name_plural = _("reference ranges")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(low=None, high=None),
                name="range_has_a_limit",
                violation_error_message=_("Enter at least one limit"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from__lte=F("valid_to")),
                name="range_days_in_order",
                violation_error_message=_("A range ends after it begins"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.laboratory} · {self.analyte} · {self.valid_from}"

    @property
    def analyte_name(self) -> str:
        return current().analyte(self.analyte).name

    def covers(self, day: dt.date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Assay(OfLaboratory):
    """How this laboratory measures an analyte, and what its numbers need to be understood.

    ``copies_per_iu`` turns IU/mL into copies/mL and stands nowhere without its source; the cut-offs
    read a serology.  Results keep the values that were in force, so that a change here alters none.
    """

    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="assays")
    analyte = models.CharField(_("analyte"), max_length=24)
    name = models.CharField(_("assay or kit"), max_length=60)
    unit = models.CharField(_("unit"), max_length=24)
    lod = ExactDecimalField(_("limit of detection"), null=True, blank=True)
    lloq = ExactDecimalField(_("lower limit of quantification"), null=True, blank=True)
    uloq = ExactDecimalField(_("upper limit of quantification"), null=True, blank=True)
    copies_per_iu = ExactDecimalField(_("copies per IU"), null=True, blank=True)
    factor_source = models.CharField(_("source of the factor"), max_length=200, blank=True)
    positive_from = ExactDecimalField(_("positive from"), null=True, blank=True)
    grey_from = ExactDecimalField(_("grey zone from"), null=True, blank=True)

    objects: ClassVar = OfLaboratoryQuerySet.as_manager()

    class Meta:
        ordering = ("analyte", "name", "pk")
        verbose_name = _("assay")
        verbose_name_plural = _("assays")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("laboratory", "analyte", "name"),
                name="assay_registered_once",
                violation_error_message=_("This assay is registered already"),
            ),
            models.CheckConstraint(
                condition=Q(copies_per_iu=None, factor_source="")
                | (~Q(copies_per_iu=None) & ~Q(factor_source="")),
                name="factor_has_a_source",
                violation_error_message=_("A factor and its source belong together"),
            ),
            models.CheckConstraint(
                condition=Q(grey_from=None) | ~Q(positive_from=None),
                name="grey_zone_below_positive",
                violation_error_message=_("A grey zone needs the value that is positive"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def analyte_name(self) -> str:
        return current().analyte(self.analyte).name
