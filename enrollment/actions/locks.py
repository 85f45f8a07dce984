"""The row that every action on a participant holds first."""

from collections.abc import Iterable

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


def locked_participants(participants: Iterable[Participant], *, by: User) -> dict[int, Participant]:
    """The rows of several participants, by primary key and locked in that order.

    So two writers never wait for each other in a circle.  Raises ``PermissionDenied`` unless ``by``
    works at the site of each.
    """
    wanted = {participant.pk for participant in participants}
    visible = Participant.objects.visible_to(by).filter(pk__in=wanted).order_by("pk")
    rows = visible.select_related("screening").select_for_update(of=("self",))
    found = {row.pk: row for row in rows}
    if missing := wanted - found.keys():
        raise PermissionDenied(f"{by} does not work at the sites of {len(missing)} participants")
    return found
