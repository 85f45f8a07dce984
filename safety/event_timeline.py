"""Adverse events, their ends and their reports in a participant's casebook."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from dosing.models import DrugChoice
from dosing.wording import drug_name, sentence
from enrollment.models import Participant
from safety.models import AdverseEvent, SafetyReport
from safety.wording import serious_because
from trial_site.messages import Message
from trial_site.presentation import TimelineEvent
from trial_site.protocol.definition import gettext_noop

KIND, ICON = "safety", "alert"
SEVERE = 3


def events(participant: Participant) -> list[TimelineEvent]:
    """Events in force, when they began and ended, and what was reported of them."""
    rows: Any = participant.adverse_events.in_force()
    found = rows.select_related("reported_by").prefetch_related("reports__reported_by")
    return [entry for event in found for entry in _of(event)]


def _of(event: AdverseEvent) -> Iterator[TimelineEvent]:
    yield TimelineEvent(
        at=began_at(event),
        icon=ICON,
        title=Message("%(term)s", {"term": event.term}),
        why=sentence(*_why(event)),
        badge=_badge(event),
        by=event.reported_by.get_username(),
        history=("safety.adverseevent", event.pk),
        kind=KIND,
        anchor=f"event-{event.pk}",
    )
    if event.ended_on is not None:
        ended = dt.datetime.combine(event.ended_on, dt.time.max, tzinfo=_zone())
        yield TimelineEvent(
            at=ended.replace(microsecond=0),
            icon="check",
            title=Message(gettext_noop("%(term)s ended"), {"term": event.term}),
            why=Message(str(event.get_outcome_display())),
            kind=KIND,
        )
    yield from (_report(event, report) for report in event.reports.all())


def began_at(event: AdverseEvent) -> dt.datetime:
    """The onset; without a time, the beginning of its day."""
    return dt.datetime.combine(event.onset_on, event.onset_time or dt.time.min, tzinfo=_zone())


def _zone() -> dt.tzinfo:
    return timezone.get_default_timezone()


def _badge(event: AdverseEvent) -> tuple[str, Message]:
    kind = "bad" if event.grade >= SEVERE or event.serious else "planned"
    params = {"grade": str(event.grade)}
    if event.serious:
        return kind, Message(gettext_noop("Grade %(grade)s, serious"), params)
    return kind, Message(gettext_noop("Grade %(grade)s"), params)


def _why(event: AdverseEvent) -> Iterator[Message]:
    yield Message.from_json(event.criteria)
    yield from serious_because(event)
    if event.assessed_at is None:
        yield Message(gettext_noop("not assessed yet"))
        return
    for drug in DrugChoice:
        relation = Message(str(getattr(event, f"get_relation_{drug}_display")()))
        yield Message("%(drug)s: %(relation)s", {"drug": drug_name(drug), "relation": relation})


def _report(event: AdverseEvent, report: SafetyReport) -> TimelineEvent:
    params: dict[str, str | Message] = {
        "report": Message(str(report.get_kind_display())),
        "recipient": Message(str(report.get_recipient_display())),
        "term": event.term,
    }
    return TimelineEvent(
        at=report.sent_at,
        icon="form",
        title=Message(gettext_noop("%(report)s to %(recipient)s: %(term)s"), params),
        badge=("done", Message(gettext_noop("Sent"))),
        by=report.reported_by.get_username(),
        history=("safety.safetyreport", report.pk),
        kind=KIND,
    )
