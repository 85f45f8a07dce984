"""What every change of a record of this room begins with, and marking one as entered in error."""

import datetime as dt
from typing import TypeVar
from uuid import UUID

from dosing.day import day_bounds
from enrollment.actions.gates import check_collected
from enrollment.actions.locks import locked_participant
from enrollment.models import Participant, Retractable
from oversight.recording import ReasonRequired, recorded
from oversight.records import locked
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop
from trial_site.roles import Permission

R = TypeVar("R", bound=Retractable)


def opened(record: R, *, version: int, by: User) -> R:
    """The record under a lock, its participant first; call it inside ``recorded``.

    Raises ``PermissionDenied`` at another site, ``StaleRecord`` unless it is still ``version``,
    ``Refused`` for what is marked as entered in error: that is history, and is entered anew.
    """
    locked_participant(record.participant, by=by)
    rows = type(record).objects.filter(pk=record.pk).select_related("participant")
    found: R = locked(rows, version=version)
    if found.retracted_at is not None:
        raise Refused(Message(gettext_noop("This is marked as entered in error already")))
    return found


def checked_reason(record: Retractable, reason: str) -> str:
    """``reason`` without the space around it; raises ``ReasonRequired`` for an empty one (R04)."""
    if not reason.strip():
        raise ReasonRequired(record)
    return reason.strip()


def mark_in_error(
    record: R, *, allowed: Permission, reason: str, version: int, by: User, key: UUID | None = None
) -> R:
    """Mark a record as entered in error: it stays to be read, and nothing counts it any more.

    Raises ``ReasonRequired``, ``StaleRecord``, ``Refused`` for one that is marked already,
    ``AlreadyRecorded``, ``PermissionDenied`` unless ``allowed`` allows ``by``.
    """
    allowed.check(by)
    with recorded(by=by, reason=checked_reason(record, reason), key=key):
        record = opened(record, version=version, by=by)
        record.retracted_at, record.retracted_by = clock.now(), by
        record.save()
        return record


def check_told(participant: Participant, *days: dt.date | None) -> None:
    """Raises ``Refused`` for a day in the future, or after the consent was withdrawn."""
    for day in filter(None, days):
        if day > clock.today():
            raise Refused(Message(gettext_noop("This day lies in the future")))
        check_collected(participant.screening, day_bounds(day)[0])
