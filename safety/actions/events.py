"""Reporting an adverse event, correcting it, assessing it, and taking it back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, fields
from uuid import UUID

from django.utils import timezone

from dosing.models import DrugChoice, Reaction
from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from labs.models import Result
from oversight.recording import ReasonRequired, recorded
from oversight.records import locked
from oversight.refusals import NeedsConfirmation, Refused
from safety.models import AdverseEvent
from safety.permissions import ASSESS_EVENT, REPORT_EVENT
from safety.rules.events import (
    Course,
    DrugAssessment,
    Fault,
    Seriousness,
    assessment_faults,
    course_faults,
    seriousness_faults,
)
from safety.rules.grades import criteria_of
from safety.selectors import drugs_given, standing_twin
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

NOT_SERIOUS = Seriousness()
# What an assessment rests on: where one of these changes, it is asked for anew.
ASSESSED_CONTENT = ("term", "criteria_code", "onset_on", "onset_time", "grade", "serious")


@dataclass(frozen=True)
class EventFacts:
    """What was told: ``term`` is free, ``criteria_code`` one of the protocol's terms or empty."""

    term: str
    onset_on: dt.date
    grade: int
    outcome: str
    criteria_code: str = ""
    meddra_code: str = ""
    onset_time: dt.time | None = None
    ended_on: dt.date | None = None
    treatment: str = ""
    note: str = ""

    @property
    def course(self) -> Course:
        return Course(self.onset_on, self.onset_time, self.ended_on, self.grade, self.outcome)


@dataclass(frozen=True)
class Offered:
    """What an event is taken over from; at most one of the two."""

    reaction: Reaction | None = None
    result: Result | None = None


@dataclass(frozen=True)
class Assessment:
    """The investigator's judgement: each drug by its code, and whether the event was expected."""

    drugs: Mapping[str, DrugAssessment]
    is_expected: bool | None


def report_event(
    participant: Participant,
    *,
    facts: EventFacts,
    serious: Seriousness = NOT_SERIOUS,
    offered: Offered | None = None,
    by: User,
    confirmed: bool = True,
    key: UUID | None = None,
) -> AdverseEvent:
    """Report an adverse event; nothing is said about its cause yet.

    Raises ``Refused`` for dates that cannot be true, a death that is not called serious, an offer
    that was taken up already; ``NeedsConfirmation`` where the same event stands already;
    ``AlreadyRecorded``, ``PermissionDenied``.  Source: DOMAIN 8.
    """
    REPORT_EVENT.check(by)
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        taken = offered or Offered()
        _check_offer(taken, participant)
        event = AdverseEvent(
            participant=participant,
            reaction=taken.reaction,
            result=taken.result,
            reported_at=clock.now(),
            reported_by=by,
        )
        _set_facts(event, facts)
        _set_seriousness(event, serious, facts.course)
        twin = standing_twin(event)
        if twin is not None and not confirmed:
            raise NeedsConfirmation([("term", _is_it_another(twin))])
        event.full_clean(exclude=["participant"])
        event.save()
        return event


def correct_event(
    event: AdverseEvent,
    *,
    facts: EventFacts,
    reason: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> AdverseEvent:
    """Correct or complete what was told of an event; history keeps what stood before (R04).

    Where the assessment rested on what changes, it is asked for anew.  Raises ``ReasonRequired``,
    ``StaleRecord``, and what ``report_event`` refuses.
    """
    REPORT_EVENT.check(by)
    with recorded(by=by, reason=_reason(event, reason), key=key):
        event = _locked(event, version, by)
        before = _content(event)
        _set_facts(event, facts)
        _refuse(seriousness_faults(_seriousness(event), facts.course, now=clock.now(), tz=_zone()))
        _ask_anew(event, before)
        event.full_clean(exclude=["participant"])
        event.save()
        return event


def change_seriousness(
    event: AdverseEvent,
    *,
    serious: Seriousness,
    reason: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> AdverseEvent:
    """Say that an event is serious, why and since when it is known; its clocks start then.

    Only an investigator says that it is not serious after all.  Raises ``Refused`` for an awareness
    in the future or before the onset, ``ReasonRequired``, ``StaleRecord``, ``PermissionDenied``.
    Source: DOMAIN 8.
    """
    REPORT_EVENT.check(by)
    with recorded(by=by, reason=_reason(event, reason), key=key):
        event = _locked(event, version, by)
        if event.is_serious and not serious.criteria and not ASSESS_EVENT.allows(by):
            text = gettext_noop("Only an investigator says that an event is not serious after all")
            raise Refused(Message(text))
        before = _content(event)
        _set_seriousness(event, serious, _course(event))
        _ask_anew(event, before)
        event.save()
        return event


def assess_event(
    event: AdverseEvent,
    *,
    assessment: Assessment,
    reason: str = "",
    version: int,
    by: User,
    key: UUID | None = None,
) -> AdverseEvent:
    """Assess how each drug is related, what was done with it, and whether the event was expected.

    A second assessment needs a ``reason``.  Raises ``Refused`` where "not given" does not agree
    with the doses, or a related event says nothing of expectedness; ``ReasonRequired``,
    ``StaleRecord``, ``PermissionDenied``.  Source: DOMAIN 8.
    """
    ASSESS_EVENT.check(by)
    with recorded(by=by, reason=reason.strip() or "Assessed", key=key):
        event = _locked(event, version, by)
        if event.assessed_at is not None and not reason.strip():
            raise ReasonRequired(event)
        given = drugs_given(event.participant)
        drugs = dict(assessment.drugs)
        _refuse(assessment_faults(drugs, given, is_expected=assessment.is_expected))
        for drug in DrugChoice:
            setattr(event, f"relation_{drug}", drugs[drug].relation)
            setattr(event, f"action_{drug}", drugs[drug].action)
        event.is_expected = assessment.is_expected
        event.assessed_at, event.assessed_by = clock.now(), by
        event.save()
        return event


def retract_event(
    event: AdverseEvent, *, reason: str, version: int, by: User, key: UUID | None = None
) -> AdverseEvent:
    """Mark an event as entered in error: nothing counts it any more, and its clocks stop.

    Of a serious event only an investigator does so.  Raises ``Refused``, ``ReasonRequired``,
    ``StaleRecord``, ``PermissionDenied``.
    """
    REPORT_EVENT.check(by)
    with recorded(by=by, reason=_reason(event, reason), key=key):
        event = _locked(event, version, by)
        if event.is_serious and not ASSESS_EVENT.allows(by):
            raise Refused(Message(gettext_noop("Only an investigator takes a serious event back")))
        event.retracted_at, event.retracted_by = clock.now(), by
        event.save()
        return event


# --- what they share --------------------------------------------------------------------------


def _locked(event: AdverseEvent, version: int, by: User) -> AdverseEvent:
    """The event under its participant's lock; what was taken back is not changed any more."""
    locked_participant(event.participant, by=by)
    rows = AdverseEvent.objects.filter(pk=event.pk).select_related("participant")
    found: AdverseEvent = locked(rows, version=version)
    if found.retracted_at is not None:
        raise Refused(Message(gettext_noop("This is marked as entered in error already")))
    return found


def _reason(event: AdverseEvent, reason: str) -> str:
    if not reason.strip():
        raise ReasonRequired(event)
    return reason.strip()


def _set_facts(event: AdverseEvent, facts: EventFacts) -> None:
    _refuse(course_faults(facts.course, now=clock.now(), tz=_zone()))
    for field in fields(facts):
        value = getattr(facts, field.name)
        setattr(event, field.name, value.strip() if isinstance(value, str) else value)
    event.criteria = criteria_of(facts.criteria_code, current())[facts.grade].to_json()


def _set_seriousness(event: AdverseEvent, serious: Seriousness, course: Course) -> None:
    _refuse(seriousness_faults(serious, course, now=clock.now(), tz=_zone()))
    event.serious = list(serious.criteria)
    event.serious_aware_at = serious.aware_at


def _seriousness(event: AdverseEvent) -> Seriousness:
    return Seriousness(tuple(event.serious), event.serious_aware_at)


def _course(event: AdverseEvent) -> Course:
    return Course(event.onset_on, event.onset_time, event.ended_on, event.grade, event.outcome)


def _content(event: AdverseEvent) -> dict[str, object]:
    return {name: getattr(event, name) for name in ASSESSED_CONTENT}


def _ask_anew(event: AdverseEvent, before: dict[str, object]) -> None:
    """The assessment was of another event; what it said stays, to begin the next one with."""
    if _content(event) != before:
        event.assessed_at = event.assessed_by = None


def _check_offer(taken: Offered, participant: Participant) -> None:
    for name in ("reaction", "result"):
        source = getattr(taken, name)
        if source is None:
            continue
        if source.participant_id != participant.pk:
            raise Refused(Message(gettext_noop("This belongs to another participant")))
        if AdverseEvent.objects.in_force().filter(**{name: source}).exists():
            raise Refused(Message(gettext_noop("This is recorded as an adverse event already")))


def _is_it_another(twin: AdverseEvent) -> Message:
    return Message(
        gettext_noop("%(term)s since %(day)s stands already and has not ended. Is it another one?"),
        {"term": twin.term, "day": twin.onset_on.isoformat()},
    )


def _refuse(faults: tuple[Fault, ...]) -> None:
    if faults:
        first, *others = [why for _field, why in faults]
        raise Refused(first, others)


def _zone() -> dt.tzinfo:
    return timezone.get_default_timezone()
