"""The cells of one row, by what a mapping says of their columns, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from labs.rules.mapping import Mapping
from labs.rules.meanings import Meaning, meaning_text
from labs.rules.pcr import Operator, UnreadableResult
from labs.rules.printed import NumberStyle
from labs.rules.tables import EMPTY, Cell, CellKind, Row
from labs.rules.vocabulary import folded
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

MOST_TEXT = {
    Meaning.PARTICIPANT: 40,
    Meaning.ACCESSION: 40,
    Meaning.ASSAY: 60,
    Meaning.KIT_LOT: 40,
}

_AT = gettext_noop("%(column)s: %(problem)s")
_FORMULA = gettext_noop("a formula (%(text)s): paste its value instead, it may be out of date")
_ERROR = gettext_noop("an error of the spreadsheet (%(text)s)")
_MISSING = gettext_noop("nothing stands here")
_LONG_TEXT = gettext_noop("more than %(limit)s characters")
_UNKNOWN = gettext_noop("“%(text)s” is not known: add it to the mapping, if it is right")


class Prepared:
    """A mapping and a header, made ready for many rows."""

    def __init__(self, mapping: Mapping, header: Sequence[str]) -> None:
        self.mapping = mapping
        self.style = mapping.style
        self.wide = mapping.wide
        self.columns = {name: place for place, name in enumerate(header)}
        self.constants = {meaning: mapping.constant(meaning) for meaning in Meaning}
        self.headers = {meaning: mapping.header_of(meaning) for meaning in Meaning}
        self.words = {
            meaning: {folded(word): own for word, own in words.items()}
            for meaning, words in (
                (Meaning.PARTICIPANT, mapping.participants),
                (Meaning.ANALYTE, mapping.analytes),
                (Meaning.SPECIMEN, mapping.specimens),
                (Meaning.UNIT, mapping.units),
            )
        }
        self.analytes = {analyte.code: analyte for analyte in current().analytes}
        self.filters = {
            name: folded(wanted)
            for name, wanted in mapping.filters.items()
            if mapping.columns.get(name) == Meaning.FILTER
        }
        self.absent = frozenset(folded(text) for text in mapping.not_detected)
        numbers = (self._number(text) for text in mapping.not_detected)
        self.absent_numbers = frozenset(number for number in numbers if number is not None)

    def _number(self, text: str) -> Decimal | None:
        try:
            operator, value = self.style.read(text)
        except UnreadableResult:
            return None
        return value if operator is Operator.EQUAL else None


class RowCells:
    """``problems`` gathers all that is wrong with the row, so that it is told at once."""

    def __init__(self, prepared: Prepared, row: Row) -> None:
        self.prepared, self.row = prepared, row
        self.problems: list[Message] = []

    def cell(self, name: str | None) -> Cell:
        place = self.prepared.columns.get(name or "", -1)
        return self.row.cells[place] if 0 <= place < len(self.row.cells) else EMPTY

    def column(self, meaning: Meaning) -> str | Message:
        """The header of ``meaning``, or its name where a constant gives it."""
        return self.prepared.headers[meaning] or meaning_text(meaning)

    def told(self, column: str | Message, problem: Message) -> None:
        self.problems.append(Message(_AT, {"column": column, "problem": problem}))

    def fault(self, column: str | Message, template: str, /, **params: str | Message) -> None:
        self.told(column, Message(template, params))

    def text(self, name: str | None) -> str:
        """The usable text of the cell under ``name``; a formula or an error is a problem."""
        cell = self.cell(name)
        if cell.kind is CellKind.FORMULA:
            self.fault(name or "", _FORMULA, text=cell.text[:40])
        elif cell.kind is CellKind.ERROR:
            self.fault(name or "", _ERROR, text=cell.text[:40])
        else:
            return cell.text
        return ""

    def style(self, name: str | None) -> NumberStyle:
        """A number of a workbook is written with a point, whatever the text of the file is."""
        plain = self.cell(name).kind is CellKind.NUMBER
        return NumberStyle() if plain else self.prepared.style

    def said(self, meaning: Meaning, *, required: bool = False, constant: bool = True) -> str:
        """The column of ``meaning``, or else the constant, where that counts."""
        header = self.prepared.headers[meaning]
        if header is None and not required and not self.prepared.constants[meaning]:
            return ""  # most meanings have no column
        before = len(self.problems)
        text = self.text(header) if header is not None else ""
        text = text or (self.prepared.constants[meaning] if constant else "")
        if len(text) > MOST_TEXT.get(meaning, len(text)):
            self.fault(self.column(meaning), _LONG_TEXT, limit=str(MOST_TEXT[meaning]))
        if required and not text and len(self.problems) == before:
            self.fault(self.column(meaning), _MISSING)
        return text

    def found(self, meaning: Meaning, text: str, found: str) -> str:
        """``found``, what ``text`` was found to mean; finding nothing is a problem."""
        if text and not found:
            self.fault(self.column(meaning), _UNKNOWN, text=text[:60])
        return found
