"""Roles, and what a permission is: a named set of roles that answers and that raises."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from trial_site.models import User


class Role(models.TextChoices):
    COORDINATOR = "coordinator", _("Coordinator")
    NURSE = "nurse", _("Nurse")
    LAB = "lab", _("Laboratory")
    INVESTIGATOR = "investigator", _("Investigator")
    MONITOR = "monitor", _("Monitor")
    DATA_MANAGER = "data_manager", _("Data manager")
    STATISTICIAN = "statistician", _("Statistician")
    ADMIN = "admin", _("Administrator")
    SYSTEM = "system", _("Scheduled task")


# Everyone who logs in; SYSTEM acts only inside scheduled tasks and commands.
PEOPLE = frozenset(Role) - {Role.SYSTEM}
NOBODY: frozenset[Role] = frozenset()


def roles(*members: Role) -> frozenset[Role]:
    return frozenset(members)


@dataclass(frozen=True)
class Permission:
    """One thing that some roles may do.  ``allows`` answers for the button, ``check`` raises for
    the action, so that the two can never disagree."""

    doing: str
    roles: frozenset[Role]

    def allows(self, user: "User | Any") -> bool:
        return bool(user.is_authenticated and user.is_active and user.role in self.roles)

    def check(self, user: "User | Any") -> None:
        """Raise ``PermissionDenied`` unless ``user``'s role may do this (R11, R32)."""
        if not self.allows(user):
            raise PermissionDenied(f"{getattr(user, 'role', 'nobody')} may not {self.doing}")


SEES_ARM = Permission("see a participant's arm", PEOPLE - {Role.LAB, Role.ADMIN})
"""The laboratory works blind to the arm; the administrator has no clinical business."""
