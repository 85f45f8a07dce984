"""What a laboratory's file holds, whatever its format: a header and rows of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from trial_site.messages import Message


class CellKind(StrEnum):
    """What stood in the cell.  ``DATE`` carries ISO text, ``NUMBER`` plain decimal text."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    FORMULA = "formula"
    ERROR = "error"
    EMPTY = "empty"


@dataclass(frozen=True)
class Cell:
    """One cell as a person reads it, without the white space around it."""

    text: str = ""
    kind: CellKind = CellKind.EMPTY

    @property
    def is_empty(self) -> bool:
        return self.kind is CellKind.EMPTY


EMPTY = Cell()


def text_cell(text: str) -> Cell:
    """``text`` as a cell: empty where nothing but white space stands in it."""
    stripped = text.strip()
    return Cell(stripped, CellKind.TEXT) if stripped else EMPTY


@dataclass(frozen=True)
class Row:
    """One row under the header; ``number`` is its line in the file as a person counts, from 1.

    ``cells`` has as many cells as the header.  A row with ``problems`` is not to be used.
    """

    number: int
    cells: tuple[Cell, ...]
    problems: tuple[Message, ...] = ()


@dataclass(frozen=True)
class Table:
    """A file's rows.  ``notes`` say what was chosen or left unread; headers are all different."""

    header: tuple[str, ...]
    rows: Sequence[Row]
    notes: tuple[Message, ...] = ()
