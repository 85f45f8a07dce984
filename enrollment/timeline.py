"""What this room adds to a participant's casebook."""

import datetime as dt
from collections.abc import Iterator

from django.utils import timezone

from enrollment.models import Participant, Visit
from enrollment.states import State
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import TimelineEvent
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import SEES_ARM

NOON = dt.time(12)


def events(participant: Participant, user: User) -> list[TimelineEvent]:
    """Screening, consent, moves, allocation and visits; the arm only for those who may see it."""
    return [
        *_screening(participant),
        *_moves(participant, user),
        *(_visit(visit) for visit in participant.visits.all() if visit.status != "planned"),
    ]


def _screening(participant: Participant) -> Iterator[TimelineEvent]:
    screening = participant.screening
    consent = screening.consent
    yield TimelineEvent(
        at=_at_noon(consent.signed_on),
        icon="pen",
        title=gettext_noop("Consent signed"),
        why=Message(
            gettext_noop("Form %(version)s, explained by %(person)s"),
            {"version": consent.form_version, "person": consent.explained_by},
        ),
        history=("enrollment.consent", consent.pk),
    )
    if screening.submitted_at:
        yield TimelineEvent(
            at=screening.submitted_at,
            icon="form",
            title=Message(
                gettext_noop("Screening %(number)s submitted"), {"number": str(screening)}
            ),
            by=screening.submitted_by.username if screening.submitted_by else "",
            history=("enrollment.screening", screening.pk),
        )
    if screening.confirmed_at:
        yield TimelineEvent(
            at=screening.confirmed_at,
            icon="shield",
            title=gettext_noop("Eligibility confirmed"),
            by=screening.confirmed_by.username if screening.confirmed_by else "",
            history=("enrollment.screening", screening.pk),
        )


def _moves(participant: Participant, user: User) -> Iterator[TimelineEvent]:
    for move in participant.moves.select_related("by"):
        allocated = move.after == State.ALLOCATED and SEES_ARM.allows(user)
        yield TimelineEvent(
            at=move.at,
            icon="lock" if move.after == State.ALLOCATED else "user",
            title=_allocated_title(participant) if allocated else State(move.after).label,
            why=move.why,
            by=move.by.username,
            history=("enrollment.move", move.pk),
        )


def _allocated_title(participant: Participant) -> Message:
    arm = current().arm(participant.allocation.arm)
    return Message(gettext_noop("Allocated: %(arm)s"), {"arm": Message(arm.short_label)})


def _visit(visit: Visit) -> TimelineEvent:
    done = visit.done_on is not None
    day = visit.done_on or visit.closes
    kind, word = ("done", gettext_noop("Done")) if done else ("late", gettext_noop("Missed"))
    inside = gettext_noop("In window, %(opens)s to %(closes)s")
    outside = gettext_noop("Outside its window, %(opens)s to %(closes)s")
    return TimelineEvent(
        at=_at_noon(day),
        icon="calendar",
        title=current().visit(visit.code).title,
        why=Message(
            inside if visit.in_window(day) else outside,
            {"opens": visit.opens.isoformat(), "closes": visit.closes.isoformat()},
        ),
        badge=(kind, Message(word)),
        history=("enrollment.visit", visit.pk),
        kind="visit",
    )


def _at_noon(day: dt.date) -> dt.datetime:
    """A day without a time stands in the middle of its day."""
    return dt.datetime.combine(day, NOON, timezone.get_default_timezone())
