"""Files that a laboratory sends: how they are read, what they hold, what became of each row."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from labs.models.laboratories import Laboratory, OfLaboratory
from labs.models.scope import OfLaboratoryQuerySet
from trial_site.models import User


class ColumnMapping(OfLaboratory):
    """What the columns of a laboratory's files mean (``labs.rules.mapping``), by its name."""

    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="mappings")
    name = models.CharField(_("mapping"), max_length=60)
    definition = models.JSONField(default=dict)

    objects: ClassVar = OfLaboratoryQuerySet.as_manager()

    class Meta:
        ordering = ("name", "pk")
        verbose_name = _("column mapping")
        verbose_name_plural = _("column mappings")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("laboratory", "name"),
                name="mapping_named_once",
                violation_error_message=_("This laboratory has a mapping of this name already"),
            )
        ]

    def __str__(self) -> str:
        return self.name


class ImportFile(OfLaboratory):
    """One file, told by its hash.  Its rows become results only after it is confirmed.

    ``definition`` is the mapping as it was when the file was confirmed; ``takes_doubtful`` says
    that the values outside soft limits were confirmed as printed.
    """

    class Status(models.TextChoices):
        UPLOADED = "uploaded", _("To be checked")
        CONFIRMED = "confirmed", _("Being imported")
        DONE = "done", _("Imported")
        DISCARDED = "discarded", _("Discarded")

    laboratory = models.ForeignKey(Laboratory, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField(_("bytes"))
    row_count = models.PositiveIntegerField(_("rows"))
    mapping = models.ForeignKey(
        ColumnMapping, null=True, blank=True, on_delete=models.PROTECT, related_name="files"
    )
    definition = models.JSONField(default=dict, blank=True)
    takes_doubtful = models.BooleanField(default=False)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.UPLOADED
    )
    uploaded_at = models.DateTimeField(_("uploaded"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar = OfLaboratoryQuerySet.as_manager()

    class Meta:
        ordering = ("-uploaded_at", "-pk")
        verbose_name = _("import file")
        verbose_name_plural = _("import files")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("laboratory", "sha256"),
                condition=~Q(status="discarded"),
                name="file_taken_once",
                violation_error_message=_("This very file is here already"),
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by=None)
                | (~Q(confirmed_at=None) & ~Q(confirmed_by=None)),
                name="import_confirmed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AppendOnlyRow(models.Model):
    """Written once with what it tells of, and never changed: no history of its own."""

    class Meta:
        abstract = True

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("Nothing is deleted")


class ImportContent(AppendOnlyRow):
    """The bytes of a file, for workers on any machine; ``ImportFile.sha256`` vouches for them."""

    file = models.OneToOneField(ImportFile, on_delete=models.PROTECT, related_name="content")
    data = models.BinaryField()

    def __str__(self) -> str:
        return str(self.file)


class ImportRow(AppendOnlyRow):
    """What became of one row, written in the transaction that wrote its results.

    After a kill the import goes on behind the last of these.  ``reasons`` are messages of rules.
    """

    class Outcome(models.TextChoices):
        WRITTEN = "written", _("Imported")
        UNCHANGED = "unchanged", _("Here already")
        REFUSED = "refused", _("Refused")
        LEFT_OUT = "left_out", _("Left out by the mapping")

    file = models.ForeignKey(ImportFile, on_delete=models.PROTECT, related_name="rows")
    number = models.PositiveIntegerField(_("row"))
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome.choices)
    reasons = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("file", "number")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("file", "number"), name="one_outcome_a_row")
        ]

    def __str__(self) -> str:
        return f"{self.file} · {self.number}"
