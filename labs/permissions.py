"""Who may enter and read laboratory results.  The laboratory never sees an arm."""

from trial_site.access import Methods
from trial_site.roles import PEOPLE, Permission, Role, roles

ENTER_RESULTS = Permission("enter laboratory results", roles(Role.LAB))
READ_RESULTS = Permission("read laboratory results", PEOPLE - {Role.ADMIN})
SET_UP = Permission("set up laboratories, ranges and assays", roles(Role.LAB, Role.DATA_MANAGER))
MAP_FILES = Permission("bring files and map their columns", roles(Role.LAB, Role.DATA_MANAGER))
IMPORT_RESULTS = Permission("import laboratory results", roles(Role.LAB))
READ_FILES = Permission(
    "read what became of a laboratory's files",
    MAP_FILES.roles | IMPORT_RESULTS.roles | roles(Role.INVESTIGATOR, Role.MONITOR),
)
ACKNOWLEDGE = Permission("acknowledge a result", roles(Role.INVESTIGATOR))

_ENTRY: Methods = {"GET": ENTER_RESULTS.roles, "POST": ENTER_RESULTS.roles}
_SETTING_UP: Methods = {"GET": SET_UP.roles, "POST": SET_UP.roles}
PAGES: dict[str, Methods | None] = {
    "labs:index": {"GET": READ_RESULTS.roles},
    "labs:index-download": {"GET": READ_RESULTS.roles},
    "labs:pcr-new": _ENTRY,
    "labs:pcr-run": _ENTRY,
    "labs:flow-new": _ENTRY,
    "labs:elisa-new": _ENTRY,
    "labs:cytotoxicity-new": _ENTRY,
    "labs:cytotoxicity": {"GET": READ_RESULTS.roles},
    "labs:cytotoxicity-repeat": _ENTRY,
    "labs:cytotoxicity-correct": _ENTRY,
    "labs:cytotoxicity-choose": _ENTRY,
    "labs:cytotoxicity-in-error": _ENTRY,
    "labs:cytotoxicity-file": _ENTRY,
    "labs:safety-new": _ENTRY,
    "labs:result": {"GET": READ_RESULTS.roles},
    "labs:result-correct": _ENTRY,
    "labs:result-acknowledge": {"GET": ACKNOWLEDGE.roles, "POST": ACKNOWLEDGE.roles},
    "labs:inbox": {"GET": READ_RESULTS.roles},
    "labs:inbox-download": {"GET": READ_RESULTS.roles},
    "labs:specimen-new": _ENTRY,
    "labs:specimen": {"GET": READ_RESULTS.roles},
    "labs:specimen-reject": _ENTRY,
    "labs:specimen-correct": _ENTRY,
    "labs:laboratories": {"GET": READ_RESULTS.roles},
    "labs:laboratory": {"GET": READ_RESULTS.roles},
    "labs:laboratory-new": _SETTING_UP,
    "labs:laboratory-rename": _SETTING_UP,
    "labs:range-new": _SETTING_UP,
    "labs:range-correct": _SETTING_UP,
    "labs:assay-new": _SETTING_UP,
    "labs:assay-correct": _SETTING_UP,
    "labs:result-finalise": _ENTRY,
    "labs:result-in-error": _ENTRY,
    "labs:import": {"GET": READ_FILES.roles, "POST": MAP_FILES.roles},
    "labs:import-mappings": {"GET": READ_FILES.roles},
    "labs:import-file": {"GET": READ_FILES.roles, "POST": IMPORT_RESULTS.roles},
    "labs:import-mapping": {"GET": MAP_FILES.roles, "POST": MAP_FILES.roles},
    "labs:import-discard": {"GET": MAP_FILES.roles, "POST": MAP_FILES.roles},
    "labs:import-refused": {"GET": READ_FILES.roles},
}
