"""Confirmed files become results, a chunk at a time: killed anywhere, it goes on behind the last.

What a chunk writes (specimens, results, their history and audit entries, and what became of each
row) is one transaction.  The rows that are dealt with say where the import stands, so that nothing
is lost or written twice, however many workers try.

The participants of a file are parted into shares, and no chunk has rows of two: workers that begin
with different shares do not wait for each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.core.cache import cache

from enrollment.actions.locks import locked_participant
from enrollment.models import Participant
from labs.actions.computed import COMPUTED_ANEW, count_analytes, refresh_counts
from labs.actions.import_chunks import Chunk
from labs.importing.comparing import Readings, contradictions
from labs.importing.facts import facts_about, participants_of
from labs.importing.files import AlteredFile, rows_done, stopped_because, table_of
from labs.importing.judging import Judge, reader_of
from labs.importing.shares import shares_of
from labs.importing.verdicts import drafts_of
from labs.models import ImportFile, Result
from labs.readers import UnreadableFile
from labs.rules.drafts import RowReader, RowReading
from labs.rules.mapping import Mapping
from labs.rules.tables import Table
from oversight.accounts import system_actor
from oversight.recording import recorded
from oversight.records import held_together, locked
from trial_site.memory import no_garbage
from trial_site.messages import Message
from trial_site.models import User

Status = ImportFile.Status
SHARES = 2  # of a file's participants, one for each worker that is told of it
CHUNK = 1000  # rows a transaction: larger ones write no faster, and hold their people longer
_BEATS_SECONDS = 120


def run_import(file_pk: int, share: int = 0) -> None:
    """Write the rows of a confirmed file that are not dealt with yet; then it is done.

    It begins with ``share`` (below ``SHARES``), and then does what is left of the others.
    Safe to run at any time and twice at once.  Stops where who confirmed it may not import any
    more (``stopped_because``); a file that is not what was brought is discarded, with the reason.
    """
    file = ImportFile.objects.select_related("laboratory", "confirmed_by").get(pk=file_pk)
    if file.status != Status.CONFIRMED or stopped_because(file):
        return
    try:
        table = table_of(file)
    except (AlteredFile, UnreadableFile) as error:
        _give_up(file, error.message)
        return
    with no_garbage():
        _write_rows(file, table, share)  # whose rows are gone before the collector is back
    cache.delete(_beat(file_pk))


def _write_rows(file: ImportFile, table: Table, share: int) -> None:
    reader = reader_of(table, Mapping.from_json(file.definition))
    run = _Run(file, table, reader, share)
    while run.goes_on():
        cache.set(_beat(file.pk), True, _BEATS_SECONDS)


def is_being_imported(file_pk: int) -> bool:
    """Whether a worker was at it lately, as far as this machine's cache knows."""
    return bool(cache.get(_beat(file_pk)))


def _beat(file_pk: int) -> str:
    return f"import-{file_pk}"


def _give_up(file: ImportFile, why: Message) -> None:
    with recorded(by=system_actor(), reason=str(why)):
        file = locked(ImportFile.objects.filter(pk=file.pk))
        if file.status == Status.CONFIRMED:
            file.status = Status.DISCARDED
            file.save()


def _finish(file: ImportFile, by: User) -> None:
    with recorded(by=by, reason="Every row was dealt with"):
        file.status = Status.DONE
        file.save()


class _Run:
    """One worker's way through a file."""

    def __init__(self, file: ImportFile, table: Table, reader: RowReader, share: int) -> None:
        self.file, self.reader = file, reader
        shares = shares_of(table, reader, SHARES)
        self.unread = shares[share:] + shares[:share]
        self.rows: list[tuple[int, RowReading]] = []
        self.contradicted = contradictions(self.rows)

    def _read_on(self) -> None:
        """Take up the next share with rows that are not dealt with, when one is at its end.

        What contradicts a row is about the same participant, so it stands in the same share.
        """
        while not self.rows and self.unread:
            share = self.unread.pop(0)
            self.rows = [(row.number, self.reader.read(row)) for row in share]
            self.contradicted = contradictions(self.rows)
            self._leave_out_done()

    def _leave_out_done(self) -> None:
        done = rows_done(self.file)
        self.rows = [row for row in self.rows if row[0] not in done]

    def goes_on(self) -> bool:
        """Write the next chunk; whether there may be another."""
        file = ImportFile.objects.select_related("laboratory", "confirmed_by").get(pk=self.file.pk)
        by = file.confirmed_by
        if by is None or file.status != Status.CONFIRMED or stopped_because(file):
            return False
        self._read_on()
        rows = self.rows[:CHUNK]
        if not rows:
            self._compute_counts(by)
        with recorded(by=by):
            # Participants first, in one order, as everywhere; only then the file.
            people = participants_of(drafts_of(rows), file.laboratory, by)
            held = list(people.select_for_update(of=("self",)).order_by("pk"))
            own = ImportFile.objects.filter(pk=file.pk).select_related("laboratory")
            # Who holds its people writes a chunk alone, and beside him others write theirs.
            file = held_together(own) if held else locked(own)
            if file.confirmed_by_id != by.pk or file.status != Status.CONFIRMED:
                return True
            if not rows:
                _finish(file, by)
                return False
            if file.rows.filter(number=rows[0][0]).exists():  # chunks are whole
                self._leave_out_done()  # another worker was first
                return True
            self._write(file, rows, held, by)
        del self.rows[:CHUNK]
        return True

    def _write(
        self, file: ImportFile, rows: Readings, held: Sequence[Participant], by: User
    ) -> None:
        facts = facts_about(drafts_of(rows), held, file.laboratory)
        judge = Judge(facts, self.contradicted, file.laboratory, file.takes_doubtful)
        verdicts = [judge.verdict(number, reading) for number, reading in rows]
        Chunk(file, facts, by).write(verdicts)

    def _compute_counts(self, by: User) -> None:
        """After the last row: a count that the laboratory printed anywhere in the file stands."""
        brought = self.file.results.filter(analyte__in=count_analytes())
        results: dict[int, list[Result]] = defaultdict(list)
        for result in brought.select_related("participant"):
            results[result.participant_id].append(result)
        for of_one in results.values():
            with recorded(by=by, reason=COMPUTED_ANEW):
                participant = locked_participant(of_one[0].participant, by=by)
                refresh_counts(participant, of_one)
