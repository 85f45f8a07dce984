"""What is to become of one row of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from labs.actions.entries import Entry, Sample
from labs.importing.comparing import Readings
from labs.importing.facts import Place, Tube
from labs.models import ImportRow, Result
from labs.rules.drafts import Draft
from trial_site.messages import Message

if TYPE_CHECKING:
    from enrollment.models import Participant


@dataclass(frozen=True)
class Step:
    """One result that a row writes; ``before`` is the one that it makes final or corrects.

    ``before`` is a saved result, or the entry of an earlier row of the same file.
    """

    participant: Participant
    sample: Sample
    entry: Entry
    questions: tuple[Message, ...] = ()
    before: Entry | Result | None = None

    @property
    def tube(self) -> Tube:
        return self.participant.pk, self.sample.kind, self.sample.collected_at

    @property
    def place(self) -> Place:
        return (*self.tube, self.entry.analyte)


@dataclass(frozen=True)
class RowVerdict:
    """``number`` is the row's in the file.  ``reasons`` say why it is not written as it stands.

    ``questions`` are what a soft limit asks: where they are not confirmed, the row is refused.
    ``steps`` are empty unless the row is written: a row is taken whole or not at all.
    """

    number: int
    outcome: ImportRow.Outcome
    reasons: tuple[Message, ...] = ()
    questions: tuple[Message, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(step.entry for step in self.steps)


def drafts_of(readings: Readings) -> list[Draft]:
    return [draft for _, reading in readings for draft in reading.drafts]
