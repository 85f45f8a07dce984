"""Ending rescue treatment: its orders stop, and the participant goes back to follow-up."""

from uuid import UUID

from dosing.actions.orders import EndChoice, end_orders
from enrollment.actions import participation
from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from enrollment.permissions import RESCUE
from oversight.recording import recorded
from trial_site.models import User


def end_rescue(
    participant: Participant, *, why: str, by: User, key: UUID | None = None
) -> Participant:
    """Stop every open order of the rescue course and go back to follow-up (DOMAIN 1.3 row 13).

    The withdrawal that follow-up counts from stays where the first course ended.  Raises
    ``Refused`` outside rescue treatment or without a reason; ``AlreadyRecorded``;
    ``PermissionDenied``.
    """
    RESCUE.check(by)
    with recorded(by=by, reason=why.strip(), key=key):
        locked = locked_participant(participant, by=by)
        ended = participation.end_rescue(locked, why=why, by=by)
        open_orders = ended.orders.filter(ends_at=None)
        end_orders(open_orders, how=EndChoice.RESCUE_ENDED, reason=why.strip(), by=by)
        return ended
