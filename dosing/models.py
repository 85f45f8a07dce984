"""Orders, and the administrations that were given against them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, at_sites_of
from oversight.fields import ExactDecimalField
from oversight.records import Record, RecordQuerySet
from trial_site.models import User


class DrugChoice(models.TextChoices):
    IL2 = "il2", _("Interleukin-2")
    GANCICLOVIR = "ganciclovir", _("Ganciclovir")


class UnitChoice(models.TextChoices):
    MG = "mg", _("mg")
    MIU = "MIU", _("million IU")


class DosingQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> DosingQuerySet:
        return at_sites_of(self, user, "participant__site")


class Order(Record):
    """What the investigator orders: a drug, an amount, how often, from when until when.

    ``basis`` keeps the steps of the proposal that it was made from.
    """

    class FrequencyChoice(models.TextChoices):
        EVERY_12_HOURS = "q12h", _("every 12 hours")
        EVERY_24_HOURS = "q24h", _("every 24 hours")

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="orders")
    drug = models.CharField(_("drug"), max_length=12, choices=DrugChoice.choices)
    amount = ExactDecimalField(_("amount"))
    unit = models.CharField(_("unit"), max_length=3, choices=UnitChoice.choices)
    frequency = models.CharField(_("how often"), max_length=4, choices=FrequencyChoice.choices)
    weight_kg = ExactDecimalField(_("weight"), null=True, blank=True)
    basis = models.JSONField(default=list, blank=True)
    departure_reason = models.TextField(_("why it differs from the proposal"), blank=True)
    starts_at = models.DateTimeField(_("first dose planned"))
    ends_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    ordered_at = models.DateTimeField(_("ordered"))
    ordered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = DosingQuerySet.as_manager()

    class Meta:
        ordering = ("starts_at", "pk")
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("participant", "drug"),
                condition=Q(ends_at=None),
                name="one_open_order_a_drug",
                violation_error_message=_("This drug is ordered already; stop that order first"),
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=F("starts_at")),
                name="order_ends_after_it_starts",
                violation_error_message=_("An order ends after it starts"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.drug} · {self.amount} {self.unit}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id


class Administration(Record):
    """What happened at one planned slot: given, given in part, or not given.  One a slot."""

    class Status(models.TextChoices):
        GIVEN = "given", _("Given")
        PARTIAL = "partial", _("Given in part")
        NOT_GIVEN = "not_given", _("Not given")

    class Reason(models.TextChoices):
        ADVERSE_EVENT = "adverse_event", _("Adverse event")
        LAB_HOLD = "lab_hold", _("Held on a laboratory result")
        REFUSAL = "refusal", _("Participant refused")
        ABSENT = "absent", _("Participant absent")
        SUPPLY = "supply", _("Drug not available")
        ERROR = "error", _("Error")
        STOPPED = "stopped", _("Stopped by the investigator")

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="administrations"
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="administrations")
    drug = models.CharField(_("drug"), max_length=12, choices=DrugChoice.choices)
    slot_at = models.DateTimeField(_("planned"))
    status = models.CharField(_("what happened"), max_length=9, choices=Status.choices)
    amount = ExactDecimalField(_("amount given"))
    unit = models.CharField(_("unit"), max_length=3, choices=UnitChoice.choices)
    given_at = models.DateTimeField(_("given at"), null=True, blank=True)
    injection_site = models.CharField(_("injection site"), max_length=16, blank=True)
    why = models.CharField(_("why"), max_length=16, choices=Reason.choices, blank=True)
    note = models.TextField(_("note"), blank=True)
    warnings = models.JSONField(default=list, blank=True)

    objects: ClassVar = DosingQuerySet.as_manager()

    class Meta:
        ordering = ("slot_at", "pk")
        verbose_name = _("administration")
        verbose_name_plural = _("administrations")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("participant", "drug", "slot_at"),
                name="one_administration_a_slot",
                violation_error_message=_("This dose is recorded already"),
            ),
            models.CheckConstraint(
                condition=Q(status="not_given", given_at=None)
                | (~Q(status="not_given") & Q(given_at__isnull=False)),
                name="administration_given_has_a_time",
                violation_error_message=_("A dose that was given has a time"),
            ),
            models.CheckConstraint(
                condition=Q(status="given") | ~Q(why=""),
                name="administration_less_has_a_reason",
                violation_error_message=_("Say why the dose was not given in full"),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("participant", "slot_at"), name="administration_course")
        ]

    def __str__(self) -> str:
        return (
            f"{self.participant} · {self.drug} · {timezone.localtime(self.slot_at):%Y-%m-%d %H:%M}"
        )

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id

    @property
    def delivered(self) -> bool:
        return self.status != self.Status.NOT_GIVEN
