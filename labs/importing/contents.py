"""What stands in a file, column by column: enough to say what its columns mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from django.core.cache import cache

from labs.importing.described import TRANSLATED
from labs.importing.files import table_of
from labs.models import ImportFile
from labs.readers.hl7 import HEADER as HL7_HEADER
from labs.rules.mapping import Mapping
from labs.rules.meanings import Meaning
from labs.rules.tables import Row, Table
from labs.rules.vocabulary import find_analyte, find_specimen, find_unit
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte

CACHE_SECONDS = 3600
MOST_WORDS = 200  # different texts of a column that are kept, and asked about
SAMPLES = 3
FIRST_ROWS = 50  # looked at for a proposal


@dataclass(frozen=True)
class Column:
    """``words`` are the different texts in it, in the order of the file; ``is_cut``: not all."""

    header: str
    words: tuple[str, ...]
    is_cut: bool

    @property
    def samples(self) -> tuple[str, ...]:
        return self.words[:SAMPLES]


@dataclass(frozen=True)
class Contents:
    """``first_rows`` are for a proposal; ``notes`` say how the file was read."""

    columns: tuple[Column, ...]
    first_rows: tuple[Row, ...]
    notes: tuple[Message, ...]

    @property
    def header(self) -> tuple[str, ...]:
        return tuple(column.header for column in self.columns)

    @property
    def is_hl7(self) -> bool:
        """Whether the columns are those of HL7 messages, which mean what the standard says."""
        return self.header == HL7_HEADER

    def words(self, mapping: Mapping, meaning: Meaning) -> tuple[str, ...]:
        """The different texts under ``meaning``; none where no column has it."""
        header = mapping.header_of(meaning)
        return next((column.words for column in self.columns if column.header == header), ())

    def strange_words(
        self, mapping: Mapping, subjects: Collection[str]
    ) -> dict[Meaning, tuple[str, ...]]:
        """The words that the trial does not know by themselves: each needs a translation.

        ``subjects`` are the numbers of the participants of the laboratory's site.
        """
        measured = _measured(mapping, self.words(mapping, Meaning.ANALYTE))

        def is_known(meaning: Meaning, word: str) -> bool:
            match meaning:
                case Meaning.PARTICIPANT:
                    return word in subjects
                case Meaning.ANALYTE:
                    return bool(find_analyte(word))
                case Meaning.SPECIMEN:
                    return bool(find_specimen(word))
                case _:
                    return any(find_unit(analyte, word) for analyte in measured)

        return {
            meaning: tuple(
                word for word in self.words(mapping, meaning) if not is_known(meaning, word)
            )
            for meaning in TRANSLATED
        }


def contents_of(file: ImportFile) -> Contents:
    """Read once for its bytes, which never change."""
    key = f"labs:contents:{file.sha256}"
    return cast(Contents, cache.get_or_set(key, lambda: summarised(table_of(file)), CACHE_SECONDS))


def summarised(table: Table) -> Contents:
    columns = [_column(name, place, table.rows) for place, name in enumerate(table.header) if name]
    return Contents(tuple(columns), tuple(table.rows[:FIRST_ROWS]), table.notes)


def _column(header: str, place: int, rows: Iterable[Row]) -> Column:
    words = dict.fromkeys(row.cells[place].text for row in rows if not row.cells[place].is_empty)
    return Column(header, tuple(words)[:MOST_WORDS], len(words) > MOST_WORDS)


def _measured(mapping: Mapping, words: Sequence[str]) -> list[Analyte]:
    """The analytes that the rows are of, as far as they are known; all where none is."""
    named = [mapping.analytes.get(word, word) for word in words]
    codes = {find_analyte(word) for word in (*named, mapping.constant(Meaning.ANALYTE))}
    found = [analyte for analyte in current().analytes if analyte.code in codes]
    return found or list(current().analytes)
