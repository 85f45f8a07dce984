"""What an import would do, row by row and in words: judged once for each state of the record."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import cache

from labs.importing.files import table_of
from labs.importing.judging import judge
from labs.importing.verdicts import RowVerdict, Step
from labs.models import ImportFile, ImportRow, Specimen
from labs.rules.mapping import Mapping
from labs.rules.pcr import result_text
from labs.rules.tables import Row
from oversight.canonical import digest
from oversight.selectors import state_of_record
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

CACHE_SECONDS = 3600
SHOWN_TEXT = 200  # characters of a row as it came
ASKED = "asked"  # written only where what a limit asks is confirmed

_NAMED = "%(name)s %(value)s"
_INSTEAD = gettext_noop("%(name)s %(value)s, instead of %(before)s")


@dataclass(frozen=True)
class Sample:
    """Whose specimen a row is of, and which."""

    subject: str
    kind: str
    collected_at: dt.datetime

    @property
    def kind_name(self) -> str:
        return str(Specimen.Kind(self.kind).label)


@dataclass(frozen=True)
class Line:
    """A row: ``values`` are what is written, ``reasons`` why not.

    ``outcome`` is one of ``ImportRow.Outcome``, or ``ASKED``; ``came`` is the row as it came, where
    nothing of it is written.
    """

    number: int
    outcome: str
    sample: Sample | None
    values: tuple[Message, ...]
    reasons: tuple[Message, ...]
    questions: tuple[Message, ...]
    came: str


@dataclass(frozen=True)
class Preview:
    """The rows of a file with what would become of them; the outcomes add up to the rows."""

    lines: Sequence[Line]

    @property
    def counts(self) -> Counter[str]:
        return Counter(line.outcome for line in self.lines)

    def of(self, outcome: str) -> Sequence[Line]:
        """The rows of one outcome; all where there is none."""
        return [line for line in self.lines if outcome in ("", line.outcome)]


def definition_digest(file: ImportFile) -> str:
    """The hash of what the mapping of ``file`` says now: what a preview was judged by."""
    return digest(file.mapping.definition if file.mapping else {})


def preview(file: ImportFile, by: User) -> Preview:
    """The verdicts on a mapped file as the record stands; kept until anything is recorded."""
    key, state = f"labs:preview:{file.pk}", (definition_digest(file), state_of_record())
    kept: tuple[object, Preview] | None = cache.get(key)
    if kept and kept[0] == state:
        return kept[1]
    mapping = Mapping.from_json(file.mapping.definition if file.mapping else {})
    table = table_of(file)
    verdicts = judge(table, mapping, file.laboratory, by)
    judged = Preview(list(map(_line, verdicts, table.rows)))
    cache.set(key, (state, judged), CACHE_SECONDS)
    return judged


def _line(verdict: RowVerdict, row: Row) -> Line:
    asked = verdict.outcome == ImportRow.Outcome.WRITTEN and verdict.questions
    step = verdict.steps[0] if verdict.steps else None
    return Line(
        number=verdict.number,
        outcome=ASKED if asked else verdict.outcome.value,
        sample=_sample(step) if step else None,
        values=tuple(map(_value, verdict.steps)),
        reasons=verdict.reasons,
        questions=verdict.questions,
        came="" if step else _as_it_came(row),
    )


def _as_it_came(row: Row) -> str:
    text = " · ".join(cell.text for cell in row.cells if not cell.is_empty)
    return text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]}…"


def _sample(step: Step) -> Sample:
    return Sample(step.participant.subject, step.sample.kind, step.sample.collected_at)


def _value(step: Step) -> Message:
    """``CMV-DNA 52000 copies/mL``, and what it replaces."""
    entry, before = step.entry, step.before
    params = {
        "name": Message(current().analyte(entry.analyte).name),
        "value": result_text(entry.operator, entry.value, entry.unit),
    }
    if before is None:
        return Message(_NAMED, params)
    old = result_text(before.operator, before.value, before.unit)
    return Message(_INSTEAD, {**params, "before": old})
