"""An investigator has seen a result that needed it, and says what was decided."""

from __future__ import annotations

from uuid import UUID

from enrollment.actions.locks import locked_participant
from labs.alerts import acknowledgements_of, alert_of
from labs.models import Acknowledgement, Result
from labs.permissions import ACKNOWLEDGE
from oversight.recording import recorded
from oversight.records import locked
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop


def acknowledge(
    result: Result, *, decision: str, version: int, by: User, key: UUID | None = None
) -> list[Acknowledgement]:
    """Acknowledge everything that waits about this ``version`` of ``result``: its severity, and
    that eligibility was judged by it.

    A later version that is still severe waits anew.  Raises ``Refused`` without a decision and
    where nothing waits, ``StaleRecord``, ``AlreadyRecorded``, ``PermissionDenied``.
    Sources: DOMAIN 4 and 8, issue 4.
    """
    ACKNOWLEDGE.check(by)
    decision = decision.strip()
    if not decision:
        raise Refused(Message(gettext_noop("Say what was decided")))
    with recorded(by=by, key=key):
        participant = locked_participant(result.participant, by=by)
        result = locked(Result.objects.filter(pk=result.pk), version=version)
        subjects = alert_of(result).subjects
        if not subjects:
            raise Refused(_why_not(result))
        made = [
            Acknowledgement(
                participant=participant,
                result=result,
                result_version=result.version,
                about=about,
                decision=decision,
                acknowledged_at=clock.now(),
                acknowledged_by=by,
            )
            for about in subjects
        ]
        for one in made:
            one.save()
        return made


def _why_not(result: Result) -> Message:
    """Somebody was quicker, or the result needs nobody."""
    for one in acknowledgements_of(result):
        if one.result_version == result.version:
            who = {"who": one.acknowledged_by.get_username()}
            return Message(gettext_noop("%(who)s has acknowledged this result already"), who)
    return Message(gettext_noop("This result waits for no acknowledgement"))
