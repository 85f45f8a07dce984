"""Who orders, who gives, who reads."""

from trial_site.access import Methods
from trial_site.roles import Permission, Role, roles

ORDER = Permission("order a drug", roles(Role.INVESTIGATOR))
ADMINISTER = Permission("record a dose", roles(Role.NURSE))
READ_DOSES = Permission(
    "read the dosing sheet",
    roles(Role.NURSE, Role.INVESTIGATOR, Role.COORDINATOR, Role.MONITOR, Role.DATA_MANAGER),
)

PAGES: dict[str, Methods | None] = {
    "dosing:sheet": {"GET": READ_DOSES.roles},
    "dosing:order-new": {"GET": ORDER.roles, "POST": ORDER.roles},
    "dosing:withdraw": {"GET": ORDER.roles, "POST": ORDER.roles},
    "dosing:give": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
    "dosing:record": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
    "dosing:correct": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
}
