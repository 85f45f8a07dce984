"""Specimens, results with their qualifiers, and flow-cytometry cytotoxicity assays."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, at_sites_of
from labs.rules.pcr import PcrValue, printed_text
from labs.rules.wells import Well
from oversight.fields import ExactDecimalField
from oversight.records import Record, RecordQuerySet
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current


class LabQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> LabQuerySet:
        return at_sites_of(self, user, "participant__site")

    def in_force(self) -> LabQuerySet:
        return self.exclude(status=ResultStatus.IN_ERROR)


class ResultStatus(models.TextChoices):
    FINAL = "final", _("Final")
    CORRECTED = "corrected", _("Corrected")
    IN_ERROR = "in_error", _("Entered in error")


class Specimen(Record):
    class Kind(models.TextChoices):
        PLASMA = "plasma", _("Plasma")
        WHOLE_BLOOD = "whole_blood", _("Whole blood")
        SERUM = "serum", _("Serum")
        PBMC = "pbmc", _("PBMC")

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="specimens")
    kind = models.CharField(_("specimen"), max_length=12, choices=Kind.choices)
    collected_at = models.DateTimeField(_("collected"))
    received_at = models.DateTimeField(_("received"), null=True, blank=True)

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


class Result(Record):
    """One value as the laboratory printed it: operator, digits and unit, never a stand-in.

    ``canonical_value`` is the same value in the analyte's own unit; limits are in the unit entered.
    """

    class Operator(models.TextChoices):
        EQUAL = "=", _("=")
        BELOW = "<", _("<")
        ABOVE = ">", _(">")
        NOT_DETECTED = "ND", _("not detected")

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="results")
    specimen = models.ForeignKey(Specimen, on_delete=models.PROTECT, related_name="results")
    analyte = models.CharField(_("analyte"), max_length=24)
    operator = models.CharField(max_length=2, choices=Operator.choices, default=Operator.EQUAL)
    value = ExactDecimalField(_("value"), null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=16)
    canonical_value = ExactDecimalField(null=True, blank=True)
    assay = models.CharField(_("assay"), max_length=60, blank=True)
    lloq = ExactDecimalField(_("lower limit of quantification"), null=True, blank=True)
    lod = ExactDecimalField(_("limit of detection"), null=True, blank=True)
    uloq = ExactDecimalField(_("upper limit of quantification"), null=True, blank=True)
    lln = ExactDecimalField(_("lower limit of normal"), null=True, blank=True)
    uln = ExactDecimalField(_("upper limit of normal"), null=True, blank=True)
    grade = models.PositiveSmallIntegerField(_("CTCAE grade"), null=True, blank=True)
    remarks = models.JSONField(default=list, blank=True)
    confirmed_checks = models.JSONField(default=list, blank=True)
    status = models.CharField(
        _("status"), max_length=9, choices=ResultStatus.choices, default=ResultStatus.FINAL
    )
    collected_at = models.DateTimeField(_("collected"))

    objects: ClassVar = LabQuerySet.as_manager()

    class Meta:
        ordering = ("collected_at", "pk")
        verbose_name = _("result")
        verbose_name_plural = _("results")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(operator="ND", value=None) | (~Q(operator="ND") & ~Q(value=None)),
                name="result_value_or_not_detected",
                violation_error_message=_("Enter a number, or choose not detected"),
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
        )

    @property
    def text(self) -> Message:
        """The value to read, with its unit."""
        return self.pcr.text

    @property
    def printed(self) -> str:
        """The value as a form shows it again, digit for digit and without its unit."""
        return printed_text(self.operator, self.value)


class CytotoxicityAssay(Record):
    """One plate: NK cells against dyed targets, read by flow cytometry.

    ``wells`` holds every well as typed; ``lysis`` is the protocol's formula at the protocol's
    ratio, in percent, computed from them and kept to twelve places.
    """

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="cytotoxicity_assays"
    )
    specimen = models.OneToOneField(
        Specimen, on_delete=models.PROTECT, related_name="cytotoxicity_assay"
    )
    effectors = models.CharField(_("effector cells"), max_length=16)
    wells = models.JSONField(_("wells"))
    formula = models.CharField(_("formula"), max_length=1)
    et_ratio = ExactDecimalField(_("E:T ratio"))
    lysis = ExactDecimalField(_("specific lysis"), null=True, blank=True)
    remarks = models.JSONField(default=list, blank=True)
    protocol_version = models.CharField(_("protocol version"), max_length=16)
    status = models.CharField(
        _("status"), max_length=9, choices=ResultStatus.choices, default=ResultStatus.FINAL
    )
    collected_at = models.DateTimeField(_("collected"))

    objects: ClassVar = LabQuerySet.as_manager()

    class Meta:
        ordering = ("collected_at", "pk")
        verbose_name = _("NK cytotoxicity assay")
        verbose_name_plural = _("NK cytotoxicity assays")

    def __str__(self) -> str:
        return f"{self.participant} · NK · {timezone.localdate(self.collected_at)}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id

    @property
    def messages(self) -> list[Message]:
        """What the rules remarked when the plate was saved."""
        return [Message.from_json(remark) for remark in self.remarks]

    @property
    def typed_wells(self) -> tuple[Well, ...]:
        return tuple(_well(data) for data in self.wells)


def _well(data: dict[str, Any]) -> Well:
    return Well(
        kind=data["kind"],
        et_ratio=Decimal(data["et_ratio"]) if data["et_ratio"] is not None else None,
        replicate=data["replicate"],
        dead_percent=Decimal(data["dead_percent"]),
        targets=data["targets"],
    )
