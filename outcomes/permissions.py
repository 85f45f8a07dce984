"""Who may see worklists, casebooks and outcomes."""

from labs.permissions import READ_RESULTS
from trial_site.access import Methods
from trial_site.roles import PEOPLE, SEES_ARM, Permission, Role, roles

READ_OUTCOMES = Permission(
    "read the outcomes",
    roles(Role.INVESTIGATOR, Role.STATISTICIAN, Role.MONITOR, Role.DATA_MANAGER),
)
READ_FLOW = Permission("read the flow of participants", READ_OUTCOMES.roles | {Role.COORDINATOR})
READ_RECRUITMENT = Permission("read the recruitment", READ_FLOW.roles | {Role.ADMIN})
READ_FOLLOW_UP = Permission("read the follow-up flags", PEOPLE - {Role.ADMIN})
ANSWER_FLAGS = Permission(
    "acknowledge or snooze a flag",
    roles(Role.COORDINATOR, Role.NURSE, Role.INVESTIGATOR, Role.LAB),
)
READ_CASEBOOK = Permission("read a casebook", SEES_ARM.roles)

FREEZE_CUT = Permission("freeze a data cut", roles(Role.DATA_MANAGER))
COUNTERSIGN_CUT = Permission(
    "sign a data cut", roles(Role.DATA_MANAGER, Role.INVESTIGATOR, Role.STATISTICIAN)
)
CHOOSE_SAMPLES = Permission("choose the sample of a time point", roles(Role.INVESTIGATOR))

PAGES: dict[str, Methods | None] = {
    "outcomes:worklist": {"GET": PEOPLE},
    "outcomes:casebook": {"GET": READ_CASEBOOK.roles},
    "outcomes:course": {"GET": READ_RESULTS.roles},
    "outcomes:course-file": {"GET": READ_RESULTS.roles},
    "outcomes:dashboard": {"GET": READ_OUTCOMES.roles},
    "outcomes:endpoint": {"GET": READ_OUTCOMES.roles},
    "outcomes:endpoint-download": {"GET": READ_OUTCOMES.roles},
    "outcomes:sets": {"GET": READ_OUTCOMES.roles},
    "outcomes:cuts": {"GET": READ_OUTCOMES.roles},
    "outcomes:cut-new": {"GET": FREEZE_CUT.roles, "POST": FREEZE_CUT.roles},
    "outcomes:cut": {"GET": READ_OUTCOMES.roles},
    "outcomes:cut-sign": {"GET": COUNTERSIGN_CUT.roles, "POST": COUNTERSIGN_CUT.roles},
    "outcomes:cut-withdraw": {"GET": FREEZE_CUT.roles, "POST": FREEZE_CUT.roles},
    "outcomes:cut-differences": {"GET": READ_OUTCOMES.roles},
    "outcomes:cut-values-download": {"GET": READ_OUTCOMES.roles},
    "outcomes:cut-changes-download": {"GET": READ_OUTCOMES.roles},
    "outcomes:sample": {"GET": CHOOSE_SAMPLES.roles, "POST": CHOOSE_SAMPLES.roles},
    "outcomes:figure": {"GET": READ_OUTCOMES.roles},
    "outcomes:registry": {"GET": READ_OUTCOMES.roles},
    "outcomes:registry-csv": {"GET": READ_OUTCOMES.roles},
    "outcomes:registry-xml": {"GET": READ_OUTCOMES.roles},
    "outcomes:report": {"GET": READ_OUTCOMES.roles},
    "outcomes:report-file": {"GET": READ_OUTCOMES.roles},
    "outcomes:safety": {"GET": READ_OUTCOMES.roles},
    "outcomes:safety-figure": {"GET": READ_OUTCOMES.roles},
    "outcomes:safety-download": {"GET": READ_OUTCOMES.roles},
    "outcomes:flow": {"GET": READ_FLOW.roles},
    "outcomes:flow-list": {"GET": READ_FLOW.roles},
    "outcomes:flow-figure": {"GET": READ_FLOW.roles},
    "outcomes:recruitment": {"GET": READ_RECRUITMENT.roles},
    "outcomes:recruitment-figure": {"GET": READ_RECRUITMENT.roles},
    "outcomes:follow-up": {"GET": READ_FOLLOW_UP.roles},
    "outcomes:flag-answer": {"GET": ANSWER_FLAGS.roles, "POST": ANSWER_FLAGS.roles},
    "outcomes:week-ahead": {"GET": READ_FOLLOW_UP.roles},
    "outcomes:week-ahead-download": {"GET": READ_FOLLOW_UP.roles},
}
