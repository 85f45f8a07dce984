"""What each role may do in this room, and which of its pages they may open."""

from trial_site.access import Methods
from trial_site.roles import PEOPLE, Permission, Role, roles

READ_SCREENING = Permission("read screenings", PEOPLE - {Role.LAB, Role.NURSE, Role.ADMIN})
SCREEN = Permission("screen a patient", roles(Role.COORDINATOR))
CONFIRM = Permission("confirm eligibility", roles(Role.INVESTIGATOR))
ENROL = Permission("enrol a participant", roles(Role.COORDINATOR))
ALLOCATE = Permission("allocate an arm", roles(Role.COORDINATOR))
RECORD_VISIT = Permission("record a visit", roles(Role.COORDINATOR, Role.NURSE))
END_PARTICIPATION = Permission(
    "record the end of participation", roles(Role.COORDINATOR, Role.INVESTIGATOR)
)
READ_PARTICIPANTS = Permission("read the list of participants", PEOPLE - {Role.ADMIN})
GENERATE_LIST = Permission("generate the allocation list", roles(Role.STATISTICIAN))
READ_LIST = Permission(
    "read the commitment of the allocation list",
    roles(Role.STATISTICIAN, Role.COORDINATOR, Role.INVESTIGATOR, Role.MONITOR, Role.DATA_MANAGER),
)

PAGES: dict[str, Methods | None] = {
    "enrollment:screening-log": {"GET": READ_SCREENING.roles},
    "enrollment:screening-new": {"GET": SCREEN.roles, "POST": SCREEN.roles},
    "enrollment:screening": {"GET": READ_SCREENING.roles},
    "enrollment:screening-edit": {"GET": SCREEN.roles, "POST": SCREEN.roles},
    "enrollment:screening-consent": {"GET": SCREEN.roles, "POST": SCREEN.roles},
    "enrollment:screening-submit": {"POST": SCREEN.roles},
    "enrollment:screening-confirm": {"POST": CONFIRM.roles},
    "enrollment:screening-enrol": {"POST": ENROL.roles},
    "enrollment:participants": {"GET": READ_PARTICIPANTS.roles},
    "enrollment:allocate": {"GET": ALLOCATE.roles, "POST": ALLOCATE.roles},
    "enrollment:visits": {"GET": RECORD_VISIT.roles},
    "enrollment:visit-record": {"GET": RECORD_VISIT.roles, "POST": RECORD_VISIT.roles},
    "enrollment:disposition": {"GET": END_PARTICIPATION.roles, "POST": END_PARTICIPATION.roles},
    "enrollment:allocation-list": {"GET": READ_LIST.roles},
}
