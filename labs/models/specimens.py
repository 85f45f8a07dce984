"""Specimens: one tube of one participant."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant
from labs.models.laboratories import Laboratory
from labs.models.scope import LabQuerySet
from oversight.records import Record


class Specimen(Record):
    """``visit`` is the code of the visit that it was drawn for, empty between visits;
    ``unusable`` is why nothing can be measured in it; ``accession`` is the laboratory's number."""

    class Kind(models.TextChoices):
        PLASMA = "plasma", _("Plasma")
        WHOLE_BLOOD = "whole_blood", _("Whole blood")
        SERUM = "serum", _("Serum")
        PBMC = "pbmc", _("PBMC")

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="specimens")
    kind = models.CharField(_("specimen"), max_length=12, choices=Kind.choices)
    collected_at = models.DateTimeField(_("collected"))
    received_at = models.DateTimeField(_("received"), null=True, blank=True)
    laboratory = models.ForeignKey(
        Laboratory,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="specimens",
        verbose_name=_("laboratory"),
    )
    accession = models.CharField(_("laboratory number"), max_length=40, blank=True)
    visit = models.CharField(_("visit"), max_length=16, blank=True)
    unusable = models.CharField(_("why it cannot be used"), max_length=200, blank=True)

    objects: ClassVar = LabQuerySet.as_manager()

    class Meta:
        ordering = ("collected_at", "pk")
        verbose_name = _("specimen")
        verbose_name_plural = _("specimens")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(received_at=None) | Q(received_at__gte=F("collected_at")),
                name="specimen_received_after_collected",
                violation_error_message=_("Received must not be before collected"),
            )
        ]
        indexes: ClassVar = [models.Index(fields=("-collected_at", "-id"), name="specimen_latest")]

    def __str__(self) -> str:
        day = timezone.localdate(self.collected_at)
        return f"{self.participant} · {self.get_kind_display()} · {day}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id
