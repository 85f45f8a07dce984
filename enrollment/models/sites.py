"""What a site needs before it may enrol: the ethics approval; and what it has promised."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from enrollment.models.scope import SiteQuerySet
from oversight.records import Record
from trial_site.models import Site


class SiteApproval(Record):
    """One ethics approval of one protocol version at one site, from its day to its expiry."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="approvals")
    number = models.CharField(_("approval number"), max_length=40)
    approved_on = models.DateField(_("approved on"))
    expires_on = models.DateField(_("expires on"))
    protocol_version = models.CharField(_("protocol version"), max_length=16)

    objects: ClassVar = SiteQuerySet.as_manager()

    class Meta:
        ordering = ("approved_on", "pk")
        verbose_name = _("ethics approval")
        verbose_name_plural = _("ethics approvals")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("site", "number"),
                name="approval_recorded_once",
                violation_error_message=_("This approval is recorded already"),
            ),
            models.CheckConstraint(
                condition=Q(approved_on__lte=F("expires_on")),
                name="approval_dates_in_order",
                violation_error_message=_("An approval expires after it is given"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site.code} · {self.number}"

    @property
    def audit_site_id(self) -> int:
        return self.site_id

    def covers(self, day: dt.date, version: str) -> bool:
        """Whether the site may work by protocol ``version`` on ``day``."""
        return self.protocol_version == version and self.approved_on <= day <= self.expires_on


class RecruitmentTarget(Record):
    """How many participants a site has promised to allocate, and between which days."""

    site = models.OneToOneField(Site, on_delete=models.PROTECT, related_name="target")
    participants = models.PositiveIntegerField(_("participants"))
    starts_on = models.DateField(_("recruitment starts"))
    ends_on = models.DateField(_("recruitment ends"))

    objects: ClassVar = SiteQuerySet.as_manager()

    class Meta:
        verbose_name = _("recruitment target")
        verbose_name_plural = _("recruitment targets")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(starts_on__lt=F("ends_on")),
                name="target_days_in_order",
                violation_error_message=_("Recruitment ends after it starts"),
            ),
            models.CheckConstraint(
                condition=Q(participants__gte=1),
                name="target_is_positive",
                violation_error_message=_("A target is one participant at least"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site.code} · {self.participants}"

    @property
    def audit_site_id(self) -> int:
        return self.site_id
