"""Adverse events of everybody dosed, as treated: mortality, serious events, and the others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from enrollment.models import Participant
from enrollment.states import State
from outcomes.exposure import Events, Exposed
from outcomes.harm import facts_of, groups_of
from outcomes.registry import words
from outcomes.registry.content import Event, EventCount, EventTable, ReportedEvents
from outcomes.registry.population import arm_groups
from outcomes.rules.harm import EventFact, Groups, Tally, by_term
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

THRESHOLD = Decimal(0)  # percent: every event is reported

_TIME_FRAME = gettext_noop(
    "From the first dose of a trial drug to the end of follow-up, %(months)s months after drug "
    "withdrawal."
)
_DESCRIPTION = (
    gettext_noop("Everybody who received a trial drug, by the treatment received."),
    gettext_noop("Asked for every day of treatment and at every visit."),
    gettext_noop(
        "Terms as they were reported. MedDRA is licensed: the record holds no organ system, and "
        "none is given."
    ),
)
_BEFORE = gettext_noop("Events that began before the first dose, in no table: %(number)s.")


def reported_events(
    people: Sequence[Participant], exposed: Sequence[Exposed], events: Events
) -> ReportedEvents:
    """The same events and people as on the safety dashboard."""
    groups = groups_of(exposed)
    facts, before = facts_of(people, exposed, events)
    description = [Message(text) for text in _DESCRIPTION]
    if before:
        description.append(Message(_BEFORE, {"number": str(before)}))
    return ReportedEvents(
        time_frame=Message(_TIME_FRAME, {"months": str(current().follow_up_months)}),
        description=tuple(description),
        groups=arm_groups("E"),
        threshold=THRESHOLD,
        assessment=words.SYSTEMATIC,
        mortality=_mortality(people, facts, groups),
        serious=_table(words.SERIOUS_TOTAL, [fact for fact in facts if fact.serious], groups),
        other=_table(words.OTHER_TOTAL, [fact for fact in facts if not fact.serious], groups),
        before=before,
    )


def _mortality(people: Iterable[Participant], facts: Iterable[EventFact], groups: Groups) -> Event:
    """Whoever died in the trial, of an event or otherwise."""
    died = {person.subject for person in people if person.state == State.DIED}
    died |= {fact.subject for fact in facts if fact.fatal}
    return Event(words.ALL_CAUSE, _affected(died, groups))


def _table(title: str, facts: Sequence[EventFact], groups: Groups) -> EventTable:
    total = Event(title, _affected({fact.subject for fact in facts}, groups))
    lines = (Event(line.term, _tallied(line.tallies)) for line in by_term(facts, groups))
    return EventTable(total, tuple(lines))


def _affected(subjects: set[str], groups: Groups) -> tuple[EventCount, ...]:
    return tuple(
        EventCount(column.id, len(subjects & groups[column.arm]), len(groups[column.arm]))
        for column in arm_groups("E")
    )


def _tallied(tallies: Iterable[Tally]) -> tuple[EventCount, ...]:
    return tuple(
        EventCount(column.id, tally.participants, tally.of, tally.events)
        for column, tally in zip(arm_groups("E"), tallies, strict=True)
    )
