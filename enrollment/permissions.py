"""What each role may do in this room, and which of its pages they may open."""

from trial_site.access import Methods
from trial_site.roles import PEOPLE, SEES_ARM, Permission, Role, roles

READ_SCREENING = Permission("read screenings", PEOPLE - {Role.LAB, Role.NURSE, Role.ADMIN})
SCREEN = Permission("screen a patient", roles(Role.COORDINATOR))
CONFIRM = Permission("confirm eligibility", roles(Role.INVESTIGATOR))
ENROL = Permission("enrol a participant", roles(Role.COORDINATOR))
ALLOCATE = Permission("allocate an arm", roles(Role.COORDINATOR))
RECORD_VISIT = Permission("record a visit", roles(Role.COORDINATOR, Role.NURSE))
READ_VISITS = Permission("read the visits", PEOPLE - {Role.LAB, Role.ADMIN})
END_PARTICIPATION = Permission(
    "record the end of participation", roles(Role.COORDINATOR, Role.INVESTIGATOR)
)
WITHDRAW_CONSENT = Permission(
    "record the withdrawal of consent", roles(Role.COORDINATOR, Role.INVESTIGATOR)
)
RESCUE = Permission("decide on rescue treatment", roles(Role.INVESTIGATOR))
ASSIGN = Permission("assign an arm", roles(Role.INVESTIGATOR))
NOTE_ERROR = Permission("note an allocation in error", roles(Role.INVESTIGATOR, Role.COORDINATOR))
MANAGE_CONSENT_FORMS = Permission("register a consent form", roles(Role.DATA_MANAGER))
MANAGE_SITES = Permission("record a site's approval", roles(Role.ADMIN))
READ_SITES = Permission("read the sites' approvals", PEOPLE - {Role.LAB, Role.NURSE})
READ_PARTICIPANTS = Permission("read the list of participants", PEOPLE - {Role.ADMIN})
PLAN_ALLOCATION = Permission("plan the allocation", roles(Role.STATISTICIAN))
GENERATE_LIST = Permission("generate the allocation list", roles(Role.STATISTICIAN))
READ_RECEIPT = Permission("read an allocation’s receipt", SEES_ARM.roles)
READ_LIST = Permission(
    "read the commitment of the allocation list",
    roles(Role.STATISTICIAN, Role.COORDINATOR, Role.INVESTIGATOR, Role.MONITOR, Role.DATA_MANAGER),
)

PAGES: dict[str, Methods | None] = {
    "enrollment:screening-log": {"GET": READ_SCREENING.roles},
    "enrollment:screening-log-download": {"GET": READ_SCREENING.roles},
    "enrollment:screening-new": {"GET": SCREEN.roles, "POST": SCREEN.roles},
    "enrollment:screening-evaluate": {"POST": SCREEN.roles},
    "enrollment:screening": {"GET": READ_SCREENING.roles},
    "enrollment:screening-edit": {"GET": SCREEN.roles, "POST": SCREEN.roles},
    "enrollment:screening-consent": {"GET": SCREEN.roles, "POST": SCREEN.roles},
    "enrollment:screening-submit": {"POST": SCREEN.roles},
    "enrollment:screening-confirm": {"GET": CONFIRM.roles, "POST": CONFIRM.roles},
    "enrollment:screening-enrol": {"POST": ENROL.roles},
    "enrollment:rescreen": {"POST": SCREEN.roles},
    "enrollment:screening-end": {"GET": END_PARTICIPATION.roles, "POST": END_PARTICIPATION.roles},
    "enrollment:consent-withdraw": {
        "GET": WITHDRAW_CONSENT.roles,
        "POST": WITHDRAW_CONSENT.roles,
    },
    "enrollment:consent-forms": {"GET": READ_SCREENING.roles},
    "enrollment:consent-form-new": {
        "GET": MANAGE_CONSENT_FORMS.roles,
        "POST": MANAGE_CONSENT_FORMS.roles,
    },
    "enrollment:sites": {"GET": READ_SITES.roles},
    "enrollment:approval-new": {"GET": MANAGE_SITES.roles, "POST": MANAGE_SITES.roles},
    "enrollment:approval-correct": {"GET": MANAGE_SITES.roles, "POST": MANAGE_SITES.roles},
    "enrollment:site-target": {"GET": MANAGE_SITES.roles, "POST": MANAGE_SITES.roles},
    "enrollment:rescue": {"GET": RESCUE.roles, "POST": RESCUE.roles},
    "enrollment:participants": {"GET": READ_PARTICIPANTS.roles},
    "enrollment:participants-download": {"GET": READ_PARTICIPANTS.roles},
    "enrollment:allocate": {"GET": ALLOCATE.roles, "POST": ALLOCATE.roles},
    "enrollment:visits": {"GET": READ_VISITS.roles},
    "enrollment:visits-card": {"GET": READ_VISITS.roles},
    "enrollment:visits-file": {"GET": READ_VISITS.roles},
    "enrollment:visits-week": {"GET": READ_VISITS.roles},
    "enrollment:visits-week-file": {"GET": READ_VISITS.roles},
    "enrollment:visit-new": {"GET": RECORD_VISIT.roles, "POST": RECORD_VISIT.roles},
    "enrollment:visit-correct": {"GET": RECORD_VISIT.roles, "POST": RECORD_VISIT.roles},
    "enrollment:visit-record": {"GET": RECORD_VISIT.roles, "POST": RECORD_VISIT.roles},
    "enrollment:disposition": {"GET": END_PARTICIPATION.roles, "POST": END_PARTICIPATION.roles},
    "enrollment:assign": {"GET": ASSIGN.roles, "POST": ASSIGN.roles},
    "enrollment:allocation-receipt": {"GET": READ_RECEIPT.roles},
    "enrollment:allocation-error": {"GET": NOTE_ERROR.roles, "POST": NOTE_ERROR.roles},
    "enrollment:allocation-list": {"GET": READ_LIST.roles},
    "enrollment:allocation-plan": {"GET": PLAN_ALLOCATION.roles, "POST": PLAN_ALLOCATION.roles},
    "enrollment:allocation-generate": {"GET": GENERATE_LIST.roles, "POST": GENERATE_LIST.roles},
    "enrollment:allocation-import": {"GET": GENERATE_LIST.roles, "POST": GENERATE_LIST.roles},
    "enrollment:allocation-close": {"GET": PLAN_ALLOCATION.roles, "POST": PLAN_ALLOCATION.roles},
    "enrollment:allocation-published": {"GET": READ_LIST.roles},
    "enrollment:allocations-download": {"GET": READ_LIST.roles},
}
