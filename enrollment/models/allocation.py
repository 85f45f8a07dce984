"""The trial's plan of allocation, the sealed lists, and the receipt of each allocation."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.participant import Participant
from oversight.records import Record
from trial_site.models import User
from trial_site.protocol.definition import AllocationMode

MODES = ((AllocationMode.RANDOMISED, _("Randomised")), (AllocationMode.ASSIGNED, _("Assigned")))


class AllocationPlan(Record):
    """How this trial allocates: one row.  Fixed with the first allocation, but for its closing.

    ``factor`` is the code of the one stratification factor, empty for none.  Once closed, nobody is
    allocated any more, and the lists may be published.
    """

    mode = models.CharField(_("mode"), max_length=12, choices=MODES)
    factor = models.CharField(_("stratified by"), max_length=16, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    closed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    singleton = models.BooleanField(default=True, unique=True, editable=False)

    class Meta:
        verbose_name = _("plan of allocation")
        verbose_name_plural = _("plans of allocation")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(singleton=True),
                name="one_allocation_plan",
                violation_error_message=_("A trial has one plan of allocation"),
            ),
            models.CheckConstraint(
                condition=Q(closed_at=None, closed_by=None)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="allocation_closed_at_by",
                violation_error_message=_("Closing has a time and a person"),
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_mode_display())


class AllocationList(models.Model):
    """A sealed list, one a stratum.  Its hash is published before the first slot is used.

    ``sealed_file`` is encrypted JSON: ``csv``, whose hash is ``sha256``, and the ``seed`` it came
    from, empty for an imported list.
    """

    class Source(models.TextChoices):
        GENERATED = "generated", _("Generated here")
        IMPORTED = "imported", _("Imported")

    label = models.CharField(max_length=64, unique=True)
    stratum = models.CharField(max_length=16)
    source = models.CharField(max_length=9, choices=Source.choices)
    sha256 = models.CharField(max_length=64)
    sealed_file = models.TextField()
    length = models.PositiveIntegerField()
    generated_at = models.DateTimeField()
    generated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ("pk",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("stratum",), name="one_list_a_stratum")
        ]

    def __str__(self) -> str:
        return self.label


class AllocationSlot(models.Model):
    """One sealed place of the list.  Nobody reads it before its turn, and it never changes."""

    list = models.ForeignKey(AllocationList, on_delete=models.PROTECT, related_name="slots")
    sequence = models.PositiveIntegerField()
    sealed_arm = models.TextField()

    class Meta:
        ordering = ("list", "sequence")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("list", "sequence"), name="one_slot_a_place")
        ]

    def __str__(self) -> str:
        return f"{self.list} #{self.sequence}"


class Allocation(Record):
    """The receipt of one allocation.  Written once, never undone.

    Randomised it names a slot of a sealed list; assigned it names the investigator's reason.
    """

    immutable = True
    participant = models.OneToOneField(
        Participant, on_delete=models.PROTECT, related_name="allocation"
    )
    slot = models.OneToOneField(
        AllocationSlot,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="allocation",
    )
    arm = models.CharField(_("arm"), max_length=16)
    mode = models.CharField(_("mode"), max_length=12, choices=MODES)
    reason = models.TextField(_("reason"), blank=True)
    allocated_at = models.DateTimeField(_("allocated"))
    allocated_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    eligibility_digest = models.CharField(_("eligibility"), max_length=64)
    protocol_version = models.CharField(_("protocol version"), max_length=16)

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(mode="randomised", slot__isnull=False, reason="")
                | (Q(mode="assigned", slot=None) & ~Q(reason="")),
                name="allocation_from_slot_or_reason",
                violation_error_message=_(
                    "A randomised allocation has a place of the list, an assigned one a reason"
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.arm}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id


class AllocationError(Record):
    """A note that an allocation was made in error.  The allocation itself stands."""

    immutable = True
    participant = models.OneToOneField(
        Participant, on_delete=models.PROTECT, related_name="allocation_error"
    )
    what = models.TextField(_("what was wrong"))
    noted_at = models.DateTimeField(_("noted"))
    noted_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("allocation in error")
        verbose_name_plural = _("allocations in error")

    def __str__(self) -> str:
        return str(self.participant)

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id
