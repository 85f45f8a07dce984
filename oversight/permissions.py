"""Who may manage accounts and read the audit trail; and who may open this room's pages."""

from trial_site.access import Methods
from trial_site.roles import PEOPLE, Permission, Role, roles

MANAGE_ACCOUNTS = Permission("manage accounts and sites", roles(Role.ADMIN))
READ_AUDIT = Permission(
    "read the audit trail",
    roles(Role.MONITOR, Role.DATA_MANAGER, Role.INVESTIGATOR, Role.ADMIN),
)
READ_HISTORY = Permission("read the history of a record", PEOPLE - {Role.ADMIN})

PAGES: dict[str, Methods | None] = {
    "oversight:audit": {"GET": READ_AUDIT.roles},
    "oversight:audit-download": {"GET": READ_AUDIT.roles},
    "oversight:history": {"GET": READ_HISTORY.roles},
    "oversight:accounts": {"GET": MANAGE_ACCOUNTS.roles},
    "oversight:account-new": {"GET": MANAGE_ACCOUNTS.roles, "POST": MANAGE_ACCOUNTS.roles},
    "oversight:account-edit": {"GET": MANAGE_ACCOUNTS.roles, "POST": MANAGE_ACCOUNTS.roles},
}
