"""What the scheduled tasks did lately: the machine's diary, not a part of the trial's record."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

KEPT_RUNS = 200  # of each task and outcome


class TaskRun(models.Model):
    """One run of one scheduled task.  A run that was killed stays without an end.

    It is written and pruned past the audit trail, as one-time keys are (ADR 29): thousands a day,
    and none says anything about a participant.  ``said`` is a ``Message``; ``failure`` names the
    class of an error and where it was raised.
    """

    class Outcome(models.TextChoices):
        RUNNING = "running", _("Running")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")

    task = models.CharField(_("task"), max_length=80)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    outcome = models.CharField(
        _("outcome"), max_length=9, choices=Outcome.choices, default=Outcome.RUNNING
    )
    said = models.JSONField(_("said"), default=dict)
    failure = models.CharField(_("failure"), max_length=300, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("run of a task")
        verbose_name_plural = _("runs of tasks")
        indexes: ClassVar = [
            models.Index(fields=("task", "outcome", "-started_at"), name="task_run_latest")
        ]

    def __str__(self) -> str:
        return f"{self.task} · {self.started_at}"

    @property
    def took(self) -> dt.timedelta | None:
        return self.ended_at - self.started_at if self.ended_at else None
