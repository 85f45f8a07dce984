"""What becomes of each row of a file.  Preview and import ask here, so that they agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.conf import settings

from enrollment.models import Participant
from labs.actions.entries import Entry, Sample
from labs.actions.specimens import doubts_about
from labs.importing.comparing import Against, Contradictions, Readings, against, contradictions
from labs.importing.facts import Facts, Place, facts_about, participants_of, value_of
from labs.importing.plausibility import sample_faults, value_checks
from labs.importing.verdicts import RowVerdict, Step, drafts_of
from labs.models import ImportRow, Laboratory, Result
from labs.rules.drafts import Draft, RowReader, RowReading
from labs.rules.mapping import Mapping
from labs.rules.pcr import result_text
from labs.rules.tables import Table
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

Outcome = ImportRow.Outcome

_UNKNOWN = gettext_noop("%(subject)s is no participant of this laboratory's site")
_CONTRADICTED = gettext_noop(
    "%(analyte)s of this specimen has other values in this file: row %(rows)s"
)
_DIFFERS = gettext_noop(
    "%(analyte)s of this specimen is saved already, as %(saved)s, and this row differs: "
    "correct it there"
)
_FORMER = gettext_noop(
    "%(analyte)s of this specimen was corrected to %(saved)s, and this row has what was corrected: "
    "correct it there"
)
_SHOWN_ROWS = 5


def judge(
    table: Table,
    mapping: Mapping,
    laboratory: Laboratory,
    by: User,
    *,
    takes_doubtful: bool = True,
) -> list[RowVerdict]:
    """What an import by ``by`` would do with each row of ``table``, in its order.

    ``takes_doubtful`` says that questions are confirmed; without, a row with one is refused.  Half
    a dozen queries, however many rows.  Sources: DOMAIN 6 to 8; limits as ``record_results``.
    """
    readings = read_rows(table, mapping)
    drafts = drafts_of(readings)
    people = participants_of(drafts, laboratory, by)
    facts = facts_about(drafts, people, laboratory)
    judge = Judge(facts, contradictions(readings), laboratory, takes_doubtful)
    return [judge.verdict(number, reading) for number, reading in readings]


def reader_of(table: Table, mapping: Mapping) -> RowReader:
    """Reads the rows of ``table``; moments without a zone are on the site's clock."""
    return RowReader(mapping, table.header, ZoneInfo(settings.TIME_ZONE))


def read_rows(table: Table, mapping: Mapping) -> Readings:
    """Each row's number and reading."""
    reader = reader_of(table, mapping)
    return [(row.number, reader.read(row)) for row in table.rows]


@dataclass
class _Judged:
    """What was found out about one row so far."""

    reasons: list[Message] = field(default_factory=list)
    questions: list[Message] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


class Judge:
    """Judges rows in their order, each as if the rows before it had been written."""

    def __init__(
        self,
        facts: Facts,
        contradicted: Contradictions,
        laboratory: Laboratory,
        takes_doubtful: bool,
    ) -> None:
        self.facts, self._contradicted = facts, contradicted
        self._laboratory, self._takes_doubtful = laboratory, takes_doubtful
        self._standing: dict[Place, Entry | Result] = dict(facts.results)
        self._now = clock.now()
        self._samples: dict[tuple[object, ...], tuple[Sequence[Message], Sequence[Message]]] = {}

    def verdict(self, number: int, reading: RowReading) -> RowVerdict:
        if reading.left_out:
            return RowVerdict(number, Outcome.LEFT_OUT)
        if reading.problems:
            return RowVerdict(number, Outcome.REFUSED, reading.problems)
        row = _Judged()
        for draft in reading.drafts:
            self._judge(number, draft, row)
        reasons, questions = _once(row.reasons), _once(row.questions)
        if reasons or (questions and not self._takes_doubtful):
            return RowVerdict(number, Outcome.REFUSED, reasons or questions, questions)
        if not row.steps:
            return RowVerdict(number, Outcome.UNCHANGED)
        self._standing |= {step.place: step.entry for step in row.steps}
        return RowVerdict(number, Outcome.WRITTEN, (), questions, tuple(row.steps))

    def _judge(self, number: int, draft: Draft, row: _Judged) -> None:
        participant = self.facts.participants.get(draft.subject)
        if participant is None:
            row.reasons.append(Message(_UNKNOWN, {"subject": draft.subject}))
            return
        sample, entry = _sample(draft, self._laboratory), entry_of(draft)
        place = (participant.pk, sample.kind, sample.collected_at, entry.analyte)
        faults, doubts = self._about(participant, sample)
        row.reasons += faults
        refusals, questions = value_checks(entry, self.facts)
        row.reasons += refusals
        if others := self._contradicted.others(number, draft):
            row.reasons.append(_contradiction(draft, others))
        standing = next(
            (step.entry for step in row.steps if step.place == place), self._standing.get(place)
        )
        how = against(standing, entry) if standing is not None else None
        if how is Against.THE_SAME:
            return
        if standing is not None and (refusal := self._refusal(how, standing, entry, draft)):
            row.reasons.append(refusal)
            return
        asked = (*doubts, *questions)
        row.questions += asked
        row.steps.append(Step(participant, sample, entry, asked, standing))

    def _about(
        self, participant: Participant, sample: Sample
    ) -> tuple[Sequence[Message], Sequence[Message]]:
        """Faults of a specimen and doubts about it: asked once for all results of a tube."""
        tube = (participant.pk, sample.kind, sample.collected_at)
        key = (*tube, sample.received_at)
        if key not in self._samples:
            saved = self.facts.specimens.get(tube)
            faults = sample_faults(participant, sample, saved, now=self._now)
            self._samples[key] = faults, doubts_about(participant, sample)
        return self._samples[key]

    def _refusal(
        self, how: Against | None, standing: Entry | Result, entry: Entry, draft: Draft
    ) -> Message | None:
        """Why ``entry`` cannot replace what stands."""
        saved = result_text(standing.operator, standing.value, standing.unit)
        params = {"analyte": _name(entry.analyte), "saved": saved}
        if how is Against.DIFFERENT:
            return Message(_DIFFERS, params)
        if isinstance(standing, Result) and value_of(standing.pk, draft) in self.facts.former:
            return Message(_FORMER, params)
        return None


def entry_of(draft: Draft) -> Entry:
    return Entry(
        analyte=draft.analyte,
        unit=draft.unit,
        value=draft.value,
        operator=draft.operator.value,
        assay=draft.assay,
        lloq=draft.lloq,
        lod=draft.lod,
        uloq=draft.uloq,
        lln=draft.lln,
        uln=draft.uln,
        kit_lot=draft.kit_lot,
        status=draft.status,
    )


def _sample(draft: Draft, laboratory: Laboratory) -> Sample:
    return Sample(
        draft.specimen, draft.collected_at, draft.received_at, laboratory, draft.accession
    )


def _contradiction(draft: Draft, rows: Sequence[int]) -> Message:
    shown = ", ".join(str(row) for row in rows[:_SHOWN_ROWS])
    more = "…" if len(rows) > _SHOWN_ROWS else ""
    return Message(_CONTRADICTED, {"analyte": _name(draft.analyte), "rows": shown + more})


def _name(analyte: str) -> Message:
    return Message(current().analyte(analyte).name)


def _once(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Each message once: all results of a row share its specimen."""
    found: list[Message] = []
    for message in messages:
        if message not in found:
            found.append(message)
    return tuple(found)
