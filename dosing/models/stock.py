"""The site's stock of the trial's drugs: lots, and a ledger whose balance is never stored."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dosing.models.scope import DrugChoice, StockQuerySet, UnitChoice
from enrollment.models import Participant
from oversight.fields import ExactDecimalField
from oversight.records import Record
from trial_site.models import Site, User


class Lot(Record):
    """One lot of a product at a site.

    ``content`` is the amount of drug in one vial, in ``unit`` (mg; million IU); ``expires_on`` is
    the last day of use.  A recall is open until somebody says what became of who received the lot.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="lots")
    drug = models.CharField(_("drug"), max_length=12, choices=DrugChoice.choices)
    product = models.CharField(_("product"), max_length=80)
    number = models.CharField(_("lot"), max_length=40)
    content = ExactDecimalField(_("content of a vial"))
    unit = models.CharField(_("unit"), max_length=3, choices=UnitChoice.choices)
    diluent_ml = ExactDecimalField(_("volume after dissolving"), null=True, blank=True)
    expires_on = models.DateField(_("expiry"))
    storage = models.CharField(_("storage"), max_length=120)
    recalled_at = models.DateTimeField(_("recalled"), null=True, blank=True)
    recalled_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    recall_reason = models.TextField(_("why it was recalled"), blank=True)
    followed_up_at = models.DateTimeField(_("recall followed up"), null=True, blank=True)
    followed_up_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    follow_up = models.TextField(_("what was done for who received it"), blank=True)

    objects: ClassVar = StockQuerySet.as_manager()

    class Meta:
        ordering = ("drug", "expires_on", "number")
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("site", "drug", "number"),
                name="one_row_a_lot",
                violation_error_message=_("This lot is registered already"),
            ),
            models.CheckConstraint(
                condition=Q(recalled_at=None, recalled_by=None, recall_reason="")
                | (Q(recalled_at__isnull=False, recalled_by__isnull=False) & ~Q(recall_reason="")),
                name="lot_recalled_by_somebody_why",
                violation_error_message=_("Say why the lot is recalled"),
            ),
            models.CheckConstraint(
                condition=Q(followed_up_at=None, followed_up_by=None, follow_up="")
                | (
                    Q(
                        recalled_at__isnull=False,
                        followed_up_at__isnull=False,
                        followed_up_by__isnull=False,
                    )
                    & ~Q(follow_up="")
                ),
                name="recall_followed_up_by_somebody",
                violation_error_message=_("Say what was done for those who received it"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.number}"

    @property
    def audit_site_id(self) -> int:
        return self.site_id


class StockEntry(Record):
    """One movement of whole vials into (above 0) or out of (below 0) a lot.  Never changed.

    The balance is the sum.  What was entered wrongly is reversed by an entry of its own.  ``at`` is
    when the vials moved; the ledger reads in the order of its entries, which are made one at a time
    a lot.  ``participant`` is whose dose it was, or who returned the vials.
    """

    class Kind(models.TextChoices):
        RECEIVED = "received", _("Received")
        DISPENSED = "dispensed", _("Dispensed")
        RETURNED = "returned", _("Returned")
        WASTED = "wasted", _("Wasted")
        SENT_BACK = "sent_back", _("Sent back to the sponsor")
        COUNTED = "counted", _("Difference at a count")
        REVERSED = "reversed", _("Reversed")

    immutable = True
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="stock_entries")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(_("movement"), max_length=9, choices=Kind.choices)
    vials = models.IntegerField(_("vials"))
    at = models.DateTimeField(_("when"))
    participant = models.ForeignKey(
        Participant,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="stock_entries",
        verbose_name=_("participant"),
    )
    administration = models.ForeignKey(
        "dosing.Administration",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="stock_entries",
        verbose_name=_("administration"),
    )
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by"
    )
    why = models.TextField(_("why"), blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = StockQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        verbose_name = _("stock entry")
        verbose_name_plural = _("stock entries")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(vials=0) | Q(kind__in=("counted", "reversed")),
                name="stock_entry_moves_something",
                violation_error_message=_("Enter how many vials"),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("received", "returned"), vials__gt=0)
                | Q(kind__in=("dispensed", "wasted", "sent_back"), vials__lt=0)
                | Q(kind__in=("counted", "reversed")),
                name="stock_entry_goes_its_way",
            ),
            models.CheckConstraint(
                condition=Q(kind="reversed", reverses__isnull=False)
                | (~Q(kind="reversed") & Q(reverses=None)),
                name="stock_reversal_names_its_entry",
            ),
            models.CheckConstraint(
                condition=~Q(kind="dispensed")
                | Q(administration__isnull=False, participant__isnull=False),
                name="stock_dispensed_to_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lot} · {self.kind} · {self.vials:+d}"

    @property
    def audit_site_id(self) -> int:
        return self.site_id


class Discrepancy(Record):
    """The ledger and the shelf disagree, or more was taken than the ledger had: to be explained."""

    class Kind(models.TextChoices):
        COUNT = "count", _("The count differs from the ledger")
        NEGATIVE = "negative", _("More was taken than the ledger had")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="discrepancies")
    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="discrepancies")
    entry = models.OneToOneField(StockEntry, on_delete=models.PROTECT, related_name="discrepancy")
    kind = models.CharField(_("what"), max_length=8, choices=Kind.choices)
    ledger = models.IntegerField(_("vials by the ledger"))
    counted = models.IntegerField(_("vials counted"), null=True, blank=True)
    found_at = models.DateTimeField(_("found"))
    found_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    explanation = models.TextField(_("explanation"), blank=True)
    explained_at = models.DateTimeField(_("explained"), null=True, blank=True)
    explained_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = StockQuerySet.as_manager()

    class Meta:
        ordering = ("found_at", "pk")
        verbose_name = _("discrepancy")
        verbose_name_plural = _("discrepancies")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(explained_at=None, explained_by=None, explanation="")
                | (Q(explained_at__isnull=False, explained_by__isnull=False) & ~Q(explanation="")),
                name="discrepancy_explained_by_somebody",
                violation_error_message=_("Explain the difference"),
            ),
            models.CheckConstraint(
                condition=Q(kind="negative", counted=None) | Q(kind="count", counted__isnull=False),
                name="discrepancy_of_a_count_has_it",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lot} · {self.get_kind_display()}"

    @property
    def audit_site_id(self) -> int:
        return self.site_id
