"""What else a participant takes, and what they had before."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, Retractable, retracted_by_somebody
from oversight.fields import ExactDecimalField
from trial_site.models import User


class ConcomitantMedication(Retractable):
    """A medicine beside the trial's drugs.

    ``agent`` is a corticosteroid of the protocol's table, whose dose is ``amount`` mg a day, every
    ``every_days`` days; ``interactions`` are the warnings that the name raised when it was saved.
    """

    class Route(models.TextChoices):
        ORAL = "oral", _("By mouth")
        IV = "iv", _("Intravenous")
        SC = "sc", _("Subcutaneous")
        IM = "im", _("Intramuscular")
        TOPICAL = "topical", _("Topical")
        INHALED = "inhaled", _("Inhaled")
        INTRA_ARTICULAR = "intra_articular", _("Intra-articular")
        OTHER = "other", _("Another way")

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="concomitant_medications"
    )
    name = models.CharField(_("medicine"), max_length=120)
    agent = models.CharField(_("corticosteroid"), max_length=24, blank=True)
    amount = ExactDecimalField(_("dose"), null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=16, blank=True)
    frequency = models.CharField(_("how often"), max_length=60, blank=True)
    every_days = models.PositiveSmallIntegerField(_("every so many days"), null=True, blank=True)
    route = models.CharField(_("route"), max_length=15, choices=Route.choices)
    indication = models.CharField(_("indication"), max_length=120)
    started_on = models.DateField(_("started"), null=True, blank=True)
    started_before = models.BooleanField(_("started before the trial, day unknown"), default=False)
    ended_on = models.DateField(_("ended"), null=True, blank=True)
    interactions = models.JSONField(_("warnings"), default=list, blank=True)
    note = models.TextField(_("note"), blank=True)
    recorded_at = models.DateTimeField(_("recorded"))
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = (F("started_on").asc(nulls_first=True), "pk")
        verbose_name = _("concomitant medication")
        verbose_name_plural = _("concomitant medications")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(started_on__isnull=False, started_before=False)
                | Q(started_on=None, started_before=True),
                name="medication_has_a_start",
                violation_error_message=_("Enter when it started, or that it was before the trial"),
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(started_on=None) | Q(ended_on__gte=F("started_on")),
                name="medication_ends_after_it_starts",
                violation_error_message=_("A medicine ends after it starts"),
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | ~Q(unit=""),
                name="medication_dose_has_a_unit",
                violation_error_message=_("A dose without its unit means nothing"),
            ),
            models.CheckConstraint(
                condition=Q(agent="")
                | Q(amount__isnull=False, unit="mg", every_days__isnull=False),
                name="medication_corticosteroid_has_a_dose",
                violation_error_message=_("Enter the corticosteroid's daily dose in mg"),
            ),
            retracted_by_somebody("medication"),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.name}"


class MedicalHistory(Retractable):
    """A disease or operation from before the trial."""

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="medical_history"
    )
    term = models.CharField(_("disease or operation"), max_length=120)
    meddra_code = models.CharField(_("MedDRA code"), max_length=12, blank=True)
    began_on = models.DateField(_("began"), null=True, blank=True)
    ended_on = models.DateField(_("ended"), null=True, blank=True)
    is_ongoing = models.BooleanField(_("still present"), default=False)
    note = models.TextField(_("note"), blank=True)
    recorded_at = models.DateTimeField(_("recorded"))
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = (F("began_on").asc(nulls_first=True), "pk")
        verbose_name = _("medical history")
        verbose_name_plural = _("medical history")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ended_on=None)
                | (Q(is_ongoing=False) & (Q(began_on=None) | Q(ended_on__gte=F("began_on")))),
                name="history_ends_after_it_begins",
                violation_error_message=_("What is still present has not ended"),
            ),
            retracted_by_somebody("history"),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.term}"
