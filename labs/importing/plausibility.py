"""What cannot be true about a row, and what is asked about it, beside what a form asks."""

from __future__ import annotations

import datetime as dt

from enrollment.actions.gates import check_collected
from enrollment.models import Participant
from labs.actions.checks import limits_of
from labs.actions.entries import Entry, Sample
from labs.actions.specimens import born_at
from labs.importing.facts import Facts
from labs.models import Specimen
from labs.rules.limits import EntryLevel
from labs.rules.specimens import sampling_faults
from labs.rules.units import InconvertibleUnit
from oversight.refusals import Refused
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

_UNUSABLE = gettext_noop("This specimen cannot be used: %(why)s")


def sample_faults(
    participant: Participant, sample: Sample, saved: Specimen | None, *, now: dt.datetime
) -> tuple[Message, ...]:
    """Why the specimen cannot be: its times, the birth, the withdrawal of the consent.

    ``saved`` is the same tube as it is registered; one that cannot be used has no results.
    """
    moments = sample.collected_at, sample.received_at
    found = sampling_faults(*moments, now=now, born=born_at(participant))
    messages = [message for _, message in found]
    try:
        check_collected(participant.screening, sample.collected_at)
    except Refused as refused:
        messages.append(refused.message)
    if saved is not None and saved.unusable:
        messages.append(Message(_UNUSABLE, {"why": Message(saved.unusable)}))
    return tuple(messages)


def value_checks(entry: Entry, facts: Facts) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """Refusals and questions about one value: its unit, its limits, a slip of the unit."""
    try:
        check = limits_of(entry, facts.factors.get((entry.analyte, entry.assay)))
    except InconvertibleUnit as error:
        return (error.message,), ()
    found = (check.message,) if check.message else ()
    return (found, ()) if check.level is EntryLevel.IMPOSSIBLE else ((), found)
