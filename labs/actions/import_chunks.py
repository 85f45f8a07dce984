"""The rows of one transaction of an import, from verdicts to records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from labs.actions.corrections import is_baseline, regrade_later
from labs.actions.entries import Entry, Origin
from labs.actions.known import Known, known_about
from labs.actions.making import make_result
from labs.actions.results import LATE_BASELINE, REPLACED, follow
from labs.actions.specimens import new_specimen
from labs.findings import details_of, findings_about
from labs.importing.facts import Facts, Place, Tube
from labs.importing.verdicts import RowVerdict, Step
from labs.models import ImportFile, ImportRow, Result, ResultStatus, Specimen
from labs.rules.pcr import Operator
from oversight.copying import insert_rows
from oversight.recording import recorded
from oversight.records import record_many
from trial_site.models import User

NOTE_LENGTH = 200
Steps = Sequence[tuple[int, Step]]  # the row's number and one of its results


class Chunk:
    """Writes rows of ``file`` inside ``recorded``, the participants that ``facts`` are of locked.

    What the file brings from before the first dose is written first: later grades lean on it.
    """

    def __init__(self, file: ImportFile, facts: Facts, by: User) -> None:
        self.file, self.by = file, by
        self.participants = list(facts.participants.values())
        self.specimens = dict(facts.specimens)
        self.results: dict[Place, Result] = {}
        self.known = self._known()

    def write(self, verdicts: Sequence[RowVerdict]) -> None:
        steps = [(verdict.number, step) for verdict in verdicts for step in verdict.steps]
        self._write_specimens(step for _, step in steps)
        fresh = [(row, step) for row, step in steps if step.before is None]
        baseline = [one for one in fresh if _is_of_baseline(one[1])]
        if baseline:
            self._write_results(baseline)
            self._regrade()
        self._write_results([one for one in fresh if not _is_of_baseline(one[1])])
        for row, step in steps:
            if step.before is not None:
                self._replace(row, step, step.before)
        insert_rows(ImportRow, map(self._row, verdicts), len(verdicts))

    def _row(self, verdict: RowVerdict) -> dict[str, Any]:
        return {
            "file_id": self.file.pk,
            "number": verdict.number,
            "outcome": verdict.outcome.value,
            "reasons": [message.to_json() for message in verdict.reasons],
        }

    def _write_specimens(self, steps: Iterable[Step]) -> None:
        fresh: dict[Tube, Specimen] = {}
        for step in steps:
            if step.tube not in self.specimens:
                made = new_specimen(step.participant, step.sample)
                self.specimens[step.tube] = fresh[step.tube] = made
        record_many(Specimen, fresh.values())

    def _write_results(self, steps: Steps) -> None:
        made = {step.place: self._made(row, step, self.known) for row, step in steps}
        record_many(Result, made.values())
        self.results |= made

    def _regrade(self) -> None:
        """What was saved before, and was collected after the first dose, by another baseline."""
        old, self.known = self.known.baselines, self._known()
        analytes: dict[int, list[str]] = defaultdict(list)
        for (who, analyte), value in self.known.baselines.items():
            if old.get((who, analyte)) != value:
                analytes[who].append(analyte)
        for participant in self.participants:
            if participant.pk in analytes:
                with recorded(by=self.by, reason=LATE_BASELINE):
                    regrade_later(participant, analytes[participant.pk])

    def _known(self) -> Known:
        return known_about(self.participants, self.file.laboratory)

    def _replace(self, row: int, step: Step, before: Entry | Result) -> None:
        """Make a result final, or correct it; it is saved, or stands in an earlier row."""
        result = before if isinstance(before, Result) else self.results[step.place]
        known = known_about([step.participant], self.file.laboratory, leave_out=result.pk)
        made = self._made(row, step, known)
        changes = any(getattr(result, name) != getattr(made, name) for name in REPLACED)
        found = details_of(result) | findings_about(step.participant) if changes else {}
        for name in (*REPLACED, "status", "source", "import_file_id", "import_row"):
            setattr(result, name, getattr(made, name))
        result.confirmed_checks = made.confirmed_checks
        doing = "Corrected" if result.status == ResultStatus.CORRECTED else "Made final"
        with recorded(by=self.by, reason=f"{doing} by row {row} of the file {self.file.name}"):
            result.save()
            if changes:
                follow(result, step.participant, before=found)
        self.results[step.place] = result

    def _made(self, row: int, step: Step, known: Known) -> Result:
        entry = step.entry
        if entry.operator == Operator.NOT_EVALUABLE:  # which is never without its reason
            note = f"As printed in row {row} of {self.file.name}"
            entry = replace(entry, note=note[:NOTE_LENGTH])
        result = make_result(
            step.participant,
            self.specimens[step.tube],
            entry,
            known=known,
            laboratory=self.file.laboratory,
            origin=Origin(self.file.pk, row),
        )
        result.confirmed_checks = [message.to_json() for message in step.questions]
        return result


def _is_of_baseline(step: Step) -> bool:
    return is_baseline(step.participant, step.sample.collected_at)
