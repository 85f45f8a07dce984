"""What an adverse event's entries must agree on, and what its assessment may say (DOMAIN 8)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from safety.rules.clocks import RELATED
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

NOT_GIVEN = "not_given"
DEATH, FATAL, FATAL_GRADE = "death", "fatal", 5

Fault = tuple[str, Message]  # the field that it is about, and why it cannot be


@dataclass(frozen=True)
class Course:
    """When an event happened and how it went.  ``onset_time`` is on the site's clock."""

    onset_on: dt.date
    onset_time: dt.time | None
    ended_on: dt.date | None
    grade: int
    outcome: str


@dataclass(frozen=True)
class Seriousness:
    """Codes of the protocol's criteria, and since when somebody knew; both empty if not serious."""

    criteria: tuple[str, ...] = ()
    aware_at: dt.datetime | None = None


@dataclass(frozen=True)
class DrugAssessment:
    """What the investigator says about one drug."""

    relation: str
    action: str


def course_faults(course: Course, *, now: dt.datetime, tz: dt.tzinfo) -> tuple[Fault, ...]:
    """Why the dates cannot be true: in the future, or an end before the beginning."""
    local = now.astimezone(tz)
    found: list[Fault] = []
    onset = dt.datetime.combine(course.onset_on, course.onset_time or dt.time.min, tzinfo=tz)
    if onset > local:
        name = "onset_time" if course.onset_on == local.date() else "onset_on"
        found.append((name, Message(gettext_noop("An event cannot begin in the future"))))
    if course.ended_on is not None:
        if course.ended_on < course.onset_on:
            found.append(("ended_on", Message(gettext_noop("An event ends after it begins"))))
        if course.ended_on > local.date():
            text = gettext_noop("Leave the end empty until the event has ended")
            found.append(("ended_on", Message(text)))
    return tuple(found)


def seriousness_faults(
    serious: Seriousness, course: Course, *, now: dt.datetime, tz: dt.tzinfo
) -> tuple[Fault, ...]:
    """Why seriousness and its awareness cannot stand beside the course of the event."""
    found: list[Fault] = []
    dies = course.grade == FATAL_GRADE or course.outcome == FATAL
    if dies and DEATH not in serious.criteria:
        text = gettext_noop("Grade 5 and a fatal outcome are serious: choose Death")
        found.append(("serious", Message(text)))
    if serious.criteria and serious.aware_at is None:
        text = gettext_noop("Enter when somebody at the site first knew that it is serious")
        found.append(("serious_aware_at", Message(text)))
    if serious.aware_at is None:
        return tuple(found)
    if not serious.criteria:
        found.append(("serious", Message(gettext_noop("Choose why the event is serious"))))
    onset = dt.datetime.combine(course.onset_on, course.onset_time or dt.time.min, tzinfo=tz)
    if serious.aware_at > now:
        found.append(("serious_aware_at", Message(gettext_noop("This is in the future"))))
    if serious.aware_at < onset:
        text = gettext_noop("Nobody can know of the event before it began")
        found.append(("serious_aware_at", Message(text)))
    return tuple(found)


def assessment_faults(
    drugs: dict[str, DrugAssessment], given: frozenset[str], *, is_expected: bool | None
) -> tuple[Fault, ...]:
    """Why an assessment cannot be: ``drugs`` by code, ``given`` those that were ever delivered.

    "Not given" is said of a drug that the participant never had, and of no other; what a drug may
    have caused was expected or not.
    """
    found: list[Fault] = []
    for drug, said in drugs.items():
        for part in ("relation", "action"):
            claims_none = getattr(said, part) == NOT_GIVEN
            if claims_none and drug in given:
                text = gettext_noop("The participant has had this drug")
                found.append((f"{part}_{drug}", Message(text)))
            if not claims_none and drug not in given:
                text = gettext_noop("The participant never had this drug: choose not given")
                found.append((f"{part}_{drug}", Message(text)))
    related = any(said.relation in RELATED for said in drugs.values())
    if related and is_expected is None:
        text = gettext_noop("Say whether a related event was expected")
        found.append(("is_expected", Message(text)))
    return tuple(found)
