"""What a report is made of, in the order of reading: headings, paragraphs, tables, figures.

Every text is ready to print, in the reader's language.  How it looks is the template's alone
(``templates/outcomes/report.typ``), which takes each text for a text and never for markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from outcomes.figures.specification import Spec

NOTHING = "–"


@dataclass(frozen=True)
class Heading:
    text: str
    level: int = 1


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Notice:
    """A sentence that nobody should miss."""

    text: str


@dataclass(frozen=True)
class Items:
    """Short statements, one below the other."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """Names and what they stand for."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Column:
    """``number`` columns are set flush right; ``wide`` ones share what room there is."""

    title: str
    number: bool = False
    wide: bool = False


@dataclass(frozen=True)
class Table:
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """``spec`` is drawn when the report is set; ``svg`` is a drawing that is there already."""

    caption: str
    alt: str
    spec: Spec | None = None
    svg: str = ""


Block = Heading | Paragraph | Notice | Items | Facts | Table | Figure


@dataclass(frozen=True)
class Document:
    """``facts`` stand on the title page; ``running`` and ``mark`` head every other page."""

    title: str
    subtitle: str
    kind: str
    author: str
    language: str
    facts: tuple[tuple[str, str], ...]
    notice: str
    contents: str
    running: str
    mark: str
    blocks: tuple[Block, ...]

    def as_data(self) -> dict[str, Any]:
        """The document as JSON holds it, each block with its kind."""
        blocks = [{"kind": type(block).__name__.lower()} | asdict(block) for block in self.blocks]
        return {**asdict(self), "blocks": blocks}


def table(
    caption: str, columns: Sequence[Column], rows: Iterable[Sequence[object]], *, note: str = ""
) -> Table:
    """A table whose empty cells say that nothing stands there."""
    filled = tuple(tuple(_cell(cell) for cell in row) for row in rows)
    return Table(caption, tuple(columns), filled, note)


def texts(*titles: str) -> Iterator[Column]:
    return (Column(title) for title in titles)


def numbers(*titles: str) -> Iterator[Column]:
    return (Column(title, number=True) for title in titles)


def _cell(value: object) -> str:
    return NOTHING if value is None or value == "" else str(value)
