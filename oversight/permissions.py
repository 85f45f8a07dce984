"""Who may manage accounts and read the audit trail; and who may open this room's pages."""

from trial_site.access import Methods
from trial_site.roles import PEOPLE, Permission, Role, roles

MANAGE_ACCOUNTS = Permission("manage accounts and sites", roles(Role.ADMIN))
READ_AUDIT = Permission(
    "read the audit trail",
    roles(Role.MONITOR, Role.DATA_MANAGER, Role.INVESTIGATOR, Role.ADMIN),
)
READ_TASKS = Permission("read how the scheduled tasks run", READ_AUDIT.roles)
CHOOSE_MAILS = Permission("choose one's own language and mails", PEOPLE)
READ_HISTORY = Permission("read the history of a record", PEOPLE - {Role.ADMIN})

PAGES: dict[str, Methods | None] = {
    "oversight:audit": {"GET": READ_AUDIT.roles},
    "oversight:audit-download": {"GET": READ_AUDIT.roles},
    "oversight:tasks": {"GET": READ_TASKS.roles},
    "oversight:mails": {"GET": CHOOSE_MAILS.roles, "POST": CHOOSE_MAILS.roles},
    "oversight:history": {"GET": READ_HISTORY.roles},
    "oversight:accounts": {"GET": MANAGE_ACCOUNTS.roles},
    "oversight:account-new": {"GET": MANAGE_ACCOUNTS.roles, "POST": MANAGE_ACCOUNTS.roles},
    "oversight:account-edit": {"GET": MANAGE_ACCOUNTS.roles, "POST": MANAGE_ACCOUNTS.roles},
}
