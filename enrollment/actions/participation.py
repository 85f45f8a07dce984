"""Enrolment, moves between states, and the anchor dates that visits hang on."""

import datetime as dt
from uuid import UUID

from django.utils import timezone

from enrollment.actions.gates import check_consent, check_goes_on, check_site
from enrollment.actions.locks import locked_participant
from enrollment.actions.moves import move, move_screening
from enrollment.actions.screening import locked_screening
from enrollment.actions.visits import plan_visits, replan
from enrollment.models import Participant, Screening
from enrollment.permissions import END_PARTICIPATION, ENROL, RESCUE
from enrollment.states import ENDED, IllegalMove, State
from oversight.recording import recorded
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import Site, User
from trial_site.protocol.definition import Anchor, gettext_noop


def enrol(screening: Screening, *, by: User, key: UUID | None = None) -> Participant:
    """Make the screened patient a participant (R10, R23, R28).

    Raises ``Refused`` without a consent that holds, without a confirmed eligible verdict, at a site
    without an approval, after an end, or a second time; ``AlreadyRecorded``, ``PermissionDenied``.
    """
    ENROL.check(by)
    with recorded(by=by, key=key, reason="Enrolled"):
        screening = locked_screening(screening, by=by)
        check_goes_on(screening)
        check_site(screening.site, clock.today())
        check_consent(screening, clock.today())
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
        move_screening(screening, State.ENROLLED, by=by, why="Enrolled", participant=participant)
        screening.save()
        return participant


def end_participation(
    participant: Participant, *, after: State, why: str, by: User, key: UUID | None = None
) -> Participant:
    """Complete or end a participation, with a reason.  Withdrawn consent has its own action.

    Raises ``Refused`` for a state that is no end, one that the table of states does not allow now,
    or without a reason; ``AlreadyRecorded``; ``PermissionDenied``.
    """
    END_PARTICIPATION.check(by)
    if after not in ENDED - {State.WITHDREW}:
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


def begin_rescue(
    participant: Participant, *, why: str, by: User, key: UUID | None = None
) -> Participant:
    """Rescue treatment for a relapse in follow-up, in either arm (DOMAIN 1.3 row 13).

    Raises ``Refused`` outside follow-up or without a reason; ``AlreadyRecorded``;
    ``PermissionDenied``.
    """
    return _turn(participant, State.RESCUE, why=why, by=by, key=key)


def end_rescue(
    participant: Participant, *, why: str, by: User, key: UUID | None = None
) -> Participant:
    """Go back to follow-up after rescue treatment.  Raises as ``begin_rescue`` does."""
    return _turn(participant, State.FOLLOW_UP, why=why, by=by, key=key, only_from=State.RESCUE)


def _turn(
    participant: Participant,
    after: State,
    *,
    why: str,
    by: User,
    key: UUID | None,
    only_from: State = State.FOLLOW_UP,
) -> Participant:
    RESCUE.check(by)
    if not why.strip():
        raise Refused(Message(gettext_noop("Say why")))
    with recorded(by=by, reason=why.strip(), key=key):
        participant = locked_participant(participant, by=by)
        if participant.state != only_from:
            raise Refused(
                Message(
                    gettext_noop("This is possible only while: %(state)s"),
                    {"state": Message(str(only_from.label))},
                )
            )
        move(participant, after, by=by, why=why.strip())
        return participant


def anchor_day0(participant: Participant, *, at: dt.datetime, by: User) -> None:
    """Write the first ganciclovir dose down, start treatment and plan what hangs on it, once.

    Called by the dosing room with ``participant`` locked; ``at`` is aware.  Called again when a
    late entry or a correction moves the first dose: visits that have not happened move with it.
    """
    moved, participant.day0_at = participant.day0_at is not None, at
    if moved:
        with recorded(by=by, reason="The first ganciclovir dose was corrected"):
            participant.save()
            replan(participant, Anchor.DAY0, timezone.localdate(at))
    else:
        move(participant, State.ON_TREATMENT, by=by, why="First ganciclovir dose")
        with recorded(by=by, reason="First ganciclovir dose"):
            replan(participant, Anchor.DAY0, timezone.localdate(at))
        plan_visits(participant, Anchor.DAY0, timezone.localdate(at), by=by)


def release_day0(participant: Participant, *, by: User) -> None:
    """Take the first ganciclovir dose back: none was given after all, and treatment has not begun.

    Called by the dosing room with ``participant`` locked, before any withdrawal.  The participant
    waits for the first dose again; after an end the end stands.  What was planned from day 0 is
    not due until there is one (``VisitQuerySet.in_plan``); what happened stays.
    """
    why = "No ganciclovir was given after all"
    participant.day0_at = None
    if participant.state == State.ON_TREATMENT:
        move(participant, State.ALLOCATED, by=by, why=why)
    else:
        with recorded(by=by, reason=why):
            participant.save()


def anchor_withdrawal(participant: Participant, *, on: dt.date, by: User) -> None:
    """Write the day of the last ganciclovir dose down, begin follow-up, plan its visits.

    Called by the dosing room with ``participant`` locked.  Called again when a late entry or a
    correction moves the last dose: visits that have not happened move with it.
    """
    moved, participant.withdrawn_on = participant.withdrawn_on is not None, on
    if moved:
        with recorded(by=by, reason="The last ganciclovir dose was corrected"):
            participant.save()
            replan(participant, Anchor.WITHDRAWAL, on)
        return
    move(participant, State.FOLLOW_UP, by=by, why="Drug withdrawal")
    plan_visits(participant, Anchor.WITHDRAWAL, on, by=by)


def _next_subject(site: Site) -> str:
    """PKU-001 and on, one sequence a site, under the lock of the site's row."""
    site = Site.objects.select_for_update().get(pk=site.pk)
    subjects = Participant.objects.filter(site=site).order_by("-pk")
    last = subjects.values_list("subject", flat=True).first()
    return f"{site.code}-{int(last.rpartition('-')[2]) + 1 if last else 1:03}"
