"""Visits: planned by the protocol, or unscheduled."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.participant import Participant
from enrollment.models.scope import at_sites_of
from oversight.records import Record, RecordQuerySet
from trial_site.models import User

UNSCHEDULED = "U"  # U1, U2 and on: the codes of a participant's unscheduled visits


class VisitQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> VisitQuerySet:
        return at_sites_of(self, user, "participant__site")

    def in_plan(self) -> VisitQuerySet:
        """Without what was planned from a first dose that was taken back, until there is one."""
        return self.exclude(status=Visit.Status.PLANNED, participant__day0_at=None)


class Visit(Record):
    """A visit with its window, and what became of it.

    An unscheduled one has its own day as window.  ``why`` says why a visit was missed, done outside
    its window, or made unscheduled.
    """

    class Status(models.TextChoices):
        PLANNED = "planned", _("Planned")
        DONE = "done", _("Done")
        MISSED = "missed", _("Missed")

    participant = models.ForeignKey(Participant, on_delete=models.PROTECT, related_name="visits")
    code = models.CharField(_("visit"), max_length=16)
    target = models.DateField(_("target day"))
    opens = models.DateField(_("window opens"))
    closes = models.DateField(_("window closes"))
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.PLANNED)
    done_on = models.DateField(_("done on"), null=True, blank=True)
    why = models.TextField(_("why"), blank=True)

    objects: ClassVar = VisitQuerySet.as_manager()

    class Meta:
        ordering = ("target", "pk")
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("participant", "code"),
                name="visit_planned_once",
                violation_error_message=_("This visit is planned already"),
            ),
            models.CheckConstraint(
                condition=Q(opens__lte=F("target"), target__lte=F("closes")),
                name="visit_window_in_order",
                violation_error_message=_("The window opens before it closes"),
            ),
            models.CheckConstraint(
                condition=Q(status="done", done_on__isnull=False)
                | (~Q(status="done") & Q(done_on=None)),
                name="visit_done_has_a_day",
                violation_error_message=_("A visit that was done has a day"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.participant} · {self.code}"

    @property
    def audit_site_id(self) -> int:
        return self.participant.site_id

    @property
    def is_unscheduled(self) -> bool:
        return self.code.startswith(UNSCHEDULED) and self.code[1:].isdigit()

    def in_window(self, day: dt.date) -> bool:
        return self.opens <= day <= self.closes

    @property
    def deviation_days(self) -> int:
        """How many days a done visit lies outside its window: negative early, positive late."""
        if self.done_on is None or self.in_window(self.done_on):
            return 0
        early = self.done_on < self.opens
        return (self.done_on - (self.opens if early else self.closes)).days
