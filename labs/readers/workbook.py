"""Excel workbooks: what a person sees in the cells, never what a formula once came to."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from openpyxl import load_workbook

from labs.readers.archive import DAMAGED, check_archive
from labs.readers.tables import UnreadableFile, tabulate, too_many_rows
from labs.rules.tables import EMPTY, Cell, CellKind, Table, text_cell
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

_MAX_CELLS = 10_000_000  # that a sheet may span, most of them empty, before it is refused
_PLAIN_DIGITS = 30  # a number longer than this keeps its exponent
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_CHOSEN = gettext_noop("The sheet “%(sheet)s” was read.")
_UNREAD = gettext_noop("The sheet “%(sheet)s” was not read: one sheet is read a file.")


def read_workbook(content: bytes) -> Table:
    """The first visible sheet that holds anything; ``notes`` name it and the others.

    A formula stays a formula: its stored result may be old, or made up.  Raises
    ``UnreadableFile``.
    """
    check_archive(content)
    try:
        with warnings.catch_warnings():
            # openpyxl warns about styles and dates out of range; the latter become error cells.
            warnings.simplefilter("ignore")
            return _read(content)
    except UnreadableFile:
        raise
    except Exception:  # a workbook can be wrong in any way, and openpyxl raises whatever it met
        raise UnreadableFile(DAMAGED) from None


def _read(content: bytes) -> Table:
    workbook = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
    try:
        sheets = [
            sheet
            for sheet in workbook.worksheets
            if sheet.sheet_state == "visible" and next(_lines(sheet), None)
        ]
        if not sheets:
            raise UnreadableFile(
                gettext_noop("The workbook has no visible sheet with anything in it.")
            )
        chosen, *others = sheets
        notes = (
            Message(_CHOSEN, {"sheet": chosen.title}),
            *(Message(_UNREAD, {"sheet": sheet.title}) for sheet in others),
        )
        return tabulate(_lines(chosen), notes)
    finally:
        workbook.close()


def _lines(sheet: Any) -> Iterator[tuple[int, list[Cell]]]:
    """The rows that hold anything, with their numbers on the sheet."""
    sheet.reset_dimensions()  # what a sheet declares about its own size is not always true
    spanned = 0
    for number, row in enumerate(sheet.iter_rows(), 1):
        spanned += len(row) or 1
        if spanned > _MAX_CELLS:
            raise too_many_rows()
        cells = [_cell(cell) for cell in row]
        if any(not cell.is_empty for cell in cells):
            yield number, cells


def _cell(cell: Any) -> Cell:
    """A cell of openpyxl, which may be its empty one."""
    value, kind = cell.value, getattr(cell, "data_type", "n")
    if value is None:
        return EMPTY
    if kind == "f":
        return Cell(str(getattr(value, "text", value)).strip() or "=", CellKind.FORMULA)
    if kind == "e":
        return Cell(str(value), CellKind.ERROR)
    if isinstance(value, bool):
        return Cell(str(value).upper(), CellKind.TEXT)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return Cell(_iso(value, cell.number_format), CellKind.DATE)
    if isinstance(value, dt.timedelta):
        return Cell(str(value), CellKind.TEXT)
    if isinstance(value, int | float):
        return Cell(_number(value, cell.number_format), CellKind.NUMBER)
    return text_cell(str(value))


def _iso(value: dt.datetime | dt.date | dt.time, number_format: str) -> str:
    """ISO text to the second; without a time of day where the cell shows none."""
    shown = _QUOTED.sub("", number_format).lower()
    if isinstance(value, dt.datetime):
        if value.time() == dt.time() and "h" not in shown:
            return value.date().isoformat()
        rounded = value + dt.timedelta(microseconds=500_000)
        return rounded.replace(microsecond=0).isoformat()
    if isinstance(value, dt.time):
        return value.isoformat("seconds")
    return value.isoformat()


def _number(value: int | float, number_format: str) -> str:
    """The 15 digits that Excel keeps and shows: ``0.1 + 0.2`` is ``0.3``.

    A percentage reads with its sign, as it does on the sheet.
    """
    number = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.15g}")
    if "%" in _QUOTED.sub("", number_format):
        return f"{_plain(number.scaleb(2))}%"
    return _plain(number)


def _plain(number: Decimal) -> str:
    if number == number.to_integral_value() and abs(number.adjusted()) < _PLAIN_DIGITS:
        return f"{number.to_integral_value():f}"
    text = f"{number:f}"
    return text if len(text) <= _PLAIN_DIGITS else f"{number:E}"
