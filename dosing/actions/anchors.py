"""The dates that hang on the doses: day 0, the first ganciclovir; withdrawal, the last."""

from django.utils import timezone

from dosing.models import CourseChoice, DrugChoice
from dosing.selectors import delivered
from enrollment.actions.participation import anchor_day0, anchor_withdrawal, release_day0
from enrollment.models import Participant
from enrollment.states import IllegalMove, State
from labs.actions.corrections import regrade_later
from oversight.recording import recorded
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

NOT_BEFORE_WITHDRAWAL = Message(
    gettext_noop("The drugs were withdrawn after this dose: record first which dose was given")
)


def settle_anchors(participant: Participant, by: User) -> None:
    """Day 0 is the earliest ganciclovir delivered in the first course, and withdrawal the last
    before it was decided, also after a late entry, a correction or a retraction."""
    _settle_day0(participant, by)
    if participant.withdrawn_on is not None:
        _settle_withdrawal(participant, by)


def _settle_day0(participant: Participant, by: User) -> None:
    first = delivered(participant, DrugChoice.GANCICLOVIR, CourseChoice.FIRST).first()
    if first is None:
        if participant.day0_at is not None:
            _take_day0_back(participant, by)
        return
    if first.given_at == participant.day0_at:
        return
    try:
        anchor_day0(participant, at=first.given_at, by=by)
    except IllegalMove:
        raise Refused(
            Message(gettext_noop("The participation ended before the first dose was recorded"))
        ) from None
    with recorded(by=by, reason="The first dose says which results are the baseline"):
        regrade_later(participant, [table.analyte for table in current().grades])


def _take_day0_back(participant: Participant, by: User) -> None:
    """No ganciclovir was given after all: treatment has not begun (ADR 23)."""
    if participant.withdrawn_on is not None:
        raise Refused(NOT_BEFORE_WITHDRAWAL)
    since = participant.day0_at
    release_day0(participant, by=by)
    with recorded(by=by, reason="Without a first dose no result is a baseline"):
        regrade_later(participant, [table.analyte for table in current().grades], since=since)


def _settle_withdrawal(participant: Participant, by: User) -> None:
    """What was given after the decision is shown apart and moves no visit."""
    decided = participant.moves.filter(after=State.FOLLOW_UP).earliest("pk")
    rows = delivered(participant, DrugChoice.GANCICLOVIR, CourseChoice.FIRST)
    last = rows.filter(given_at__lte=decided.at).last()
    if last is None:
        raise Refused(NOT_BEFORE_WITHDRAWAL)
    on = timezone.localdate(last.given_at)
    if on != participant.withdrawn_on:
        anchor_withdrawal(participant, on=on, by=by)
