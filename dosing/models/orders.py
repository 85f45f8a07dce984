"""What the investigator orders, holds and reviews, and the weights that it rests on."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dosing.models.scope import (
    CourseChoice,
    DosingQuerySet,
    DrugChoice,
    UnitChoice,
)
from enrollment.models import Participant, Retractable, retracted_by_somebody
from labs.models import Result
from oversight.fields import ExactDecimalField
from oversight.records import Record
from trial_site.models import User


class Order(Record):
    """What the investigator orders: a drug, an amount, how often, from when until when.

    ``basis`` keeps the steps of the proposal that it was made from, ``band`` the band of creatinine
    clearance that the proposal fell in; a result or weight of another band asks for a review.
    """

    class FrequencyChoice(models.TextChoices):
        EVERY_12_HOURS = "q12h", _("every 12 hours")
        EVERY_24_HOURS = "q24h", _("every 24 hours")
        THREE_TIMES_A_WEEK = "3x_week", _("three times a week, after haemodialysis")

    class PhaseChoice(models.TextChoices):
        INDUCTION = "induction", _("Induction")
        MAINTENANCE = "maintenance", _("Maintenance")

    class EndChoice(models.TextChoices):
        """An order that the investigator stops is no withdrawal: treatment goes on without it."""

        CHANGED = "changed", _("Changed")
        STOPPED = "stopped", _("Stopped")
        WITHDRAWN = "withdrawn", _("Drug withdrawal")
        RESCUE_ENDED = "rescue_ended", _("End of rescue treatment")

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="orders")
    drug = models.CharField(_("drug"), max_length=12, choices=DrugChoice.choices)
    course = models.CharField(
        _("course"), max_length=6, choices=CourseChoice.choices, default=CourseChoice.FIRST
    )
    phase = models.CharField(
        _("part of the course"), max_length=11, choices=PhaseChoice.choices, blank=True
    )
    amount = ExactDecimalField(_("amount"))
    unit = models.CharField(_("unit"), max_length=3, choices=UnitChoice.choices)
    frequency = models.CharField(_("how often"), max_length=7, choices=FrequencyChoice.choices)
    weight_kg = ExactDecimalField(_("weight"), null=True, blank=True)
    band = models.CharField(_("band of creatinine clearance"), max_length=12, blank=True)
    basis = models.JSONField(default=list, blank=True)
    departure_reason = models.TextField(_("why it differs from the proposal"), blank=True)
    starts_at = models.DateTimeField(_("first dose planned"))
    ends_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    ended_as = models.CharField(
        _("how it ended"), max_length=12, choices=EndChoice.choices, blank=True
    )
    end_reason = models.TextField(_("why it ended"), blank=True)
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
            models.CheckConstraint(
                condition=Q(ends_at=None, ended_as="", end_reason="")
                | (Q(ends_at__isnull=False) & ~Q(ended_as="")),
                name="order_end_says_how",
                violation_error_message=_("Say how the order ended"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.drug} · {self.amount} {self.unit}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id


class Hold(Record):
    """The investigator interrupts a drug without stopping its order, and later resumes it.

    ``result`` is what caused it, where a result did.  A result below the label's limits holds
    ganciclovir by itself, with or without such a row.
    """

    class Reason(models.TextChoices):
        RESULT = "result", _("Laboratory result")
        ADVERSE_EVENT = "adverse_event", _("Adverse event")
        OTHER = "other", _("Another reason")

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="holds")
    drug = models.CharField(_("drug"), max_length=12, choices=DrugChoice.choices)
    why = models.CharField(_("why"), max_length=13, choices=Reason.choices)
    note = models.TextField(_("explanation"), blank=True)
    result = models.ForeignKey(
        Result,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="holds",
        verbose_name=_("result"),
    )
    held_at = models.DateTimeField(_("held"))
    held_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    resumed_at = models.DateTimeField(_("resumed"), null=True, blank=True)
    resumed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    resumed_why = models.TextField(_("why it was resumed"), blank=True)

    objects: ClassVar = DosingQuerySet.as_manager()

    class Meta:
        ordering = ("held_at", "pk")
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("participant", "drug"),
                condition=Q(resumed_at=None),
                name="one_open_hold_a_drug",
                violation_error_message=_("This drug is held already"),
            ),
            models.CheckConstraint(
                condition=Q(resumed_at=None, resumed_by=None)
                | Q(resumed_at__gte=F("held_at"), resumed_by__isnull=False),
                name="hold_resumed_by_somebody_later",
                violation_error_message=_("A hold ends after it begins, by somebody"),
            ),
            models.CheckConstraint(
                condition=~Q(why="result") | Q(result__isnull=False),
                name="hold_on_a_result_names_it",
                violation_error_message=_("Choose the result that caused the hold"),
            ),
            models.CheckConstraint(
                condition=Q(why="result") | ~Q(note=""),
                name="hold_without_result_says_why",
                violation_error_message=_("Say why the drug is held"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.drug} · {timezone.localdate(self.held_at)}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id


class BodyWeight(Retractable):
    """A weight measured after screening; orders and their review use the latest."""

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="weights")
    kg = ExactDecimalField(_("weight"))
    measured_at = models.DateTimeField(_("measured"))
    warnings = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("measured_at", "pk")
        verbose_name = _("body weight")
        verbose_name_plural = _("body weights")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("participant", "measured_at"),
                condition=Q(retracted_at=None),
                name="one_weight_a_moment",
                violation_error_message=_("A weight of this moment is recorded already"),
            ),
            retracted_by_somebody("weight"),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.kg} kg · {timezone.localdate(self.measured_at)}"


class DoseReview(Record):
    """The investigator keeps an order although the clearance has moved to ``band``, and says why.

    ``steps`` are the computation that asked for the review.
    """

    immutable = True
    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="dose_reviews"
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="reviews")
    band = models.CharField(_("band of creatinine clearance"), max_length=12)
    steps = models.JSONField(default=list)
    why = models.TextField(_("why the order stays"))
    reviewed_at = models.DateTimeField(_("reviewed"))
    reviewed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = DosingQuerySet.as_manager()

    class Meta:
        ordering = ("reviewed_at", "pk")
        verbose_name = _("review of a dose")
        verbose_name_plural = _("reviews of doses")

    def __str__(self) -> str:
        return f"{self.order} · {self.band}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id


class Withdrawal(Record):
    """The investigator's signed decision to withdraw the drugs of the first course.

    ``findings`` are the sentences about CMV-DNA that it was made on.  The day that follow-up counts
    from is the participant's: the last ganciclovir given.
    """

    class Reason(models.TextChoices):
        CONVERTED = "converted", _("CMV-DNA is negative")
        COMPLETED = "completed", _("The planned course is complete")
        NO_RESPONSE = "no_response", _("No sufficient response, or another antiviral")
        ADVERSE_EVENT = "adverse_event", _("Adverse event or laboratory finding")
        WISH = "wish", _("The participant’s wish, consent stands")
        OTHER = "other", _("Another reason")

    immutable = True
    participant = models.OneToOneField(
        Participant, on_delete=models.PROTECT, related_name="drug_withdrawal"
    )
    why = models.CharField(_("why"), max_length=13, choices=Reason.choices)
    note = models.TextField(_("explanation"))
    findings = models.JSONField(default=list, blank=True)
    decided_at = models.DateTimeField(_("signed"))
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = DosingQuerySet.as_manager()

    class Meta:
        ordering = ("decided_at", "pk")
        verbose_name = _("drug withdrawal")
        verbose_name_plural = _("drug withdrawals")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(note=""),
                name="withdrawal_is_explained",
                violation_error_message=_("Say why the drugs are withdrawn"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.why} · {timezone.localdate(self.decided_at)}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id
