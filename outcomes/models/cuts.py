"""Data cuts: what the record said at a moment, frozen, signed and never changed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from oversight.canonical import digest, plain
from oversight.records import Record, RecordQuerySet
from trial_site.models import Site, User


class DataCutQuerySet(RecordQuerySet):
    def visible_to(self, user: User) -> DataCutQuerySet:
        """A cut is read whole: by whoever works at every site that it covers."""
        foreign = FrozenSite.objects.filter(cut=OuterRef("pk")).exclude(site__in=user.sites.all())
        return self.filter(~Exists(foreign))

    def in_force(self) -> DataCutQuerySet:
        return self.filter(withdrawn_at=None)


class DataCut(Record):
    """The record as it stood at ``cutoff``: which code and protocol read it, where the audit trail
    stood, and the hash of what each site's participants came to (``FrozenSite``).

    Withdrawing it is the only change that it takes.
    """

    SEALED: ClassVar = (
        "number", "title", "cutoff", "protocol_version", "code_version", "scope",
        "audit_heads", "audit_sha256", "content_sha256", "made_at", "made_by_id",
    )  # fmt: skip

    number = models.PositiveIntegerField(_("number"), unique=True)
    title = models.CharField(_("title"), max_length=80)
    cutoff = models.DateTimeField(_("data cut-off"))
    protocol_version = models.CharField(_("protocol version"), max_length=16)
    code_version = models.CharField(_("code version"), max_length=64)
    scope = models.CharField(_("sites"), max_length=200)
    audit_heads = models.JSONField(_("audit heads"))
    audit_sha256 = models.CharField(_("hash of the audit heads"), max_length=64)
    content_sha256 = models.CharField(_("hash of the frozen content"), max_length=64)
    made_at = models.DateTimeField(_("frozen"))
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_why = models.TextField(_("why"), blank=True)

    objects: ClassVar = DataCutQuerySet.as_manager()

    class Meta:
        ordering = ("-number",)
        verbose_name = _("data cut")
        verbose_name_plural = _("data cuts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("cutoff", "scope"),
                condition=Q(withdrawn_at=None),
                name="one_cut_a_moment",
                violation_error_message=_("This cut-off is frozen already"),
            )
        ]

    def __str__(self) -> str:
        return f"DC-{self.number}"

    @property
    def sha256(self) -> str:
        """What a signature is bound to: every sealed column, and through it the frozen content."""
        return digest({name: plain(getattr(self, name)) for name in self.SEALED})


class FrozenSite(Record):
    """What the participants of one site came to at the cut-off: item and value, by subject.

    A record of the site, so that the audit trail shows it to nobody else.
    """

    immutable = True

    cut = models.ForeignKey(DataCut, on_delete=models.PROTECT, related_name="parts")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    content = models.JSONField(_("frozen content"))

    objects: ClassVar = RecordQuerySet.as_manager()

    class Meta:
        ordering = ("site__code",)
        verbose_name = _("frozen content")
        verbose_name_plural = _("frozen contents")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("cut", "site"), name="one_part_a_site")
        ]

    def __str__(self) -> str:
        return f"{self.cut} · {self.site.code}"

    @property
    def audit_site_id(self) -> Any:
        return self.site_id


class CutSignature(Record):
    """Who signed a cut, when and what for.  ``sha256`` binds all of it to what was signed (R13)."""

    immutable = True

    class Meaning(models.TextChoices):
        FROZEN = "frozen", _("I froze these data")
        REVIEWED = "reviewed", _("I reviewed these data and answer for them")
        ANALYSIS = "analysis", _("These data are what I analyse")

    cut = models.ForeignKey(DataCut, on_delete=models.PROTECT, related_name="signatures")
    meaning = models.CharField(_("meaning"), max_length=8, choices=Meaning.choices)
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    signed_name = models.CharField(_("name"), max_length=150)
    role = models.CharField(_("role"), max_length=16)
    signed_at = models.DateTimeField(_("signed"))
    sha256 = models.CharField(_("hash of the signature"), max_length=64)

    objects: ClassVar = RecordQuerySet.as_manager()

    class Meta:
        ordering = ("signed_at", "pk")
        verbose_name = _("signature of a data cut")
        verbose_name_plural = _("signatures of data cuts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=("cut", "signed_by"),
                name="one_signature_a_person",
                violation_error_message=_("You have signed this data cut already"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.cut} · {self.signed_name}"

    def binding(self) -> str:
        """The hash that holds who, when and what for to the cut as it reads now."""
        names = ("meaning", "signed_by_id", "signed_name", "role", "signed_at")
        signed = {name: plain(getattr(self, name)) for name in names}
        return digest({"cut": self.cut.sha256, **signed})
