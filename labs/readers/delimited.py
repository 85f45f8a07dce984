"""CSV and its relatives, as laboratories' programs write them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice

from labs.readers.tables import UnreadableFile, tabulate
from labs.rules.tables import Cell, Table, text_cell
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

_DELIMITERS = "\t;,"  # in the order of trust, where two would part the rows alike
# A byte above 0x7F, or a letter with it, as GB18030 writes a character.
_WIDE = re.compile(rb"[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]|[\x81-\xfe][\x40-\xfe]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DECLARED = re.compile(r"sep=([,;\t])\r?\n", re.IGNORECASE)

_NO_ENCODING = gettext_noop(
    "The characters of the file cannot be told for sure: save it as “CSV UTF-8” and send it again."
)
_NOT_TEXT = gettext_noop("The file is not text: send CSV, or an Excel workbook (.xlsx).")
_NOTED = gettext_noop("Read as %(encoding)s.")


def read_delimited(content: bytes) -> Table:
    """The rows of a text file parted by comma, tab or semicolon.

    UTF-8, UTF-16 with its mark, or GB18030; what is none of them for certain is refused, never
    read as the wrong characters.  Raises ``UnreadableFile``.
    """
    text, encoding = decode(content)
    notes = () if encoding == "UTF-8" else (Message(_NOTED, {"encoding": encoding}),)
    declared = _DECLARED.match(text)
    skipped = 1 if declared else 0
    body = text[declared.end() :] if declared else text
    delimiter = declared[1] if declared else _delimiter(body)
    return tabulate(_lines(body, delimiter, skipped), notes)


def decode(content: bytes) -> tuple[str, str]:
    """The text and the name of its encoding.  Raises ``UnreadableFile``."""
    for mark, codec, name in (
        (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
        (b"\xff\xfe", "utf-16", "UTF-16"),
        (b"\xfe\xff", "utf-16", "UTF-16"),
    ):
        if content.startswith(mark):
            return _strictly(content, codec), name
    if b"\0" in content:
        raise UnreadableFile(_NOT_TEXT)
    try:
        return _checked(content.decode("utf-8")), "UTF-8"
    except UnicodeDecodeError:
        pass
    if _looks_foreign(content):
        raise UnreadableFile(_NO_ENCODING)
    return _strictly(content, "gb18030"), "GB18030"


def _strictly(content: bytes, codec: str) -> str:
    try:
        return _checked(content.decode(codec))
    except UnicodeDecodeError:
        raise UnreadableFile(_NO_ENCODING) from None


def _checked(text: str) -> str:
    if _CONTROL.search(text):
        raise UnreadableFile(_NOT_TEXT)
    return text


def _looks_foreign(content: bytes) -> bool:
    """Whether the wide characters are too odd for GB18030, which takes almost any bytes for text.

    Windows-1252 ``µm`` is GB18030 for a rare character, and much of Big5 for many.  Chinese text
    in daily use has the high bit in both bytes of a character.
    """
    # UTF-8 that lost a byte is not GB18030 either: most of it still reads as UTF-8.
    as_utf_8 = content.decode("utf-8", errors="replace")
    lost = as_utf_8.count("\N{REPLACEMENT CHARACTER}")
    if sum(1 for mark in as_utf_8 if ord(mark) > 0x7FF) - lost > lost:
        return True
    pairs = _WIDE.findall(content)
    doubtful = sum(1 for pair in pairs if len(pair) == 2 and pair[1] < 0x80)
    return doubtful * 5 > len(pairs)


def _delimiter(text: str) -> str:
    """The separator that parts the header and the first row alike, into the most cells."""

    def score(delimiter: str) -> tuple[bool, int]:
        widths = [len(record) for record in islice(_records(text, delimiter), 2)]
        return len(set(widths)) == 1, max(widths[:1], default=0)

    found = [(score(delimiter), delimiter) for delimiter in _DELIMITERS]
    usable = [pair for pair in found if pair[0][1] > 1]
    if not usable:
        return ","
    return max(usable, key=lambda pair: pair[0])[1]


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    try:
        yield from (
            record
            for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            if any(cell.strip() for cell in record)
        )
    except csv.Error:  # told with its line when the file is read with the separator chosen
        return


def _lines(text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, list[Cell]]]:
    """Each record with the line that it starts on; a quoted value may hold line ends."""
    # strict: a quote out of place would otherwise swallow rows in silence.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1 + skipped
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise UnreadableFile(
                gettext_noop(
                    "Line %(line)s has a quotation mark that is not closed, or a value too long: "
                    "export the file again."
                ),
                line=str(number),
            ) from None
        yield number, [text_cell(cell) for cell in record]
