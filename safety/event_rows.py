"""What waits about adverse events: clocks that run, events to assess, offers to look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.timezone import localdate

from dosing.wording import clock_text
from labs.worklist import BEFORE_EVERYTHING
from safety.clocks import EventClock, open_clocks
from safety.models import AdverseEvent
from safety.offers import REACTION, RESULT, Offer, open_offers
from safety.permissions import ASSESS_EVENT, REPORT_EVENT, SEND_REPORT
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import WorkRow
from trial_site.protocol.definition import gettext_noop

SOON = dt.timedelta(days=1)
# An overdue report stands before every other thing that is late.
FIRST = BEFORE_EVERYTHING - dt.timedelta(days=1)


def rows(user: User) -> list[WorkRow]:
    """Events to assess and offers to look at."""
    if not REPORT_EVENT.allows(user):
        return []
    return [*_assessment_rows(user), *_offer_rows(user)]


# --- clocks -----------------------------------------------------------------------------------


def clock_rows(user: User) -> list[WorkRow]:
    """Everything that still has to be reported, the first to run out first, for the room's page."""
    return [_clock_row(one, user) for one in open_clocks(user)]


def own_clock_rows(user: User) -> list[WorkRow]:
    """Running clocks for those who may report; overdue ones for everybody at the bedside."""
    return list(_own_clocks(user)) if REPORT_EVENT.allows(user) else []


def _own_clocks(user: User) -> Iterator[WorkRow]:
    reports = SEND_REPORT.allows(user)
    for one in open_clocks(user):
        if reports or one.is_overdue:
            yield _clock_row(one, user)


def _clock_row(one: EventClock, user: User) -> WorkRow:
    day = localdate(one.clock.due_at)
    subject = one.event.participant.subject
    params: dict[str, str | Message] = {"report": one.name, "term": one.event.term}
    action, url = _what_to_do(one, user)
    return WorkRow(
        state=_urgency(one),
        badge=one.badge[1],
        when=one.left,
        subject=subject,
        subject_url=_casebook(subject),
        title=Message(gettext_noop("%(report)s: %(term)s"), params),
        why=Message("%(due)s; %(why)s", {"due": one.due_text, "why": one.clock.why}),
        action=Message(action),
        url=url,
        sort=(FIRST if one.is_overdue else day, day, f"{one.clock.due_at:%Y%m%d%H%M%S} {subject}"),
    )


def _urgency(one: EventClock) -> str:
    if one.is_overdue:
        return "late"
    is_soon = one.clock.last_day is not None and one.clock.last_day > clock.today() + SOON
    return "soon" if is_soon else "due"


def _what_to_do(one: EventClock, user: User) -> tuple[str, str]:
    """An assessment may stop a clock that is not certain; else a report does."""
    pk = one.event.pk
    if not one.clock.is_certain and ASSESS_EVENT.allows(user):
        return gettext_noop("Assess"), reverse("safety:event-assess", args=[pk])
    if SEND_REPORT.allows(user):
        return gettext_noop(
            "Report"
        ), f"{reverse('safety:report-new', args=[pk])}?to={one.clock.recipient}"
    return gettext_noop("Open"), reverse("safety:event", args=[pk])


# --- assessments and offers -------------------------------------------------------------------


def _assessment_rows(user: User) -> Iterator[WorkRow]:
    if not ASSESS_EVENT.allows(user):
        return
    visible: Any = AdverseEvent.objects.visible_to(user)
    waiting = visible.in_force().filter(assessed_at=None).select_related("participant")
    for event in waiting:
        subject, day = event.participant.subject, localdate(event.reported_at)
        grade = {"term": event.term, "grade": str(event.grade)}
        yield WorkRow(
            state="due",
            badge=Message(gettext_noop("To assess")),
            when=clock_text(event.reported_at, clock.today()),
            subject=subject,
            subject_url=_casebook(subject),
            title=Message(gettext_noop("%(term)s, grade %(grade)s"), grade),
            why=Message(gettext_noop("Reported; how the drugs are related is not assessed")),
            action=Message(gettext_noop("Assess")),
            url=reverse("safety:event-assess", args=[event.pk]),
            sort=(day, day, subject),
        )


def _offer_rows(user: User) -> Iterator[WorkRow]:
    """The nurse's reactions; the investigator's reactions and graded results."""
    kinds = (REACTION, RESULT) if ASSESS_EVENT.allows(user) else (REACTION,)
    if SEND_REPORT.allows(user) and not ASSESS_EVENT.allows(user):
        return
    for offer in open_offers(user, kinds):
        yield _offer_row(offer)


def _offer_row(offer: Offer) -> WorkRow:
    day, subject = localdate(offer.at), offer.participant.subject
    params: dict[str, str | Message] = {"term": offer.name, "grade": str(offer.grade)}
    return WorkRow(
        state="due",
        badge=Message(gettext_noop("Offered")),
        when=clock_text(offer.at, clock.today()),
        subject=subject,
        subject_url=_casebook(subject),
        title=Message(gettext_noop("%(term)s, grade %(grade)s"), params),
        why=Message(
            gettext_noop("%(found)s: is it an adverse event?"),
            {"found": offer.why},
        ),
        action=Message(gettext_noop("Decide")),
        url=f"{reverse('safety:events')}#{offer.kind}-{offer.pk}",
        sort=(day, day, subject),
    )


def _casebook(subject: str) -> str:
    return reverse("outcomes:casebook", args=[subject])
