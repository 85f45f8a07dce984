"""Follow-up flags: what is due, which rule made it due, and when the fact arrived."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, at_sites_of
from oversight.records import Record, RecordQuerySet
from trial_site.models import User


class FlagQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> FlagQuerySet:
        return at_sites_of(self, user, "participant__site")

    def open(self) -> FlagQuerySet:
        return self.filter(resolved_at=None)


class Flag(Record):
    """Something that somebody has to do, raised and resolved by the scheduled task."""

    class Kind(models.TextChoices):
        VISIT = "visit", _("Visit")
        PCR_CHECK = "pcr_check", _("PCR sample")
        CONFIRMATION = "confirmation", _("Second PCR to confirm conversion")
        DOSES = "doses", _("Doses that nobody recorded")

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    key = models.CharField(max_length=48)
    title = models.CharField(_("what"), max_length=80)
    rule = models.JSONField(_("rule"))
    evidence = models.JSONField(_("evidence"), default=list)
    window_opens = models.DateField(_("from"))
    due_on = models.DateField(_("due"))
    window_closes = models.DateField(_("window closes"))
    raised_at = models.DateTimeField(_("raised"))
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)

    objects: ClassVar = FlagQuerySet.as_manager()

    class Meta:
        ordering = ("window_closes", "due_on", "pk")
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("participant", "key"),
                condition=Q(resolved_at=None),
                name="one_open_flag_a_rule",
                violation_error_message=_("This flag is raised already"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.key}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id
