"""The audit trail, and the versions of the accounts and sites that the room below declares."""

from simple_history import register

from oversight.records import Versions
from oversight.task_runs import TaskRun
from oversight.trail import AuditChain, AuditEntry, OneTimeKey
from trial_site.models import Site, User

__all__ = ["AuditChain", "AuditEntry", "OneTimeKey", "TaskRun"]

register(
    User,
    app="oversight",
    records_class=Versions,
    excluded_fields=["password", "last_login"],
)
register(Site, app="oversight", records_class=Versions)
