"""Keeping an order although the creatinine clearance has moved to another band."""

from uuid import UUID

from dosing.models import DoseReview, Order
from dosing.permissions import ORDER
from dosing.reviews import review_of
from enrollment.actions.locks import locked_participant
from oversight.recording import recorded
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop


def keep_order(
    order: Order, *, band: str, why: str, by: User, key: UUID | None = None
) -> DoseReview:
    """Keep ``order`` for the ``band`` of creatinine clearance that was looked at, and say why.

    Raises ``Refused`` without a reason, where nothing asks for a review any more, or where a newer
    result has moved the band since it was looked at; ``AlreadyRecorded``; ``PermissionDenied``.
    Source: DOMAIN 4.
    """
    ORDER.check(by)
    if not why.strip():
        raise Refused(Message(gettext_noop("Say why the order stays as it is")))
    with recorded(by=by, key=key):
        participant = locked_participant(order.participant, by=by)
        review = review_of(order)
        if review is None:
            raise Refused(Message(gettext_noop("Nothing asks for a review of this order")))
        if review.proposal.band != band:
            text = gettext_noop("The clearance has changed since: look at the computation again")
            raise Refused(Message(text))
        kept = DoseReview(
            participant=participant,
            order=review.order,
            band=band,
            steps=[step.to_json() for step in review.steps],
            why=why.strip(),
            reviewed_at=clock.now(),
            reviewed_by=by,
        )
        kept.save()
        return kept
