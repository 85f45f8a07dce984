"""Who works here: sites, and people with one role each."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from trial_site.roles import Role


class Undeletable(Exception):
    """Nothing is deleted: accounts are deactivated, records are marked entered in error."""


class Site(models.Model):
    code = models.CharField(
        _("code"),
        max_length=8,
        unique=True,
        validators=[RegexValidator(r"^[A-Z]{2,8}$", _("Use two to eight capital letters"))],
        help_text=_("Begins every subject number of the site, for example PKU"),
    )
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        ordering = ("code",)
        verbose_name = _("site")
        verbose_name_plural = _("sites")

    def __str__(self) -> str:
        return self.name

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise Undeletable(self)


class User(AbstractUser):
    """A person with one role.  User names stay taken for ever (R16)."""

    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    sites = models.ManyToManyField(Site, related_name="staff", verbose_name=_("sites"), blank=True)
    language = models.CharField(
        _("language"),
        max_length=8,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
        help_text=_("Of the mails to this person"),
    )
    wants_digest = models.BooleanField(_("daily digest by e-mail"), default=True)

    objects: ClassVar = UserManager()

    class Meta:
        ordering = ("username",)
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_name_taken",
                violation_error_message=_("This user name is taken; names are never used again"),
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values),
                name="user_role_known",
                violation_error_message=_("Choose one of the roles"),
            ),
        ]

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        raise Undeletable(self)
