"""NK cytotoxicity plates and the cytometer files that belong to them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant
from labs.models.scope import LabQuerySet, ResultStatus
from labs.models.specimens import Specimen
from labs.rules.wells import Well
from oversight.fields import ExactDecimalField
from oversight.records import Record
from trial_site.messages import Message


class PlateQuerySet(LabQuerySet):
    def counted(self) -> LabQuerySet:
        """The run of each specimen that counts."""
        return self.in_force().filter(chosen=True)


class CytotoxicityAssay(Record):
    """One plate: NK cells against dyed targets, read by flow cytometry.

    ``wells`` holds every well as typed; ``lysis`` is the protocol's formula at the protocol's
    ratio, in percent, computed from them and kept to twelve places.  Of several runs of one
    specimen the ``chosen`` one counts, and ``chosen_why`` says why it does.  ``nk_percent`` is the
    share of NK cells among the effectors.
    """

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="cytotoxicity_assays"
    )
    specimen = models.ForeignKey(
        Specimen, on_delete=models.PROTECT, related_name="cytotoxicity_assays"
    )
    run = models.CharField(_("run"), max_length=40, blank=True)
    chosen = models.BooleanField(_("chosen"), default=True)
    chosen_why = models.CharField(_("why this run counts"), max_length=200, blank=True)
    effectors = models.CharField(_("effector cells"), max_length=16)
    nk_percent = ExactDecimalField(_("NK % of effectors"), null=True, blank=True)
    wells = models.JSONField(_("wells"))
    formula = models.CharField(_("formula"), max_length=1)
    et_ratio = ExactDecimalField(_("E:T ratio"))
    lysis = ExactDecimalField(_("specific lysis"), null=True, blank=True)
    remarks = models.JSONField(default=list, blank=True)
    protocol_version = models.CharField(_("protocol version"), max_length=16)
    status = models.CharField(
        _("status"), max_length=11, choices=ResultStatus.choices, default=ResultStatus.FINAL
    )
    collected_at = models.DateTimeField(_("collected"))

    objects: ClassVar = PlateQuerySet.as_manager()

    class Meta:
        ordering = ("collected_at", "pk")
        verbose_name = _("NK cytotoxicity assay")
        verbose_name_plural = _("NK cytotoxicity assays")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("specimen",),
                condition=Q(chosen=True) & ~Q(status="in_error"),
                name="one_chosen_run_a_specimen",
                violation_error_message=_("One run of a specimen counts"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.participant} · NK · {timezone.localdate(self.collected_at)}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id

    @property
    def counts(self) -> bool:
        """Whether the endpoint is computed from this run."""
        return self.chosen and self.status != ResultStatus.IN_ERROR

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


class CytometerFile(Record):
    """An FCS file of one plate: what it says of itself, and its hash.  The file is not kept.

    ``well`` is the code of the well that it is of (``labs.plate``), empty for the whole plate;
    ``differences`` are messages about what does not agree with what was typed.
    """

    immutable = True

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="cytometer_files"
    )
    assay = models.ForeignKey(CytotoxicityAssay, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(_("file"), max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField(_("bytes"))
    well = models.CharField(_("well"), max_length=24, blank=True)
    events = models.PositiveIntegerField(_("events"))
    acquired_at = models.DateTimeField(_("acquired"), null=True, blank=True)
    cytometer = models.CharField(_("cytometer"), max_length=80, blank=True)
    differences = models.JSONField(default=list, blank=True)

    objects: ClassVar = LabQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        verbose_name = _("cytometer file")
        verbose_name_plural = _("cytometer files")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("assay", "sha256"),
                name="cytometer_file_attached_once",
                violation_error_message=_("This file is attached already"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.assay} · {self.name}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id
