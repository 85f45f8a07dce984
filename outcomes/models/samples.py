"""The samples that count for a time point by decision."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant
from oversight.records import Record, RecordQuerySet
from trial_site.models import User


class SampleOverruleQuerySet(RecordQuerySet):
    def in_force(self) -> SampleOverruleQuerySet:
        return self.filter(withdrawn_at=None)


class SampleOverrule(Record):
    """The investigator decides which sample counts for a time point, against the rule, and why.

    ``measure`` is an analyte, or ``nk_cytotoxicity``; ``visit`` a visit of the protocol, ``D0`` for
    the baseline; ``record`` names the row that counts (``labs.result:12``), empty where none does.
    """

    participant = models.ForeignKey(
        Participant, on_delete=models.PROTECT, related_name="sample_overrules"
    )
    measure = models.CharField(_("measure"), max_length=24)
    visit = models.CharField(_("visit"), max_length=16)
    record = models.CharField(_("sample that counts"), max_length=64, blank=True)
    why = models.TextField(_("why"))
    decided_at = models.DateTimeField(_("decided"))
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)

    objects: ClassVar = SampleOverruleQuerySet.as_manager()

    class Meta:
        ordering = ("decided_at", "pk")
        verbose_name = _("choice of a sample")
        verbose_name_plural = _("choices of samples")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("participant", "measure", "visit"),
                condition=Q(withdrawn_at=None),
                name="one_choice_a_time_point",
                violation_error_message=_("The sample of this time point is chosen already"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.measure} · {self.visit}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id
