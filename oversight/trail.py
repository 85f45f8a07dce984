"""The audit trail's own tables: chains, their entries, and the one-time keys of forms."""

from functools import cache
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from oversight.canonical import digest
from trial_site.models import Site, User
from trial_site.roles import Role

TRIAL_CHAIN = "trial"


class AppendOnly(Exception):
    """The audit trail is written once."""


class AuditChain(models.Model):
    """The head of one chain: what the next entry must follow.  Locked while one is added."""

    name = models.CharField(max_length=64, primary_key=True)
    length = models.PositiveBigIntegerField(default=0)
    head_hash = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return self.name


class AuditAction(models.TextChoices):
    CREATED = "created", _("First entry")
    CHANGED = "changed", _("Changed")
    EVENT = "event", _("Event")


class AuditEntry(models.Model):
    """Who did what, when and why, bound by ``hash`` to everything before it in its chain.

    ``version_digest`` binds the full row that history keeps, so that an altered history row is
    found even though ``changes`` names only what differed.
    """

    chain = models.ForeignKey(AuditChain, on_delete=models.PROTECT, related_name="entries")
    sequence = models.PositiveBigIntegerField()
    at = models.DateTimeField(_("when"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )
    actor_name = models.CharField(max_length=150)
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    action = models.CharField(max_length=8, choices=AuditAction.choices)
    model = models.CharField(max_length=64, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    object_label = models.CharField(max_length=200, blank=True)
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+")
    history_id = models.BigIntegerField(null=True)
    version_digest = models.CharField(max_length=64, blank=True)
    event = models.CharField(max_length=64, blank=True)
    changes = models.JSONField(default=dict)
    reason = models.TextField(_("why"), blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ("chain", "sequence")
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("chain", "sequence"), name="one_entry_a_place"),
            models.CheckConstraint(
                condition=~models.Q(action=AuditAction.CHANGED, reason=""),
                name="a_change_has_a_reason",
                violation_error_message=_("Changing a saved value needs a reason"),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=("model", "object_id"), name="audit_by_record"),
            models.Index(fields=("-at",), name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.chain_id} #{self.sequence}"

    def content(self) -> dict[str, Any]:
        """What the hash covers: every column but the hash itself and the row's own number."""
        return {name: getattr(self, name) for name in _hashed()}

    def computed_hash(self) -> str:
        """sha256 of the previous hash and the canonical content, as 64 hex digits."""
        return digest(self.content())

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise AppendOnly(self)


@cache
def _hashed() -> tuple[str, ...]:
    names = (field.attname for field in AuditEntry._meta.concrete_fields)
    return tuple(name for name in names if name not in {"id", "hash"})


class OneTimeKey(models.Model):
    """The key of a form that was saved.  A second click finds it taken (one save a form)."""

    key = models.UUIDField(primary_key=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.key)
