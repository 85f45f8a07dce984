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
ICONS = {State.ENROLLED: "user", State.ALLOCATED: "lock"}


def events(participant: Participant, user: User) -> list[TimelineEvent]:
    """Consent, screening, moves and visits; the arm only for those who may see it."""
    return [*_screening(participant), *_moves(participant, user), *_visits(participant)]


def _screening(participant: Participant) -> Iterator[TimelineEvent]:
    screening, consent = participant.screening, participant.screening.consent
    yield TimelineEvent(
        at=_at_noon(consent.signed_on),
        icon="pen",
        title=Message(gettext_noop("Consent signed")),
        why=Message(
            gettext_noop("Form %(version)s, explained by %(person)s"),
            {"version": consent.form_version, "person": consent.explained_by},
        ),
        history=("enrollment.consent", consent.pk),
    )
    if screening.submitted_at and screening.submitted_by:
        yield TimelineEvent(
            at=screening.submitted_at,
            icon="form",
            title=Message(
                gettext_noop("Screening %(number)s submitted"), {"number": screening.number}
            ),
            why=Message(
                gettext_noop("Judged by protocol %(version)s"),
                {"version": screening.protocol_version},
            ),
            by=screening.submitted_by.get_username(),
            history=("enrollment.screening", screening.pk),
        )
    if screening.confirmed_at and screening.confirmed_by:
        yield TimelineEvent(
            at=screening.confirmed_at,
            icon="shield",
            title=Message(gettext_noop("Eligibility confirmed")),
            by=screening.confirmed_by.get_username(),
            history=("enrollment.screening", screening.pk),
        )


def _moves(participant: Participant, user: User) -> Iterator[TimelineEvent]:
    for move in participant.moves.select_related("by"):
        after = State(move.after)
        shows_arm = after is State.ALLOCATED and SEES_ARM.allows(user)
        title = Message(str(after.label))
        yield TimelineEvent(
            at=move.at,
            icon=ICONS.get(after, "flag"),
            title=_with_arm(participant) if shows_arm else title,
            why=move.why,
            by=move.by.get_username(),
            history=("enrollment.move", move.pk),
        )


def _with_arm(participant: Participant) -> Message:
    arm = current().arm(participant.allocation.arm)
    return Message(gettext_noop("Allocated: %(arm)s"), {"arm": Message(arm.short_label)})


def _visits(participant: Participant) -> Iterator[TimelineEvent]:
    """The visits that were done or missed; a missed one stands on the last day of its window."""
    for visit in participant.visits.all():
        if visit.status == Visit.Status.DONE and visit.done_on:
            yield _visit(visit, visit.done_on, "done")
        elif visit.status == Visit.Status.MISSED:
            yield _visit(visit, visit.closes, "bad")


def _visit(visit: Visit, day: dt.date, kind: str) -> TimelineEvent:
    inside = gettext_noop("In its window, %(opens)s to %(closes)s")
    outside = gettext_noop("Outside its window, %(opens)s to %(closes)s")
    return TimelineEvent(
        at=_at_noon(day),
        icon="calendar",
        title=Message(current().visit(visit.code).title),
        why=Message(
            inside if visit.in_window(day) else outside,
            {"opens": visit.opens.isoformat(), "closes": visit.closes.isoformat()},
        ),
        badge=(kind, visit.get_status_display()),
        history=("enrollment.visit", visit.pk),
        kind="visit",
    )


def _at_noon(day: dt.date) -> dt.datetime:
    """A day without a time stands in the middle of its day."""
    return dt.datetime.combine(day, NOON, timezone.get_default_timezone())
