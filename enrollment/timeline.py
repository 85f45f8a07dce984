"""What this room adds to a participant's casebook."""

import datetime as dt
from collections.abc import Iterator

from django.utils import timezone

from enrollment.models import Participant, Visit
from enrollment.states import State
from enrollment.visits import VisitLine, line_of
from trial_site.messages import Message
from trial_site.models import User
from trial_site.presentation import TimelineEvent
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import SEES_ARM

NOON = dt.time(12)
ICONS = {State.ENROLLED: "user", State.ALLOCATED: "lock"}
WINDOWS = {
    "done": gettext_noop("In its window, %(opens)s to %(closes)s"),
    "outside": gettext_noop("Outside its window, %(opens)s to %(closes)s"),
    "missed": gettext_noop("Window %(opens)s to %(closes)s"),
}


def events(participant: Participant, user: User) -> list[TimelineEvent]:
    """Consent, screening, moves and visits; the arm only for those who may see it."""
    return [
        *_screening(participant),
        *_moves(participant, user),
        *_error(participant, user),
        *_visits(participant),
    ]


def _screening(participant: Participant) -> Iterator[TimelineEvent]:
    screening = participant.screening
    for consent in screening.consents.all():
        yield TimelineEvent(
            at=consent.signed_at,
            icon="pen",
            title=Message(gettext_noop("Consent signed")),
            why=Message(
                gettext_noop("Form %(version)s, explained by %(person)s"),
                {"version": consent.form.version_label, "person": consent.explained_by},
            ),
            history=("enrollment.consent", consent.pk),
        )
    if withdrawal := screening.withdrawal:
        yield TimelineEvent(
            at=withdrawal.withdrawn_at,
            icon="flag",
            title=Message(gettext_noop("Consent withdrawn")),
            why=withdrawal.why,
            history=("enrollment.consentwithdrawal", withdrawal.pk),
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


def _error(participant: Participant, user: User) -> Iterator[TimelineEvent]:
    """A note of an allocation in error; its words may name the arm."""
    if participant.allocated_in_error:
        note = participant.allocation_error
        yield TimelineEvent(
            at=note.noted_at,
            icon="flag",
            title=Message(gettext_noop("Allocated in error")),
            why=note.what if SEES_ARM.allows(user) else "",
            by=note.noted_by.get_username(),
            history=("enrollment.allocationerror", note.pk),
        )


def _with_arm(participant: Participant) -> Message:
    arm = current().arm(participant.allocation.arm)
    return Message(gettext_noop("Allocated: %(arm)s"), {"arm": Message(arm.short_label)})


def _visits(participant: Participant) -> Iterator[TimelineEvent]:
    """The visits that were done or missed; a missed one stands on the last day of its window."""
    for visit in participant.visits.all():
        if visit.status != Visit.Status.PLANNED:
            yield _visit(line_of(visit))


def _visit(line: VisitLine) -> TimelineEvent:
    visit = line.visit
    return TimelineEvent(
        at=_at_noon(visit.done_on or visit.closes),
        icon="calendar",
        title=line.title,
        why=_why(line),
        badge=(line.kind, line.label if isinstance(line.label, Message) else str(line.label)),
        history=("enrollment.visit", visit.pk),
        kind="visit",
    )


def _why(line: VisitLine) -> Message | str:
    """The window of a planned visit, and what was written down about it."""
    visit = line.visit
    if not line.rule:
        return visit.why
    days = {"opens": visit.opens.isoformat(), "closes": visit.closes.isoformat()}
    window = Message(WINDOWS[line.standing], days)
    return (
        Message("%(window)s: %(why)s", {"window": window, "why": visit.why})
        if visit.why
        else window
    )


def _at_noon(day: dt.date) -> dt.datetime:
    """A day without a time stands in the middle of its day."""
    return dt.datetime.combine(day, NOON, timezone.get_default_timezone())
