"""Declining what a rule offered: somebody looked, and says why it is nothing."""

from uuid import UUID

from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from oversight.recording import recorded
from oversight.refusals import Refused
from safety.models import DeclinedOffer
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import Permission


def decline_offer(
    participant: Participant,
    *,
    source: str,
    why: str,
    allowed: Permission,
    by: User,
    key: UUID | None = None,
) -> DeclinedOffer:
    """Keep that the offer ``source`` (``reaction:12``) is declined, and why; it is not made again.

    ``allowed`` is who may decline this kind of offer.  Raises ``Refused`` without a reason or where
    it was declined before, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    allowed.check(by)
    if not why.strip():
        raise Refused(Message(gettext_noop("Say why")))
    with recorded(by=by, key=key):
        participant = locked_participant(participant, by=by)
        if DeclinedOffer.objects.filter(participant=participant, source=source).exists():
            raise Refused(Message(gettext_noop("This was declined already")))
        declined = DeclinedOffer(
            participant=participant,
            source=source,
            why=why.strip(),
            declined_at=clock.now(),
            declined_by=by,
        )
        declined.save()
        return declined
