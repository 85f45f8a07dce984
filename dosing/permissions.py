"""Who orders, who gives, who reads."""

from enrollment.permissions import RESCUE
from trial_site.access import ANYONE, Methods
from trial_site.roles import Permission, Role, roles

ORDER = Permission("order a drug", roles(Role.INVESTIGATOR))
WEIGH = Permission(
    "record a body weight", roles(Role.NURSE, Role.COORDINATOR, Role.INVESTIGATOR)
)
ADMINISTER = Permission("record a dose", roles(Role.NURSE))
READ_DOSES = Permission(
    "read the dosing sheet",
    roles(Role.NURSE, Role.INVESTIGATOR, Role.COORDINATOR, Role.MONITOR, Role.DATA_MANAGER),
)

KEEP_STOCK = Permission("keep the stock", roles(Role.NURSE))
EXPLAIN = Permission("explain a discrepancy of the stock", roles(Role.NURSE, Role.INVESTIGATOR))
RECALL = Permission("recall a lot", roles(Role.INVESTIGATOR))
READ_STOCK = Permission("read the stock", READ_DOSES.roles)

PAGES: dict[str, Methods | None] = {
    "dosing:sheet": {"GET": READ_DOSES.roles},
    "dosing:waiting": {"GET": ADMINISTER.roles},
    "dosing:offline": {"GET": ADMINISTER.roles},
    "dosing:service-worker": ANYONE,  # no data; browsers look for a newer one without a login
    "dosing:orders": {"GET": READ_DOSES.roles},
    "dosing:order-new": {"GET": ORDER.roles, "POST": ORDER.roles},
    "dosing:stop": {"GET": ORDER.roles, "POST": ORDER.roles},
    "dosing:hold": {"GET": ORDER.roles, "POST": ORDER.roles},
    "dosing:resume": {"GET": ORDER.roles, "POST": ORDER.roles},
    "dosing:review": {"GET": ORDER.roles, "POST": ORDER.roles},
    "dosing:rescue-end": {"GET": RESCUE.roles, "POST": RESCUE.roles},
    "dosing:weight-new": {"GET": WEIGH.roles, "POST": WEIGH.roles},
    "dosing:weight-correct": {"GET": WEIGH.roles, "POST": WEIGH.roles},
    "dosing:weight-in-error": {"GET": WEIGH.roles, "POST": WEIGH.roles},
    "dosing:withdraw": {"GET": ORDER.roles, "POST": ORDER.roles},
    "dosing:give": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
    "dosing:record": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
    "dosing:correct": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
}
