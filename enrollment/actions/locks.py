"""The row that every action on a participant holds first."""

from django.core.exceptions import PermissionDenied

from enrollment.models import Participant
from oversight.records import locked
from trial_site.models import User


def locked_participant(participant: Participant, *, by: User) -> Participant:
    """The participant's row under a lock, if ``by`` works at its site.

    Raises ``PermissionDenied``: to other sites the participant does not exist.
    """
    try:
        found: Participant = locked(Participant.objects.visible_to(by).filter(pk=participant.pk))
    except Participant.DoesNotExist:
        raise PermissionDenied(f"{by} does not work at this participant's site") from None
    return found
