"""Results: one value each, as the laboratory printed it, and what was asked about it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant
from labs.models.imports import ImportFile
from labs.models.laboratories import Laboratory
from labs.models.scope import LabQuerySet, ResultStatus
from labs.models.specimens import Specimen
from labs.rules.numbers import half_up
from labs.rules.pcr import PcrValue, printed_text, result_text
from oversight.fields import ExactDecimalField
from oversight.records import Record
from trial_site.messages import Message
from trial_site.protocol import current

COMPUTED_PLACES = 2  # to read: no count of cells is known better
LONG = 48  # digits of a value computed from a logarithm


class Result(Record):
    """One value as the laboratory printed it: operator, digits and unit, never a stand-in.

    ``canonical_value`` is the same value in ``canonical_unit``, the analyte's own; limits are in
    the unit entered.  ``factor`` is what the assay declared to turn IU into copies.  ``replicates``
    are the readings that the value is the mean of; ``note`` says why nothing could be evaluated.
    """

    class Operator(models.TextChoices):
        EQUAL = "=", _("=")
        BELOW = "<", _("<")
        ABOVE = ">", _(">")
        NOT_DETECTED = "ND", _("not detected")
        NOT_EVALUABLE = "NE", _("not evaluable")

    class Source(models.TextChoices):
        TYPED = "typed", _("Typed in")
        FILE = "file", _("From a file")
        COMPUTED = "computed", _("Computed from other results")

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="results")
    specimen = models.ForeignKey(Specimen, on_delete=models.PROTECT, related_name="results")
    analyte = models.CharField(_("analyte"), max_length=24)
    operator = models.CharField(max_length=2, choices=Operator.choices, default=Operator.EQUAL)
    value = ExactDecimalField(_("value"), null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=24)
    canonical_value = ExactDecimalField(null=True, blank=True, max_length=LONG)
    canonical_unit = models.CharField(max_length=24, blank=True)
    factor = ExactDecimalField(_("copies per IU"), null=True, blank=True)
    factor_source = models.CharField(_("source of the factor"), max_length=200, blank=True)
    laboratory = models.ForeignKey(
        Laboratory,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="results",
        verbose_name=_("laboratory"),
    )
    assay = models.CharField(_("assay"), max_length=60, blank=True)
    kit_lot = models.CharField(_("kit lot"), max_length=40, blank=True)
    positive_from = ExactDecimalField(_("positive from"), null=True, blank=True)
    grey_from = ExactDecimalField(_("grey zone from"), null=True, blank=True)
    replicates = models.JSONField(_("replicates"), default=list, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    lloq = ExactDecimalField(_("lower limit of quantification"), null=True, blank=True)
    lod = ExactDecimalField(_("limit of detection"), null=True, blank=True)
    uloq = ExactDecimalField(_("upper limit of quantification"), null=True, blank=True)
    lln = ExactDecimalField(_("lower limit of normal"), null=True, blank=True)
    uln = ExactDecimalField(_("upper limit of normal"), null=True, blank=True)
    grade = models.PositiveSmallIntegerField(_("CTCAE grade"), null=True, blank=True)
    remarks = models.JSONField(default=list, blank=True)
    confirmed_checks = models.JSONField(default=list, blank=True)
    status = models.CharField(
        _("status"), max_length=11, choices=ResultStatus.choices, default=ResultStatus.FINAL
    )
    source = models.CharField(
        _("source"), max_length=8, choices=Source.choices, default=Source.TYPED
    )
    import_file = models.ForeignKey(
        ImportFile,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="results",
        verbose_name=_("file"),
    )
    import_row = models.PositiveIntegerField(_("row"), null=True, blank=True)
    form_key = models.UUIDField(null=True, blank=True, editable=False)
    collected_at = models.DateTimeField(_("collected"))

    objects: ClassVar = LabQuerySet.as_manager()

    class Meta:
        ordering = ("collected_at", "pk")
        verbose_name = _("result")
        verbose_name_plural = _("results")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(operator__in=("ND", "NE"), value=None)
                | (~Q(operator__in=("ND", "NE")) & ~Q(value=None)),
                name="result_value_or_not_detected",
                violation_error_message=_("Enter a number, or choose not detected"),
            ),
            models.CheckConstraint(
                condition=~Q(operator="NE") | ~Q(note=""),
                name="not_evaluable_says_why",
                violation_error_message=_("Say why it could not be evaluated"),
            ),
            models.CheckConstraint(
                condition=Q(factor=None, factor_source="")
                | (~Q(factor=None) & ~Q(factor_source="")),
                name="result_factor_has_a_source",
                violation_error_message=_("A factor and its source belong together"),
            ),
            models.CheckConstraint(
                condition=Q(import_file=None, import_row=None)
                | (~Q(import_file=None) & ~Q(import_row=None)),
                name="result_of_a_file_has_its_row",
            ),
            models.CheckConstraint(
                condition=~Q(unit=""),
                name="result_has_a_unit",
                violation_error_message=_("A value without its unit means nothing"),
            ),
            models.UniqueConstraint(
                fields=("specimen", "analyte"),
                condition=~Q(status="in_error"),
                name="one_result_a_specimen_and_analyte",
                violation_error_message=_("This specimen has a result of this analyte already"),
            ),
            models.UniqueConstraint(
                fields=("import_file", "import_row", "analyte"),
                name="one_result_a_row_and_analyte",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("participant", "analyte", "collected_at"), name="result_course")
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.analyte} · {timezone.localdate(self.collected_at)}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id

    @property
    def analyte_name(self) -> str:
        """The protocol's name of the analyte, to be translated where it is shown."""
        return current().analyte(self.analyte).name

    @property
    def pcr(self) -> PcrValue:
        """The value as the PCR rules read it."""
        return PcrValue(
            operator=self.operator,
            value=self.value,
            unit=self.unit,
            lloq=self.lloq,
            lod=self.lod,
            uloq=self.uloq,
            factor=self.factor,
        )

    @property
    def text(self) -> Message:
        """The value to read, with its unit; a computed one to two places, its steps are exact."""
        value = self.value
        if self.is_computed and value is not None:
            value = half_up(value, COMPUTED_PLACES)
        return result_text(self.operator, value, self.unit)

    @property
    def printed(self) -> str:
        """The value as a form shows it again, digit for digit and without its unit."""
        return printed_text(self.operator, self.value)

    @property
    def is_computed(self) -> bool:
        return self.source == self.Source.COMPUTED
