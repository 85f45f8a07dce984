"""Choosing the sample of a time point against the rule, and taking that back."""

from uuid import UUID

from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from outcomes.choices import candidates, outcome_of
from outcomes.models import SampleOverrule
from outcomes.permissions import CHOOSE_SAMPLES
from oversight.recording import recorded
from oversight.refusals import Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop


def choose_sample(
    participant: Participant,
    *,
    measure: str,
    visit: str,
    record: str,
    why: str,
    by: User,
    key: UUID | None = None,
) -> SampleOverrule:
    """Decide that ``record`` (``labs.result:12``; empty for none) counts at ``visit``.

    A decision before it is withdrawn.  Raises ``Refused`` without a reason, for a measure that no
    outcome reads at that visit and for a row that is not the participant's result of it;
    ``AlreadyRecorded``; ``PermissionDenied``.  Source: issue 6.
    """
    CHOOSE_SAMPLES.check(by)
    why = why.strip()
    if not why:
        raise Refused(Message(gettext_noop("Say why this sample counts")))
    if outcome_of(measure, visit) is None:
        raise Refused(Message(gettext_noop("No outcome reads this measure at this visit")))
    with recorded(by=by, reason=why, key=key):
        participant = locked_participant(participant, by=by)
        if record and record not in {one.record for one in candidates(participant, measure)}:
            raise Refused(Message(gettext_noop("This is no result in force of the participant")))
        _withdraw(participant, measure, visit)
        made = SampleOverrule(
            participant=participant,
            measure=measure,
            visit=visit,
            record=record,
            why=why,
            decided_at=clock.now(),
            decided_by=by,
        )
        made.save()
        return made


def follow_the_rule(
    participant: Participant,
    *,
    measure: str,
    visit: str,
    why: str,
    by: User,
    key: UUID | None = None,
) -> None:
    """Take a decision back, so that the protocol's window decides again.

    Raises ``Refused`` without a reason or a decision; ``AlreadyRecorded``; ``PermissionDenied``.
    """
    CHOOSE_SAMPLES.check(by)
    if not why.strip():
        raise Refused(Message(gettext_noop("Say why the rule decides again")))
    with recorded(by=by, reason=why.strip(), key=key):
        participant = locked_participant(participant, by=by)
        if not _withdraw(participant, measure, visit):
            raise Refused(Message(gettext_noop("The rule decides already")))


def _withdraw(participant: Participant, measure: str, visit: str) -> bool:
    rows = SampleOverrule.objects.in_force().filter(
        participant=participant, measure=measure, visit=visit
    )
    found = list(rows)
    for row in found:
        row.withdrawn_at = clock.now()
        row.save()
    return bool(found)
