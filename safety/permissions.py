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
DECLINE_REACTION = Permission("decline to report a reaction", REPORT_EVENT.roles)
ASSESS_EVENT = Permission("assess an adverse event", roles(Role.INVESTIGATOR))
DECLINE_RESULT = Permission("decline to report a graded result", ASSESS_EVENT.roles)
SEND_REPORT = Permission(
    "send a report of a serious event", roles(Role.INVESTIGATOR, Role.COORDINATOR)
)
RECORD_DEVIATION = Permission("record a deviation", roles(Role.COORDINATOR, Role.INVESTIGATOR))
ASSESS_DEVIATION = Permission("assess a deviation", roles(Role.INVESTIGATOR))
RECORD_BACKGROUND = Permission(
    "record medicines and medical history", roles(Role.COORDINATOR, Role.INVESTIGATOR)
)

_REPORTING: Methods = {"GET": REPORT_EVENT.roles, "POST": REPORT_EVENT.roles}
_ASSESSING: Methods = {"GET": ASSESS_EVENT.roles, "POST": ASSESS_EVENT.roles}
_RECORDING: Methods = {"GET": RECORD_DEVIATION.roles, "POST": RECORD_DEVIATION.roles}
_CLASSIFYING: Methods = {"GET": ASSESS_DEVIATION.roles, "POST": ASSESS_DEVIATION.roles}
_BACKGROUND: Methods = {"GET": RECORD_BACKGROUND.roles, "POST": RECORD_BACKGROUND.roles}
_SENDING: Methods = {"GET": SEND_REPORT.roles, "POST": SEND_REPORT.roles}

PAGES: dict[str, Methods | None] = {
    "safety:events": {"GET": READ_SAFETY.roles},
    "safety:events-download": {"GET": READ_SAFETY.roles},
    "safety:event-new": _REPORTING,
    "safety:event-criteria": {"GET": REPORT_EVENT.roles},
    "safety:event": {"GET": READ_SAFETY.roles},
    "safety:event-correct": _REPORTING,
    "safety:event-serious": _REPORTING,
    "safety:event-assess": _ASSESSING,
    "safety:event-in-error": _REPORTING,
    "safety:offer-decline": _REPORTING,
    "safety:report-new": _SENDING,
    "safety:report": {"GET": READ_SAFETY.roles},
    "safety:deviations": {"GET": READ_SAFETY.roles},
    "safety:deviations-download": {"GET": READ_SAFETY.roles},
    "safety:deviations-log": {"GET": READ_SAFETY.roles},
    "safety:deviation-new": _RECORDING,
    "safety:deviation-accept": _RECORDING,
    "safety:deviation-decline": _RECORDING,
    "safety:deviation": {"GET": READ_SAFETY.roles},
    "safety:deviation-assess": _CLASSIFYING,
    "safety:deviation-correct": _RECORDING,
    "safety:deviation-in-error": _RECORDING,
    "safety:medication": {"GET": READ_SAFETY.roles},
    "safety:medication-new": _BACKGROUND,
    "safety:medication-stop": _BACKGROUND,
    "safety:medication-correct": _BACKGROUND,
    "safety:medication-in-error": _BACKGROUND,
    "safety:history": {"GET": READ_SAFETY.roles},
    "safety:history-new": _BACKGROUND,
    "safety:history-correct": _BACKGROUND,
    "safety:history-in-error": _BACKGROUND,
}
