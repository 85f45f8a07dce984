"""Reactions, results and adverse events for tests, made through the real actions."""

import datetime as dt
from typing import Any
from uuid import uuid4

from dosing.actions.reactions import record_reaction
from dosing.models import Reaction
from dosing.rules.reactions import Seen
from enrollment.models import Participant
from labs.models import Result
from safety.actions.events import Assessment, EventFacts, assess_event, report_event
from safety.models import AdverseEvent
from safety.rules.events import DrugAssessment, Seriousness
from tests import factories
from tests.labs.examples import entered, hours_ago, safety
from trial_site import clock
from trial_site.roles import Role

NO_DRUG = DrugAssessment("not_given", "not_given")
UNRELATED = DrugAssessment("unrelated", "none")
POSSIBLE = DrugAssessment("possible", "held")


def facts(**changes: Any) -> EventFacts:
    """A fever of today, grade 2, not over yet."""
    values: dict[str, Any] = {
        "term": "Fever",
        "criteria_code": "fever",
        "onset_on": clock.today(),
        "onset_time": dt.time(9, 0),
        "grade": 2,
        "outcome": "not_recovered",
    }
    return EventFacts(**values | changes)


def hospitalised(hours: int = 1) -> Seriousness:
    """Known since so many hours ago."""
    return Seriousness(("hospitalisation",), hours_ago(hours))


def event(
    participant: Participant, serious: Seriousness | None = None, **changes: Any
) -> AdverseEvent:
    return report_event(
        participant,
        facts=facts(**changes),
        serious=serious or Seriousness(),
        by=factories.user(Role.NURSE, participant.site),
        key=uuid4(),
    )


def assessed(
    found: AdverseEvent,
    il2: DrugAssessment = NO_DRUG,
    ganciclovir: DrugAssessment = POSSIBLE,
    *,
    expected: bool | None = True,
    reason: str = "",
) -> AdverseEvent:
    """By default, of a participant without IL-2: possibly related to ganciclovir, expected."""
    return assess_event(
        found,
        assessment=Assessment({"il2": il2, "ganciclovir": ganciclovir}, expected),
        reason=reason,
        version=found.version,
        by=factories.user(Role.INVESTIGATOR, found.participant.site),
        key=uuid4(),
    )


def reaction(participant: Participant, **changes: Any) -> Reaction:
    """A fever after the participant's first dose."""
    dose = participant.administrations.in_force().first()
    values: dict[str, Any] = {"kind": "fever", "onset_at": hours_ago(3), "grade": 2}
    return record_reaction(
        dose,
        seen=Seen(**values | changes),
        by=factories.user(Role.NURSE, participant.site),
        key=uuid4(),
    )


def severe_result(participant: Participant, value: str = "0.6", hours: int = 4) -> Result:
    """Neutrophils of grade 3 (0.6 × 10⁹/L), unless said otherwise."""
    [found] = entered(participant, safety("anc", value, "10^9/L", lln="1.8"), hours=hours)
    return found
