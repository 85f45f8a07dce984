"""From lines of cells to a table, and what every kind of file is refused for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from labs.rules.tables import EMPTY, Cell, Row, Table
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

MAX_BYTES = 20 * 1024 * 1024
MAX_ROWS = 20_000
MAX_COLUMNS = 200

_TOO_WIDE = gettext_noop(
    "Row %(row)s has more cells than the header: a value may hold the separator, or a cell is "
    "one too many."
)


class UnreadableFile(ValueError):
    """A file that cannot be read as results; ``message`` says why and what to do."""

    def __init__(self, template: str, /, **params: str | Message) -> None:
        self.message = Message(template, params)
        super().__init__(str(self.message))


def tabulate(lines: Iterable[tuple[int, Sequence[Cell]]], notes: tuple[Message, ...] = ()) -> Table:
    """The table of ``lines`` (number in the file, cells); the first that holds anything heads it.

    Blank lines are left out, short rows filled up with empty cells, and a row with more cells than
    the header keeps those under it and a problem: nothing shifts.  Raises ``UnreadableFile``.
    """
    filled = ((number, _trimmed(cells)) for number, cells in lines)
    content = ((number, cells) for number, cells in filled if cells)
    first = next(content, None)
    if first is None:
        raise UnreadableFile(gettext_noop("The file is empty: nothing was read."))
    header = _header(first[1])
    rows: list[Row] = []
    for number, cells in content:
        if len(rows) == MAX_ROWS:
            raise too_many_rows()
        rows.append(_row(number, cells, len(header)))
    if not rows:
        raise UnreadableFile(
            gettext_noop("The file has a header and no rows: export it again with results.")
        )
    _check_blank_headers(header, rows)
    return Table(header, tuple(rows), notes)


def too_many_rows() -> UnreadableFile:
    return UnreadableFile(
        gettext_noop("The file has more than %(limit)s rows: divide it and send the parts."),
        limit=f"{MAX_ROWS:,}",
    )


def _trimmed(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    width = len(cells)
    while width and cells[width - 1].is_empty:
        width -= 1
    return tuple(cells[:width])


def _header(cells: tuple[Cell, ...]) -> tuple[str, ...]:
    if len(cells) > MAX_COLUMNS:
        raise UnreadableFile(
            gettext_noop("The file has more than %(limit)s columns: send only the results."),
            limit=str(MAX_COLUMNS),
        )
    header = tuple(" ".join(cell.text.split()) for cell in cells)
    twice = next((name for name in header if name and header.count(name) > 1), None)
    if twice is not None:
        raise UnreadableFile(
            gettext_noop(
                "The header “%(header)s” stands over two columns: give each column its own name."
            ),
            header=twice,
        )
    return header


def _row(number: int, cells: tuple[Cell, ...], width: int) -> Row:
    problems = (Message(_TOO_WIDE, {"row": str(number)}),) if len(cells) > width else ()
    padded = cells[:width] + (EMPTY,) * (width - len(cells))
    return Row(number, padded, problems)


def _check_blank_headers(header: tuple[str, ...], rows: Sequence[Row]) -> None:
    for column, name in enumerate(header):
        filled = next((row for row in rows if not row.cells[column].is_empty), None)
        if not name and filled:
            raise UnreadableFile(
                gettext_noop(
                    "Column %(column)s has values, in row %(row)s, and no header: name it in the "
                    "first row, and remove lines that stand above the header."
                ),
                column=str(column + 1),
                row=str(filled.number),
            )
