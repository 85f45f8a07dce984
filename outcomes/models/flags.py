"""Follow-up flags: what is due, which rule made it due, what was said of it, when it was done."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant, at_sites_of
from oversight.records import Record, RecordQuerySet
from trial_site.models import Site, User


class FlagQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> FlagQuerySet:
        return at_sites_of(self, user)

    def open(self) -> FlagQuerySet:
        return self.filter(resolved_at=None)


class Flag(Record):
    """Something that somebody has to do, raised and resolved by the scheduled task.

    ``participant`` is empty for what concerns a whole site.  ``answer`` is the latest thing that
    somebody said about it; a flag that is raised anew is a row of its own, without an answer.
    """

    class Kind(models.TextChoices):
        VISIT = "visit", _("Visit")
        PCR_CHECK = "pcr_check", _("PCR sample")
        CONFIRMATION = "confirmation", _("Second PCR to confirm conversion")
        NK_SAMPLE = "nk_sample", _("NK cytotoxicity sample")
        BLOODS = "bloods", _("Safety bloods")
        DOSES = "doses", _("Doses that nobody recorded")
        RELAPSE = "relapse", _("Relapse")
        REFRACTORY = "refractory", _("Rise under treatment")
        END = "end", _("End of follow-up")
        CONSENT = "consent", _("Consent to renew")
        APPROVAL = "approval", _("Ethics approval")

    class Answer(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        SNOOZED = "snoozed", _("Snoozed")

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="flags")
    participant = models.ForeignKey(
        Participant, null=True, blank=True, on_delete=models.PROTECT, related_name="flags"
    )
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
    escalated_at = models.DateTimeField(_("escalated"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=12, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answered_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    answer_why = models.TextField(_("why"), blank=True)
    snoozed_until = models.DateField(_("snoozed until"), null=True, blank=True)

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
            ),
            models.UniqueConstraint(
                fields=("site", "key"),
                condition=Q(resolved_at=None, participant=None),
                name="one_open_flag_a_site_and_rule",
                violation_error_message=_("This flag is raised already"),
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None, answered_by=None, answer_why="")
                | (
                    ~Q(answer="")
                    & Q(answered_at__isnull=False, answered_by__isnull=False)
                    & ~Q(answer_why="")
                ),
                name="flag_answered_by_somebody_with_a_reason",
                violation_error_message=_("Say why"),
            ),
            models.CheckConstraint(
                condition=Q(answer="snoozed", snoozed_until__isnull=False)
                | (~Q(answer="snoozed") & Q(snoozed_until=None)),
                name="flag_snoozed_until_a_day",
                violation_error_message=_("Say until when"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject} · {self.key}"

    @property
    def audit_site_id(self) -> int:
        return self.site_id

    @property
    def subject(self) -> str:
        """The participant, or the site where there is none."""
        return self.participant.subject if self.participant else self.site.code

    @property
    def answered_on(self) -> dt.date | None:
        return timezone.localdate(self.answered_at) if self.answered_at else None

    def give_answer(
        self, answer: str, *, why: str, at: dt.datetime, by: User, until: dt.date | None
    ) -> None:
        self.answer, self.answer_why, self.snoozed_until = answer, why, until
        self.answered_at, self.answered_by = at, by

    def take_back_answer(self) -> None:
        self.answer, self.answer_why, self.snoozed_until = "", "", None
        self.answered_at = self.answered_by = None
