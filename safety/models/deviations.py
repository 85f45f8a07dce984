"""Departures from the protocol, and offers that somebody declined."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, Retractable, retracted_by_somebody
from oversight.records import Record
from safety.models.scope import SafetyQuerySet
from trial_site.models import User


class Deviation(Retractable):
    """One departure from the protocol.

    ``source`` is the rule and the row that offered it (``missed_dose:administration:12``), empty
    where somebody noticed it; ``evidence`` are the rule's words at that time.
    """

    class Severity(models.TextChoices):
        MINOR = "minor", _("Minor")
        MAJOR = "major", _("Major")

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="deviations"
    )
    kind = models.CharField(_("kind"), max_length=24)
    source = models.CharField(_("source"), max_length=64, blank=True)
    evidence = models.JSONField(_("evidence"), default=list, blank=True)
    description = models.TextField(_("what happened"), blank=True)
    occurred_on = models.DateField(_("occurred"))
    recorded_at = models.DateTimeField(_("recorded"))
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    severity = models.CharField(_("severity"), max_length=5, choices=Severity.choices)
    assessment = models.TextField(_("assessment"), blank=True)
    corrective_action = models.TextField(_("corrective and preventive action"), blank=True)
    assessed_at = models.DateTimeField(_("assessed"), null=True, blank=True)
    assessed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("occurred_on", "pk")
        verbose_name = _("protocol deviation")
        verbose_name_plural = _("protocol deviations")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("participant", "source"),
                condition=Q(retracted_at=None) & ~Q(source=""),
                name="one_deviation_a_source",
                violation_error_message=_("This deviation is recorded already"),
            ),
            models.CheckConstraint(
                condition=~Q(source="") | ~Q(description=""),
                name="deviation_says_what_happened",
                violation_error_message=_("Say what happened"),
            ),
            models.CheckConstraint(
                condition=Q(assessed_at=None, assessed_by=None)
                | (Q(assessed_at__isnull=False, assessed_by__isnull=False) & ~Q(assessment="")),
                name="deviation_assessed_by_somebody",
                violation_error_message=_("Enter the assessment"),
            ),
            retracted_by_somebody("deviation"),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.kind} · {self.occurred_on}"


class DeclinedOffer(Record):
    """Somebody decided that what a rule offered is no adverse event, or no deviation, and why."""

    immutable = True
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="declined_offers"
    )
    source = models.CharField(_("source"), max_length=64)
    why = models.TextField(_("why not"))
    declined_at = models.DateTimeField(_("declined"))
    declined_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = SafetyQuerySet.as_manager()

    class Meta:
        ordering = ("declined_at", "pk")
        verbose_name = _("declined offer")
        verbose_name_plural = _("declined offers")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("participant", "source"),
                name="offer_declined_once",
                violation_error_message=_("This was declined already"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.source}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id
