"""A statistician's own list as CSV: read whole, or refused with the line of each mistake (R30)."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

MOST_BYTES = 1024 * 1024
MOST_PROBLEMS = 20  # a wrong file has thousands; the first tell enough
FORMULA = ("=", "+", "-", "@", "\t", "\r")
PLAIN = ["position", "arm"]
STRATIFIED = [*PLAIN, "stratum"]
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True)
class ListShape:
    """What a file must hold: known arms, one list a stratum, each of at least ``shortest``."""

    arms: Sequence[str]
    strata: Sequence[str]
    shortest: int


@dataclass
class ReadFile:
    """Arms by stratum in the order of their places; with ``problems`` nothing of it is used."""

    arms: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    problems: list[Message] = field(default_factory=list)


def read_list(file: bytes, shape: ListShape) -> ReadFile:
    """Read a CSV of UTF-8 text with the header ``position,arm`` or ``position,arm,stratum``.

    The column ``stratum`` may be left out where there is one stratum only.  Positions run 1, 2, 3
    in each stratum.
    """
    read = ReadFile()
    for problem in _problems(file, shape, read):
        if len(read.problems) == MOST_PROBLEMS:
            break
        read.problems.append(problem)
    return read


def _problems(file: bytes, shape: ListShape, read: ReadFile) -> Iterator[Message]:
    rows = _rows(file)
    if isinstance(rows, Message):
        yield rows
        return
    header = rows[0][1] if rows else []
    if header not in (PLAIN, STRATIFIED) or (header == PLAIN and len(shape.strata) > 1):
        needed = STRATIFIED if len(shape.strata) > 1 else PLAIN
        yield Message(gettext_noop("Line 1 must read %(header)s"), {"header": ",".join(needed)})
        return
    for line, cells in rows[1:]:
        yield from _line(line, cells, header, shape, read)
    for stratum in shape.strata:
        found = len(read.arms[stratum])
        if found < shape.shortest:
            yield Message(
                gettext_noop("Stratum %(stratum)s has %(found)s places; at least %(needed)s"),
                {"stratum": stratum, "found": str(found), "needed": str(shape.shortest)},
            )


def _rows(file: bytes) -> list[tuple[int, list[str]]] | Message:
    """The lines that are not empty, numbered from 1; why the file cannot be read otherwise."""
    if len(file) > MOST_BYTES:
        return Message(gettext_noop("This file is larger than 1 MB"))
    try:
        text = file.decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        return [(reader.line_num, row) for row in reader if row]
    except (UnicodeDecodeError, csv.Error):
        return Message(gettext_noop("This file is not CSV text in UTF-8"))


def _line(
    line: int, cells: list[str], header: list[str], shape: ListShape, read: ReadFile
) -> Iterator[Message]:
    """The problem of one line; a line without any is taken into ``read``."""
    at = {"line": str(line)}
    if any(cell.startswith(FORMULA) for cell in cells):
        yield Message(gettext_noop("Line %(line)s: a cell looks like a formula"), at)
        return
    if len(cells) != len(header):
        yield Message(
            gettext_noop("Line %(line)s: %(count)s cells, the header has %(expected)s"),
            {**at, "count": str(len(cells)), "expected": str(len(header))},
        )
        return
    position, arm, stratum = [*cells, shape.strata[0]][:3]
    if stratum not in shape.strata:
        yield Message(
            gettext_noop("Line %(line)s: the stratum is none of %(known)s"),
            {**at, "known": ", ".join(shape.strata)},
        )
        return
    expected = len(read.arms[stratum]) + 1
    read.arms[stratum].append(arm)
    if not _NUMBER.fullmatch(position) or int(position) != expected:
        yield Message(
            gettext_noop("Line %(line)s: the position must be %(expected)s"),
            {**at, "expected": str(expected)},
        )
    if arm not in shape.arms:
        yield Message(
            gettext_noop("Line %(line)s: the arm is none of %(known)s"),
            {**at, "known": ", ".join(shape.arms)},
        )
