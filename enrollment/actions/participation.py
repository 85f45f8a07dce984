"""Enrolment, moves between states, visits, and the anchor dates that visits hang on."""

import datetime as dt
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from enrollment.actions.screening import locked_screening
from enrollment.models import Move, Participant, Screening, Visit
from enrollment.permissions import END_PARTICIPATION, ENROL, RECORD_VISIT
from enrollment.rules.calendar import plan
from enrollment.states import ENDED, IllegalMove, State, check_move
from oversight.recording import recorded
from oversight.records import locked, record_many
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.protocol import by_version, current
from trial_site.protocol.definition import Anchor, gettext_noop


def locked_participant(participant: Participant, *, by: User) -> Participant:
    """The participant's row under a lock, if ``by`` works at its site.

    Raises ``PermissionDenied``: to other sites the participant does not exist.
    """
    try:
        found: Participant = locked(Participant.objects.visible_to(by).filter(pk=participant.pk))
    except Participant.DoesNotExist:
        raise PermissionDenied(f"{by} does not work at this participant's site") from None
    return found


def enrol(screening: Screening, *, by: User, key: UUID | None = None) -> Participant:
    """Make the screened patient a participant (R10, R28).

    Raises ``Refused`` without consent, without a confirmed eligible verdict, or a second time.
    """
    ENROL.check(by)
    with recorded(by=by, key=key):
        screening = locked_screening(screening, by=by)
        if not hasattr(screening, "consent"):
            raise Refused(Message(gettext_noop("No participant without a recorded consent")))
        if screening.status != Screening.Status.ELIGIBLE or not screening.confirmed_at:
            raise Refused(
                Message(gettext_noop("The investigator has not confirmed an eligible verdict"))
            )
        if hasattr(screening, "participant"):
            raise Refused(Message(gettext_noop("The patient is enrolled already")))
        participant = Participant(
            subject=_next_subject(screening.site),
            site=screening.site,
            screening=screening,
            state=State.ENROLLED,
            enrolled_at=clock.now(),
        )
        participant.save()
        _record_move(participant, "", State.ENROLLED, by)
        return participant


def move(participant: Participant, after: State, *, by: User, why: str) -> None:
    """Move a locked participant along the table of states.  Raises ``IllegalMove``.

    Called inside another action's ``recorded`` block; it checks the table, not a permission.
    """
    check_move(participant.state, after)
    before, participant.state = participant.state, after
    with recorded(by=by, reason=why):
        participant.save()
        _record_move(participant, before, after, by, why)


def end_participation(
    participant: Participant, *, after: State, why: str, by: User, key: UUID | None = None
) -> Participant:
    """Complete or end a participation, with a reason.

    Raises ``Refused`` for a state that is no end, one that the table of states does not allow now,
    or without a reason; ``AlreadyRecorded``; ``PermissionDenied``.
    """
    END_PARTICIPATION.check(by)
    if after not in ENDED:
        raise Refused(Message(gettext_noop("Choose how the participation ended")))
    if not why.strip():
        raise Refused(Message(gettext_noop("Say why the participation ended")))
    with recorded(by=by, reason=why, key=key):
        participant = locked_participant(participant, by=by)
        try:
            move(participant, after, by=by, why=why)
        except IllegalMove:
            raise Refused(
                Message(gettext_noop("The participation cannot end like this now"))
            ) from None
        return participant


def anchor_day0(participant: Participant, *, at: dt.datetime, by: User) -> None:
    """Write the first ganciclovir dose down, start treatment and plan what hangs on it.

    Called by the dosing room with ``participant`` locked; ``at`` is aware.  Called again when a
    late entry or a correction moves the first dose: visits that have not happened move with it.
    """
    moved, participant.day0_at = participant.day0_at is not None, at
    if moved:
        with recorded(by=by, reason="The first ganciclovir dose was corrected"):
            participant.save()
            _replan(participant, Anchor.DAY0, timezone.localdate(at))
    else:
        move(participant, State.ON_TREATMENT, by=by, why="First ganciclovir dose")
        plan_visits(participant, Anchor.DAY0, timezone.localdate(at), by=by)


def anchor_withdrawal(participant: Participant, *, on: dt.date, by: User) -> None:
    """Write the day of the last ganciclovir dose down, begin follow-up, plan its visits.

    Called by the dosing room with ``participant`` locked.  Called again when a late entry or a
    correction moves the last dose: visits that have not happened move with it.
    """
    moved, participant.withdrawn_on = participant.withdrawn_on is not None, on
    if moved:
        with recorded(by=by, reason="The last ganciclovir dose was corrected"):
            participant.save()
            _replan(participant, Anchor.WITHDRAWAL, on)
        return
    move(participant, State.FOLLOW_UP, by=by, why="Drug withdrawal")
    plan_visits(participant, Anchor.WITHDRAWAL, on, by=by)


def plan_visits(participant: Participant, anchor: Anchor, day: dt.date, *, by: User) -> list[Visit]:
    """Plan the protocol's visits that count from ``anchor``, which fell on ``day``."""
    windows = [(rule, plan(rule, day)) for rule in current().visits if rule.anchor is anchor]
    with recorded(by=by):
        return record_many(
            Visit,
            [
                Visit(
                    participant=participant,
                    code=rule.code,
                    target=window.target,
                    opens=window.opens,
                    closes=window.closes,
                )
                for rule, window in windows
            ],
        )


def _replan(participant: Participant, anchor: Anchor, day: dt.date) -> None:
    """Move the planned visits that count from ``anchor``; what has happened stays."""
    for visit in participant.visits.filter(status=Visit.Status.PLANNED):
        rule = current().visit(visit.code)
        if rule.anchor is anchor:
            window = plan(rule, day)
            visit.target, visit.opens, visit.closes = window.target, window.opens, window.closes
            visit.save()


def record_visit(
    visit: Visit, *, done_on: dt.date | None, by: User, reason: str = "", key: UUID | None = None
) -> Visit:
    """Record a visit as done on a day, or as missed (``done_on`` None), once.

    Outside its window it is recorded all the same, and shows it.  Raises ``Refused`` for a day in
    the future, a visit that is never accepted early, or one that is recorded already;
    ``AlreadyRecorded``; ``PermissionDenied``.
    """
    RECORD_VISIT.check(by)
    with recorded(by=by, reason=reason or ("Visit done" if done_on else "Visit missed"), key=key):
        visit = _locked_visit(visit, by)
        if visit.status != Visit.Status.PLANNED:
            raise Refused(Message(gettext_noop("This visit is recorded already")))
        if done_on:
            _check_visit_day(visit, done_on)
        visit.status = Visit.Status.DONE if done_on else Visit.Status.MISSED
        visit.done_on = done_on
        visit.save()
        return visit


def _locked_visit(visit: Visit, by: User) -> Visit:
    try:
        found: Visit = locked(Visit.objects.visible_to(by).filter(pk=visit.pk))
    except Visit.DoesNotExist:
        raise PermissionDenied(f"{by} does not work at this visit's site") from None
    return found


def _check_visit_day(visit: Visit, done_on: dt.date) -> None:
    if done_on > clock.today():
        raise Refused(Message(gettext_noop("A visit cannot be done in the future")))
    version = visit.participant.screening.protocol_version
    if by_version(version).visit(visit.code).never_early and done_on < visit.opens:
        raise Refused(
            Message(
                gettext_noop("This visit is never accepted before %(day)s"),
                {"day": visit.opens.isoformat()},
            )
        )


def _record_move(
    participant: Participant, before: str, after: State, by: User, why: str = ""
) -> None:
    Move(participant=participant, before=before, after=after, at=clock.now(), by=by, why=why).save()


def _next_subject(site: Site) -> str:
    """PKU-001 and on, one sequence a site, under the lock of the site's row."""
    site = Site.objects.select_for_update().get(pk=site.pk)
    subjects = Participant.objects.filter(site=site).order_by("-pk")
    last = subjects.values_list("subject", flat=True).first()
    return f"{site.code}-{int(last.rpartition('-')[2]) + 1 if last else 1:03}"
