"""What was asked about results, seen in them, and changed by correcting them.  Written once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant
from labs.models.plates import CytotoxicityAssay
from labs.models.results import Result
from labs.models.scope import LabQuerySet
from oversight.records import Record
from trial_site.models import User
from trial_site.protocol import current


class FiredCheck(Record):
    """What a limit asked or refused, and the answer that it was asked about (R07).

    Kept whether or not anything was saved afterwards; ``form_key`` is that of the form, which the
    results that were saved in the end carry too.
    """

    class Level(models.TextChoices):
        DOUBTFUL = "doubtful", _("Asked")
        IMPOSSIBLE = "impossible", _("Refused")

    immutable = True

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="fired_checks"
    )
    analyte = models.CharField(_("analyte"), max_length=24)
    printed = models.CharField(_("first answer"), max_length=40)
    unit = models.CharField(_("unit"), max_length=24)
    level = models.CharField(_("level"), max_length=10, choices=Level.choices)
    message = models.JSONField(_("question"))
    form_key = models.UUIDField(null=True, blank=True, editable=False)

    objects: ClassVar = LabQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        verbose_name = _("fired check")
        verbose_name_plural = _("fired checks")
        indexes: ClassVar = [models.Index(fields=("form_key",), name="fired_check_by_form")]

    def __str__(self) -> str:
        return f"{self.participant} · {self.analyte} · {self.printed}"

    @property
    def analyte_name(self) -> str:
        return current().analyte(self.analyte).name

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id


class Acknowledgement(Record):
    """An investigator has seen a version of a result that needed it, and what was decided."""

    class Subject(models.TextChoices):
        SAFETY = "safety", _("Safety")
        ELIGIBILITY = "eligibility", _("Eligibility")

    immutable = True

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="acknowledgements"
    )
    result = models.ForeignKey(Result, on_delete=models.PROTECT, related_name="acknowledgements")
    result_version = models.PositiveIntegerField(_("version of the result"))
    about = models.CharField(_("about"), max_length=11, choices=Subject.choices)
    decision = models.CharField(_("what was decided"), max_length=500)
    acknowledged_at = models.DateTimeField(_("acknowledged"))
    acknowledged_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects: ClassVar = LabQuerySet.as_manager()

    class Meta:
        ordering = ("acknowledged_at", "pk")
        verbose_name = _("acknowledgement")
        verbose_name_plural = _("acknowledgements")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("result", "result_version", "about"),
                name="result_acknowledged_once",
                violation_error_message=_("This was acknowledged already"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.result} · {self.about}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id


class Correction(Record):
    """What else changed when a result or a plate was corrected: ``effects`` are messages.

    ``version`` of the result, or of the plate, is the one that the correction made.
    """

    immutable = True

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="lab_corrections"
    )
    result = models.ForeignKey(
        Result, null=True, blank=True, on_delete=models.PROTECT, related_name="corrections"
    )
    plate = models.ForeignKey(
        CytotoxicityAssay,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="corrections",
    )
    corrected_version = models.PositiveIntegerField(_("version"))
    effects = models.JSONField(_("what changed"), default=list)

    objects: ClassVar = LabQuerySet.as_manager()

    class Meta:
        ordering = ("pk",)
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(result=None, plate__isnull=False) | Q(result__isnull=False, plate=None),
                name="correction_of_one_thing",
            )
        ]

    def __str__(self) -> str:
        return f"{self.result or self.plate} · {self.corrected_version}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id
