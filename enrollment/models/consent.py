"""Consent: the versions of the form, what was signed, and its withdrawal."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from enrollment.models.scope import SiteQuerySet
from enrollment.models.screening import Screening
from oversight.records import Record


class ConsentVersion(Record):
    """One version of the consent form in one language, and the days on which it may be signed.

    The file stays in the trial master file; its SHA-256 proves which one it was.
    """

    version_label = models.CharField(_("version"), max_length=16)
    language = models.CharField(_("language"), max_length=8)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    file_sha256 = models.CharField(
        _("SHA-256 of the file"),
        max_length=64,
        validators=[RegexValidator(r"^[0-9a-f]{64}$", _("64 hexadecimal digits"))],
    )

    class Meta:
        ordering = ("language", "valid_from", "pk")
        verbose_name = _("version of the consent form")
        verbose_name_plural = _("versions of the consent form")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("version_label", "language"),
                name="consent_version_once",
                violation_error_message=_("This version is registered already"),
            ),
            models.UniqueConstraint(
                fields=("language",),
                condition=Q(valid_to=None),
                name="consent_version_one_open",
                violation_error_message=_("One version a language is open at a time"),
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from__lte=F("valid_to")),
                name="consent_version_days_in_order",
                violation_error_message=_("A version is valid before it ends"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_label} ({self.language})"

    def is_valid_on(self, day: dt.date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Consent(Record):
    """A signed consent of the patient behind one screening; a later one renews it."""

    screening = models.ForeignKey(Screening, on_delete=models.PROTECT, related_name="consents")
    form = models.ForeignKey(ConsentVersion, on_delete=models.PROTECT, related_name="consents")
    signed_at = models.DateTimeField(_("signed"))
    explained_by = models.CharField(_("explained by"), max_length=120)

    objects: ClassVar = SiteQuerySet.as_manager()

    class Meta:
        ordering = ("signed_at", "pk")
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("screening", "form"),
                name="consent_signed_once",
                violation_error_message=_("This version is signed already"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.screening} · {self.form.version_label}"

    @property
    def audit_site_id(self) -> int:
        return self.screening.site_id

    @property
    def signed_on(self) -> dt.date:
        """The day of signing at the site."""
        return timezone.localdate(self.signed_at)


class ConsentWithdrawal(Record):
    """The patient took the consent back.  Nothing is collected after ``withdrawn_at``."""

    immutable = True
    screening = models.OneToOneField(
        Screening, on_delete=models.PROTECT, related_name="consent_withdrawal"
    )
    withdrawn_at = models.DateTimeField(_("withdrawn"))
    why = models.TextField(_("why"), blank=True)

    class Meta:
        verbose_name = _("withdrawal of consent")
        verbose_name_plural = _("withdrawals of consent")

    def __str__(self) -> str:
        return str(self.screening)

    @property
    def audit_site_id(self) -> int:
        return self.screening.site_id
