"""Telling whoever must report again, when a clock of a serious event runs out or has run out."""

from __future__ import annotations

import logging
from functools import partial

from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext, override

from enrollment.models import Participant
from oversight.recording import recorded
from oversight.records import locked
from safety.clocks import EventClock, of_events
from safety.models import AdverseEvent, Escalation
from safety.permissions import SEND_REPORT
from safety.rules.clocks import ClockState
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

log = logging.getLogger(__name__)

LEVELS = {ClockState.WARNING: "warning", ClockState.OVERDUE: "overdue"}
_SUBJECTS = {
    "warning": gettext_noop("%(subject)s: a safety report is due %(due)s"),
    "overdue": gettext_noop("%(subject)s: a safety report is overdue, it was due %(due)s"),
}
_BODY = gettext_noop(
    "%(clock)s: %(why)s. Open the trial's page Safety, which names the event; this mail does not."
)


def escalate_due(*, by: User) -> int:
    """Tell the site's investigators and coordinators of each clock that runs out or has run out.

    Once a clock and level, however often and by however many processes at once this runs: each is a
    unique row, written under the participant's lock, and the mail leaves after the commit.  Returns
    how many were told anew.  Source: DOMAIN 8.
    """
    waiting = [one for one in of_events(AdverseEvent.objects.all()) if one.state in LEVELS]
    told = set(Escalation.objects.values_list("event", "clock", "level", "due_at"))
    fresh = [one for one in waiting if _key(one) not in told]
    return sum(_settle(pk, by=by) for pk in sorted({one.event.pk for one in fresh}))


def _key(one: EventClock) -> tuple[object, ...]:
    return one.event.pk, one.clock.name.value, LEVELS[one.state], one.clock.due_at


def _settle(event_pk: int, *, by: User) -> int:
    """One event, from its clocks as they stand under the lock."""
    with recorded(by=by):
        event = AdverseEvent.objects.get(pk=event_pk)
        participant = locked(Participant.objects.filter(pk=event.participant_id))
        told = set(
            Escalation.objects.filter(event=event).values_list("event", "clock", "level", "due_at")
        )
        clocks = of_events(AdverseEvent.objects.filter(pk=event_pk))
        fresh = [one for one in clocks if one.state in LEVELS and _key(one) not in told]
        people = _people(participant) if fresh else []
        for one in fresh:
            _escalate(one, participant, people)
    return len(fresh)


def _people(participant: Participant) -> list[User]:
    """Those of the site who may report; they see the clock on their worklist with or without an
    address."""
    staff = User.objects.filter(
        sites=participant.site_id, role__in=SEND_REPORT.roles, is_active=True
    )
    return list(staff.order_by("username"))


def _escalate(one: EventClock, participant: Participant, people: list[User]) -> None:
    written = [person for person in people if person.email]
    level = LEVELS[one.state]
    Escalation(
        participant=participant,
        event=one.event,
        clock=one.clock.name.value,
        level=level,
        due_at=one.clock.due_at,
        escalated_at=clock.now(),
        told=[person.get_username() for person in written],
    ).save()
    if written:
        letters = [(p.email, *_mail(one, participant.subject, level, p)) for p in written]
        transaction.on_commit(partial(_send, letters))


def _mail(one: EventClock, subject: str, level: str, person: User) -> tuple[str, str]:
    """Subject and text in the person's language; no term, grade or arm leaves the house by mail."""
    with override(person.language):
        params: dict[str, str | Message] = {"subject": subject, "due": one.due_text}
        parts = {"clock": one.name, "why": one.clock.why}
        heading = Message(_SUBJECTS[level], params).render(gettext)
        return heading, Message(_BODY, parts).render(gettext)


def _send(letters: list[tuple[str, str, str]]) -> None:
    """One mail a person; a mail server that fails must not undo or hide what was recorded."""
    for address, subject, body in letters:
        try:
            send_mail(subject, body, None, [address])
        except OSError:
            log.exception("An escalation could not be mailed")
