"""Who orders, who gives, who reads."""

from enrollment.permissions import RESCUE
from trial_site.access import ANYONE, Methods
from trial_site.roles import Permission, Role, roles

ORDER = Permission("order a drug", roles(Role.INVESTIGATOR))
WEIGH = Permission("record a body weight", roles(Role.NURSE, Role.COORDINATOR, Role.INVESTIGATOR))
ADMINISTER = Permission("record a dose", roles(Role.NURSE))
READ_DOSES = Permission(
    "read the dosing sheet",
    roles(Role.NURSE, Role.INVESTIGATOR, Role.COORDINATOR, Role.MONITOR, Role.DATA_MANAGER),
)

KEEP_STOCK = Permission("keep the stock", roles(Role.NURSE))
EXPLAIN = Permission("explain a discrepancy of the stock", roles(Role.NURSE, Role.INVESTIGATOR))
RECALL = Permission("recall a lot", roles(Role.INVESTIGATOR))
READ_STOCK = Permission("read the stock", READ_DOSES.roles)

_KEEP = {"GET": KEEP_STOCK.roles, "POST": KEEP_STOCK.roles}
_RECALL = {"GET": RECALL.roles, "POST": RECALL.roles}
STOCK_PAGES: dict[str, Methods | None] = {
    "dosing:stock": {"GET": READ_STOCK.roles},
    "dosing:stock-lot": {"GET": READ_STOCK.roles},
    "dosing:stock-ledger-download": {"GET": READ_STOCK.roles},
    "dosing:stock-recipients-download": {"GET": READ_STOCK.roles},
    "dosing:stock-accountability": {"GET": READ_STOCK.roles},
    "dosing:stock-accountability-download": {"GET": READ_STOCK.roles},
    "dosing:stock-receive": _KEEP,
    "dosing:stock-receive-more": _KEEP,
    "dosing:stock-return": _KEEP,
    "dosing:stock-waste": _KEEP,
    "dosing:stock-send-back": _KEEP,
    "dosing:stock-count": _KEEP,
    "dosing:stock-correct": _KEEP,
    "dosing:stock-reverse": _KEEP,
    "dosing:stock-explain": {"GET": EXPLAIN.roles, "POST": EXPLAIN.roles},
    "dosing:stock-recall": _RECALL,
    "dosing:stock-recall-lift": _RECALL,
    "dosing:stock-recall-follow-up": _RECALL,
}

PAGES: dict[str, Methods | None] = {
    **STOCK_PAGES,
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
    "dosing:in-error": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
    "dosing:undo": {"POST": ADMINISTER.roles},
    "dosing:unplanned-choose": {"GET": ADMINISTER.roles},
    "dosing:unplanned": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
    "dosing:vital-signs": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
    "dosing:vital-signs-correct": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
    "dosing:vital-signs-in-error": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
    "dosing:reaction": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
    "dosing:reaction-correct": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
    "dosing:reaction-in-error": {"GET": ADMINISTER.roles, "POST": ADMINISTER.roles},
}
