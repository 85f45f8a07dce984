"""The dates that hang on the doses: day 0, the first ganciclovir; withdrawal, the last."""

from django.utils import timezone

from dosing.models import DrugChoice
from dosing.selectors import delivered
from enrollment.actions.participation import anchor_day0, anchor_withdrawal
from enrollment.models import Participant
from enrollment.states import IllegalMove
from labs.actions.corrections import regrade_later
from oversight.recording import recorded
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop


def settle_anchors(participant: Participant, by: User) -> None:
    """Day 0 is the earliest ganciclovir delivered and withdrawal the last, also after a late entry
    or a correction."""
    _settle_day0(participant, by)
    if participant.withdrawn_on is not None:
        last = delivered(participant, DrugChoice.GANCICLOVIR).latest("given_at")
        on = timezone.localdate(last.given_at)
        if on != participant.withdrawn_on:
            anchor_withdrawal(participant, on=on, by=by)


def _settle_day0(participant: Participant, by: User) -> None:
    first = delivered(participant, DrugChoice.GANCICLOVIR).first()
    if first is None:
        if participant.day0_at is not None:
            raise Refused(Message(gettext_noop("This is the only dose given: it is day 0")))
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
