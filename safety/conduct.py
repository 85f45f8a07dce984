"""Deviations, medicines and history on the worklist and in the casebook."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from dosing.wording import sentence
from enrollment.models import Participant
from safety.departures import conduct
from safety.deviation_list import DeviationLine, deviations
from safety.models import ConcomitantMedication, Deviation
from safety.permissions import ASSESS_DEVIATION
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import TimelineEvent, WorkRow
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import Role

KIND, NOON = "safety", dt.time(12)


def work_rows(user: User) -> list[WorkRow]:
    """For the coordinator what rules offer, one row a participant; for the investigator what waits
    for an assessment."""
    if user.role == Role.COORDINATOR:
        return list(_offered(user))
    return list(_to_assess(user)) if ASSESS_DEVIATION.allows(user) else []


def _offered(user: User) -> Iterator[WorkRow]:
    waiting = conduct(user).offers
    counts = Counter(offer.subject for offer in waiting)
    first = {offer.subject: offer.found.occurred_on for offer in reversed(waiting)}
    today = clock.today()
    for subject, number in counts.items():
        one = number == 1
        yield WorkRow(
            state="due",
            badge=Message(gettext_noop("Decide")),
            when=_day(first[subject]),
            subject=subject,
            subject_url=reverse("outcomes:casebook", args=[subject]),
            title=Message(gettext_noop("Possible deviation"))
            if one
            else Message(gettext_noop("%(number)s possible deviations"), {"number": str(number)}),
            why=Message(gettext_noop("The record shows a departure from the protocol"))
            if one
            else Message(gettext_noop("The record shows departures from the protocol")),
            action=Message(gettext_noop("Look and decide")),
            url=f"{reverse('safety:deviations')}?participant={subject}",
            sort=(today, first[subject], subject),
        )


def _to_assess(user: User) -> Iterator[WorkRow]:
    waiting = deviations(user).in_force().filter(assessed_at=None)
    for one in waiting.order_by("occurred_on", "pk"):
        line = DeviationLine(one, still_holds=True)
        yield WorkRow(
            state="due",
            badge=Message(gettext_noop("To assess")),
            when=_day(one.occurred_on),
            subject=one.participant.subject,
            subject_url=reverse("outcomes:casebook", args=[one.participant.subject]),
            title=Message(gettext_noop("Deviation: %(name)s"), {"name": Message(line.name)}),
            why=_what(line),
            action=Message(gettext_noop("Assess")),
            url=reverse("safety:deviation-assess", args=[one.pk]),
            sort=(clock.today(), one.occurred_on, one.participant.subject),
        )


def _what(line: DeviationLine) -> Message | str:
    said = line.deviation.description
    told = (Message("%(text)s", {"text": said}),) if said else ()
    return sentence(*line.evidence, *told)


def _day(day: dt.date) -> str:
    return date_format(day, "MONTH_DAY_FORMAT")


# --- the casebook --------------------------------------------------------------------------------


def casebook_events(participant: Participant) -> list[TimelineEvent]:
    """Deviations on their day, medicines on the first and last, history on the day it was told."""
    return [*_deviations(participant), *_medicines(participant), *_history(participant)]


def _deviations(participant: Participant) -> Iterator[TimelineEvent]:
    rows = Deviation.objects.in_force().filter(participant=participant)
    for one in rows.select_related("recorded_by"):
        line = DeviationLine(one, still_holds=True)
        name = Message(current().safety.deviation(one.kind).name)
        yield TimelineEvent(
            at=_noon(one.occurred_on),
            icon="alert",
            title=Message(gettext_noop("Deviation: %(name)s"), {"name": name}),
            why=_what(line),
            badge=("late" if one.severity == "major" else "due", str(one.get_severity_display())),
            by=one.recorded_by.get_username(),
            history=("safety.deviation", one.pk),
            kind=KIND,
            anchor=f"deviation-{one.pk}",
        )


def _medicines(participant: Participant) -> Iterator[TimelineEvent]:
    rows = ConcomitantMedication.objects.in_force().filter(participant=participant)
    for one in rows.select_related("recorded_by"):
        named = {"name": one.name, "for": one.indication}
        if one.started_on:
            title = Message(gettext_noop("Medicine begun: %(name)s, for %(for)s"), named)
            yield _medicine(one, _noon(one.started_on), title)
        else:
            title = Message(gettext_noop("Medicine from before the trial: %(name)s"), named)
            yield _medicine(one, one.recorded_at, title)
        if one.ended_on:
            title = Message(gettext_noop("Medicine stopped: %(name)s"), named)
            yield _medicine(one, _noon(one.ended_on), title)


def _medicine(one: ConcomitantMedication, at: dt.datetime, title: Message) -> TimelineEvent:
    return TimelineEvent(
        at=at,
        icon="form",
        title=title,
        why=sentence(*(Message.from_json(row) for row in one.interactions)),
        by=one.recorded_by.get_username(),
        history=("safety.concomitantmedication", one.pk),
        kind=KIND,
    )


def _history(participant: Participant) -> Iterator[TimelineEvent]:
    for one in participant.medical_history.in_force().select_related("recorded_by"):
        yield TimelineEvent(
            at=one.recorded_at,
            icon="book",
            title=Message(gettext_noop("Medical history: %(term)s"), {"term": one.term}),
            by=one.recorded_by.get_username(),
            history=("safety.medicalhistory", one.pk),
            kind=KIND,
        )


def _noon(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, NOON, timezone.get_default_timezone())
