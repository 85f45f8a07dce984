"""Entry limits, asked before anything is saved.  What fired is kept with the first answer (R07)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from labs.actions.entries import Entry, Sample
from labs.actions.specimens import doubts_about
from labs.models import FiredCheck, Laboratory
from labs.rules.limits import EntryCheck, EntryLevel
from labs.rules.units import check_entry
from oversight.recording import recorded
from oversight.refusals import NeedsConfirmation, Refused
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

IMPOSSIBLE = gettext_noop("Some values cannot be true")


Factors = Mapping[tuple[str, str], Decimal]


@dataclass(frozen=True)
class Fired:
    """A limit that ``entry`` went beyond: ``code`` names the field of a form."""

    participant: Participant
    entry: Entry
    level: EntryLevel
    message: Message
    code: str


def fired_checks(
    participant: Participant,
    entries: Sequence[Entry],
    *,
    factors: Factors,
    prefix: str = "",
    sample: Sample | None = None,
) -> list[Fired]:
    """What the entry limits say about ``entries``; ``prefix`` goes before the analyte's code.

    IU/mL is held against them by the factor that its assay declares (``declared_factors``).  What
    is asked about the ``sample`` that they are of is asked once, at the first of them.
    """
    found = []
    doubts = doubts_about(participant, sample) if sample and entries else ()
    for message in doubts:
        code = f"{prefix}{entries[0].analyte}"
        found.append(Fired(participant, entries[0], EntryLevel.DOUBTFUL, message, code))
    for entry in entries:
        check = limits_of(entry, factors.get((entry.analyte, entry.assay)))
        if check.message:
            code = f"{prefix}{entry.analyte}"
            found.append(Fired(participant, entry, check.level, check.message, code))
    return found


def limits_of(entry: Entry, factor: Decimal | None) -> EntryCheck:
    """``entry`` against the limits; ``factor`` is its assay's.  Raises ``InconvertibleUnit``."""
    protocol = current()
    return check_entry(
        protocol.analyte(entry.analyte),
        entry.value,
        entry.unit,
        clearance=protocol.clearance,
        operator=entry.operator,
        factor=factor,
    )


def declared_factors(laboratory: Laboratory | None) -> Factors:
    """How many copies an IU is, by analyte and the name of the laboratory's assay."""
    if laboratory is None:
        return {}
    declared = laboratory.assays.exclude(copies_per_iu=None)
    return {(row.analyte, row.name): row.copies_per_iu for row in declared}


def answer(fired: Sequence[Fired], *, confirmed: bool, by: User, key: UUID | None) -> None:
    """Keep what fired, then refuse what is impossible and ask about what is doubtful.

    Raises ``Refused``, and ``NeedsConfirmation`` unless ``confirmed``.  Outside ``recorded``: what
    is kept stays although nothing else is saved.
    """
    refusals = [one.message for one in fired if one.level is EntryLevel.IMPOSSIBLE]
    if fired and (refusals or not confirmed):
        _keep(fired, by=by, key=key)
    if refusals:
        raise Refused(Message(IMPOSSIBLE), refusals)
    if fired and not confirmed:
        raise NeedsConfirmation([(one.code, one.message) for one in fired])


def confirmed_checks(fired: Iterable[Fired], analyte: str) -> list[dict[str, Any]]:
    """The questions that were answered about ``analyte``, to be kept with its result (R07)."""
    return [one.message.to_json() for one in fired if one.entry.analyte == analyte]


def _keep(fired: Sequence[Fired], *, by: User, key: UUID | None) -> None:
    """Once a form and answer, although a form that is sent again fires again.

    Participants are locked in the order of their keys, whatever the order of what fired.
    """
    known = set()
    if key is not None:
        rows = FiredCheck.objects.filter(form_key=key)
        known = set(rows.values_list("participant_id", "analyte", "printed", "unit"))
    with recorded(by=by):
        for one in sorted(fired, key=lambda one: one.participant.pk):
            entry, who = one.entry, locked_participant(one.participant, by=by)
            if (who.pk, entry.analyte, entry.printed, entry.unit) not in known:
                FiredCheck(
                    participant=who,
                    analyte=entry.analyte,
                    printed=entry.printed,
                    unit=entry.unit,
                    level=one.level.value,
                    message=one.message.to_json(),
                    form_key=key,
                ).save()
