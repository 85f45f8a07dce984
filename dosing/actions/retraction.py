"""Taking back what was recorded in error: within a minute with one tap, afterwards with a reason.

Nothing is deleted: the row stays as it was, marked, and its slot is free again.
"""

from uuid import UUID

from dosing.actions import ledger
from dosing.actions.anchors import settle_anchors
from dosing.actions.entering import locked_dose
from dosing.bedside import can_be_undone
from dosing.models import Administration
from dosing.permissions import ADMINISTER
from dosing.selectors import recorders
from enrollment.actions.locks import locked_participant
from oversight.recording import ReasonRequired, recorded
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

UNDONE = "Undone within a minute of recording it"


def undo_dose(administration: Administration, *, by: User) -> Administration:
    """Undo what ``by`` recorded less than a minute ago, with one tap.

    Raises ``Refused`` after the minute, for somebody else's entry, one that was changed since or
    has vital signs or reactions, or one that is taken back already; ``PermissionDenied``.
    """
    ADMINISTER.check(by)
    with recorded(by=by, reason=UNDONE):
        locked_participant(administration.participant, by=by)
        administration = locked_dose(administration)
        recorder, _ = recorders([administration])[administration.pk]
        if not can_be_undone(administration, by, clock.now(), recorder=recorder):
            text = gettext_noop(
                "Only who recorded a dose can undo it, for a minute: correct it, or mark it as "
                "entered in error"
            )
            raise Refused(Message(text))
        return _retract(administration, by=by, why=UNDONE)


def retract_dose(
    administration: Administration,
    *,
    reason: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> Administration:
    """Mark a dose as entered in error: it never happened, or not to this participant (R04).

    The slot is free again, the vials go back into the ledger, day 0 and the withdrawal follow.
    Raises ``ReasonRequired``; ``StaleRecord``; ``Refused`` if it is marked already, has vital signs
    or reactions, or is the last dose before a withdrawal; ``AlreadyRecorded``;
    ``PermissionDenied``.
    """
    ADMINISTER.check(by)
    if not reason.strip():
        raise ReasonRequired(administration)
    with recorded(by=by, reason=reason.strip(), key=key):
        locked_participant(administration.participant, by=by)
        administration = locked_dose(administration, version=version)
        return _retract(administration, by=by, why=reason.strip())


def _retract(administration: Administration, *, by: User, why: str) -> Administration:
    """Whoever was seen to bear the dose bore something: what was seen is decided on first."""
    observed = administration.vital_signs.in_force(), administration.reactions.in_force()
    if any(rows.exists() for rows in observed):
        text = gettext_noop(
            "Vital signs or reactions are recorded with this dose: mark those as entered in error "
            "first"
        )
        raise Refused(Message(text))
    administration.retracted_at, administration.retracted_by = clock.now(), by
    administration.save()
    ledger.settle(administration, by=by, why=why)
    settle_anchors(administration.participant, by)
    return administration
