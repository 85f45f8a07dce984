"""What was given or not given, and how the participant bore it."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dosing.models.orders import Order
from dosing.models.scope import (
    CourseChoice,
    DrugChoice,
    UnitChoice,
)
from dosing.models.stock import Lot
from enrollment.models import Participant, Retractable, retracted_by_somebody
from oversight.fields import ExactDecimalField
from trial_site.protocol.definition import Frequency


class Administration(Retractable):
    """What happened at one planned slot: given, given in part, or not given.  One a slot.

    A dose that no order planned has no ``order``, and its ``slot_at`` is the time it was given.
    ``lot`` is the site's own; what a label said of a lot that is not in stock is kept beside it.
    ``queued_at`` is when the browser took the entry while it had no connection.
    """

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
    order = models.ForeignKey(
        Order, null=True, blank=True, on_delete=models.PROTECT, related_name="administrations"
    )
    drug = models.CharField(_("drug"), max_length=12, choices=DrugChoice.choices)
    course = models.CharField(
        _("course"), max_length=6, choices=CourseChoice.choices, default=CourseChoice.FIRST
    )
    slot_at = models.DateTimeField(_("planned"))
    status = models.CharField(_("what happened"), max_length=9, choices=Status.choices)
    amount = ExactDecimalField(_("amount given"))
    unit = models.CharField(_("unit"), max_length=3, choices=UnitChoice.choices)
    given_at = models.DateTimeField(_("given at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("infusion ended"), null=True, blank=True)
    volume_ml = ExactDecimalField(_("volume"), null=True, blank=True)
    injection_site = models.CharField(_("injection site"), max_length=16, blank=True)
    lot = models.ForeignKey(
        Lot,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="administrations",
        verbose_name=_("lot"),
    )
    lot_number = models.CharField(_("lot"), max_length=40, blank=True)
    product = models.CharField(_("product"), max_length=80, blank=True)
    expires_on = models.DateField(_("expiry"), null=True, blank=True)
    vials = models.PositiveSmallIntegerField(_("vials used"), null=True, blank=True)
    why = models.CharField(_("why"), max_length=16, choices=Reason.choices, blank=True)
    note = models.TextField(_("note"), blank=True)
    late_reason = models.TextField(_("why it is recorded late"), blank=True)
    queued_at = models.DateTimeField(_("entered without a connection"), null=True, blank=True)
    warnings = models.JSONField(default=list, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        ordering = ("slot_at", "pk")
        verbose_name = _("administration")
        verbose_name_plural = _("administrations")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("participant", "drug", "slot_at"),
                condition=Q(retracted_at=None),
                name="one_administration_a_slot",
                violation_error_message=_("This dose is recorded already"),
            ),
            models.CheckConstraint(
                condition=Q(status="not_given", given_at=None, ended_at=None)
                | (~Q(status="not_given") & Q(given_at__isnull=False)),
                name="administration_given_has_a_time",
                violation_error_message=_("A dose that was given has a time"),
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("given_at")),
                name="infusion_ends_after_it_begins",
                violation_error_message=_("An infusion ends after it begins"),
            ),
            models.CheckConstraint(
                condition=Q(status="given") | ~Q(why=""),
                name="administration_less_has_a_reason",
                violation_error_message=_("Say why the dose was not given in full"),
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=False) | ~Q(status="not_given"),
                name="administration_not_given_was_ordered",
                violation_error_message=_("Only an ordered dose can be left out"),
            ),
            retracted_by_somebody("administration"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("participant", "slot_at"), name="administration_course")
        ]

    def __str__(self) -> str:
        return (
            f"{self.participant} · {self.drug} · {timezone.localtime(self.slot_at):%Y-%m-%d %H:%M}"
        )

    @property
    def delivered(self) -> bool:
        return self.status != self.Status.NOT_GIVEN

    @property
    def delivered_at(self) -> dt.datetime:
        """When a dose that was given was given.  Raises ``ValueError`` for one that was not."""
        if self.given_at is None:
            raise ValueError(f"{self} was not given")
        return self.given_at

    @property
    def was_planned(self) -> bool:
        return self.order_id is not None

    @property
    def has_own_time(self) -> bool:
        """Whether no slot was planned for it: nobody ordered it, or its order has no clock."""
        return self.order is None or self.order.frequency == Frequency.THREE_TIMES_A_WEEK

    @property
    def lot_text(self) -> str:
        """The number of its lot, in stock or as it was typed."""
        return self.lot.number if self.lot else self.lot_number


class VitalSigns(Retractable):
    """Vital signs before or after a dose; what was not measured is empty."""

    class Timing(models.TextChoices):
        BEFORE = "before", _("Before the dose")
        AFTER = "after", _("After the dose")

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="vital_signs"
    )
    administration = models.ForeignKey(
        Administration, on_delete=models.PROTECT, related_name="vital_signs"
    )
    timing = models.CharField(_("when"), max_length=6, choices=Timing.choices)
    measured_at = models.DateTimeField(_("measured"))
    temperature = ExactDecimalField(_("temperature"), null=True, blank=True)
    systolic = models.PositiveSmallIntegerField(_("systolic pressure"), null=True, blank=True)
    diastolic = models.PositiveSmallIntegerField(_("diastolic pressure"), null=True, blank=True)
    pulse = models.PositiveSmallIntegerField(_("pulse"), null=True, blank=True)
    spo2 = models.PositiveSmallIntegerField(_("oxygen saturation"), null=True, blank=True)
    warnings = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("measured_at", "pk")
        verbose_name = _("vital signs")
        verbose_name_plural = _("vital signs")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(temperature__isnull=False)
                | Q(systolic__isnull=False)
                | Q(pulse__isnull=False)
                | Q(spo2__isnull=False),
                name="vital_signs_measured_something",
                violation_error_message=_("Enter at least one vital sign"),
            ),
            models.CheckConstraint(
                condition=Q(systolic=None, diastolic=None) | Q(systolic__gt=F("diastolic")),
                name="vital_signs_pressure_is_a_pair",
                violation_error_message=_("Blood pressure is two numbers, the higher one first"),
            ),
            retracted_by_somebody("vital_signs"),
        ]

    def __str__(self) -> str:
        return f"{self.administration} · {self.get_timing_display()}"


class Reaction(Retractable):
    """How a participant reacted to a dose; whether it is an adverse event is decided above."""

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="reactions")
    administration = models.ForeignKey(
        Administration, on_delete=models.PROTECT, related_name="reactions"
    )
    kind = models.CharField(_("reaction"), max_length=24)
    diameter_mm = ExactDecimalField(_("diameter"), null=True, blank=True)
    onset_at = models.DateTimeField(_("began"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    grade = models.PositiveSmallIntegerField(_("CTCAE grade"))
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ("onset_at", "pk")
        verbose_name = _("reaction")
        verbose_name_plural = _("reactions")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("onset_at")),
                name="reaction_ends_after_it_begins",
                violation_error_message=_("A reaction ends after it begins"),
            ),
            models.CheckConstraint(
                condition=Q(grade__gte=1, grade__lte=5),
                name="reaction_grade_is_a_grade",
                violation_error_message=_("A grade is 1 to 5"),
            ),
            retracted_by_somebody("reaction"),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.kind} · {timezone.localdate(self.onset_at)}"
