"""What follows from a correction: later grades are computed anew, and all that changed is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from enrollment.models import Participant
from labs.actions.known import known_about
from labs.actions.making import canonical_numbers, set_grade
from labs.models import Correction, CytotoxicityAssay, Result, ResultStatus
from labs.rules.effects import Finding, differences
from labs.rules.judged import eligibility_look
from oversight.recording import ReasonRequired
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

# The limits that a criterion reads a value with (the unit is part of the value).
_LIMITS = frozenset({"lod", "lloq", "uloq", "lln", "uln", "factor"})


def keep_correction(
    record: Result | CytotoxicityAssay,
    participant: Participant,
    before: Mapping[str, Finding],
    after: Mapping[str, Finding],
) -> Correction:
    """Save what the correction of ``record`` changed; call it inside ``recorded``.

    ``before`` and ``after`` are what was found (``labs.findings``) around the change, ``after``
    once everything that depends on the record is computed anew.  Sources: DOMAIN 6 to 8, issue 4.
    """
    effects = differences(before, after)
    if isinstance(record, Result):
        keys = {f"value:{record.pk}", *(f"detail:{name}" for name in _LIMITS)}
        if any(before.get(key) != after.get(key) for key in keys):
            effects += _looks(record, participant)
    kept = Correction(
        participant=participant,
        result=record if isinstance(record, Result) else None,
        plate=record if isinstance(record, CytotoxicityAssay) else None,
        corrected_version=record.version,
        effects=[message.to_json() for message in effects],
    )
    kept.save()
    return kept


def _looks(result: Result, participant: Participant) -> tuple[Message, ...]:
    """Whether eligibility was judged while this value stood; the screening itself never changes."""
    allocation = getattr(participant, "allocation", None)
    if allocation is not None and result.collected_at > allocation.allocated_at:
        return ()
    look = eligibility_look(result.analyte, participant.screening.answers)
    return (look,) if look else ()


def is_baseline(participant: Participant, collected_at: dt.datetime) -> bool:
    """Whether what was collected then is held beside what follows the first dose."""
    return participant.day0_at is not None and collected_at <= participant.day0_at


def regrade_later(
    participant: Participant, analytes: Iterable[str], *, since: dt.datetime | None = None
) -> None:
    """Grade anew what was collected after the first dose, against the baseline as it is now.

    ``since`` is the first dose that was, where it was taken back: no result is a baseline then.
    Call it inside ``recorded`` with a reason, the participant locked.  Source: DOMAIN 8.
    """
    graded = {table.analyte for table in current().grades} & set(analytes)
    first_dose = since or participant.day0_at
    if first_dose is None or not graded:
        return
    baselines = known_about([participant], None).baselines
    later = participant.results.in_force().filter(analyte__in=graded, collected_at__gt=first_dose)
    for result in later:
        baseline = baselines.get((participant.pk, result.analyte))
        set_grade(result, canonical_numbers(result), baseline)
        result.save()


def check_reason(record: Result | CytotoxicityAssay, reason: str) -> str:
    """``reason`` without the space around it; raises ``ReasonRequired`` for an empty one (R04)."""
    if not reason.strip():
        raise ReasonRequired(record)
    return reason.strip()


def refuse_in_error(record: Result | CytotoxicityAssay) -> None:
    """What was entered in error is history: it is entered anew, never changed."""
    if record.status == ResultStatus.IN_ERROR:
        raise Refused(Message(gettext_noop("This is marked as entered in error already")))
