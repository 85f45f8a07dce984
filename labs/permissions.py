"""Who may enter and read laboratory results.  The laboratory never sees an arm."""

from trial_site.access import Methods
from trial_site.roles import PEOPLE, Permission, Role, roles

ENTER_RESULTS = Permission("enter laboratory results", roles(Role.LAB))
READ_RESULTS = Permission("read laboratory results", PEOPLE - {Role.ADMIN})
SET_UP = Permission("set up laboratories, ranges and assays", roles(Role.LAB, Role.DATA_MANAGER))
MAP_FILES = Permission("bring files and map their columns", roles(Role.LAB, Role.DATA_MANAGER))
IMPORT_RESULTS = Permission("import laboratory results", roles(Role.LAB))
ACKNOWLEDGE = Permission("acknowledge a result", roles(Role.INVESTIGATOR))

_ENTRY: Methods = {"GET": ENTER_RESULTS.roles, "POST": ENTER_RESULTS.roles}
PAGES: dict[str, Methods | None] = {
    "labs:index": {"GET": READ_RESULTS.roles},
    "labs:pcr-new": _ENTRY,
    "labs:cytotoxicity-new": _ENTRY,
    "labs:cytotoxicity": {"GET": READ_RESULTS.roles},
    "labs:safety-new": _ENTRY,
    "labs:result": {"GET": READ_RESULTS.roles},
    "labs:result-correct": _ENTRY,
}
