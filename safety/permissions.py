"""Who reports harm, who assesses it, who reads.

The laboratory stays blind to the arm, which the relation to a drug would tell; the administrator
has no clinical business: neither has a way into this room.
"""

from trial_site.access import Methods
from trial_site.roles import SEES_ARM, Permission, Role, roles

READ_SAFETY = Permission("read what harms", SEES_ARM.roles - roles(Role.STATISTICIAN))
REPORT_EVENT = Permission(
    "report an adverse event", roles(Role.NURSE, Role.COORDINATOR, Role.INVESTIGATOR)
)
ASSESS_EVENT = Permission("assess an adverse event", roles(Role.INVESTIGATOR))
REPORT_TO_SPONSOR = Permission("report a serious event", roles(Role.INVESTIGATOR, Role.COORDINATOR))

_READING: Methods = {"GET": READ_SAFETY.roles}
_REPORTING: Methods = {"GET": REPORT_EVENT.roles, "POST": REPORT_EVENT.roles}
_ASSESSING: Methods = {"GET": ASSESS_EVENT.roles, "POST": ASSESS_EVENT.roles}
_SENDING: Methods = {"GET": REPORT_TO_SPONSOR.roles, "POST": REPORT_TO_SPONSOR.roles}

PAGES: dict[str, Methods | None] = {}
