"""The bytes of HL7 v2: messages of a file, their characters, and the parts of a field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from hl7apy import check_version
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_field

from labs.readers.tables import UnreadableFile
from trial_site.protocol.definition import gettext_noop

_FIRST = re.compile(rb"(?:MSH|FHS|BHS)[^A-Za-z0-9\s,;\"]|[A-Z][A-Z0-9]{2}\|")
_MARK = b"\xef\xbb\xbf"
_MLLP = b"\x0b\x1c"  # frames of the wire, which some programs save with the message
_ENVELOPE = (b"FHS", b"BHS", b"BTS", b"FTS")
_CODECS = {
    "": "utf-8",  # none declared is ASCII, which every UTF-8 reader reads
    "ASCII": "utf-8",
    "UNICODE UTF-8": "utf-8",
    "UTF-8": "utf-8",
    "GB 18030-2000": "gb18030",
    "GB18030": "gb18030",
    "8859/1": "latin-1",
}
_ESCAPED = re.compile(r"(?:X(?P<hex>(?:[0-9A-Fa-f]{2})+)|(?P<break>\.(?:br|sp\d*)))$")


def looks_like_hl7(content: bytes) -> bool:
    return _FIRST.match(content.removeprefix(_MARK).lstrip(_MLLP + b" \r\n")) is not None


@dataclass(frozen=True)
class Segment:
    """A segment with its line in the file; ``fields[n]`` is field n, for MSH as for any other."""

    line: int
    name: str
    fields: tuple[str, ...]

    def __getitem__(self, field: int) -> str:
        return self.fields[field] if field < len(self.fields) else ""


@dataclass(frozen=True)
class Dialect:
    """How one message parts its fields: the separators of MSH-1 and MSH-2, and MSH-12."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str
    version: str

    def repetitions(self, text: str) -> list[str]:
        return text.split(self.repetition)

    def part(self, name: str, text: str, number: int) -> str:
        """Component ``number`` of the first repetition of field ``name`` ("OBX_3"), unescaped."""
        parts = _components(name, self.repetitions(text)[0], self)
        return self.unescaped(parts[number - 1]) if number <= len(parts) else ""

    def whole(self, text: str) -> str:
        """A field that is one piece of text, unescaped."""
        return self.unescaped(text)

    def unescaped(self, text: str) -> str:
        r"""``\T\`` and its relatives as the characters that they stand for; hl7apy keeps them."""
        pieces = text.split(self.escape)
        if len(pieces) < 3:
            return text
        said = [self._sequence(piece) if i % 2 else piece for i, piece in enumerate(pieces)]
        return "".join(said)

    def _sequence(self, code: str) -> str:
        plain = {
            "F": self.field,
            "S": self.component,
            "T": self.subcomponent,
            "R": self.repetition,
            "E": self.escape,
            "H": "",
            "N": "",
        }
        match = _ESCAPED.match(code)
        if code in plain:
            return plain[code]
        if match and match["hex"]:
            return bytes.fromhex(match["hex"]).decode("latin-1")
        return " " if match else f"{self.escape}{code}{self.escape}"


@lru_cache(maxsize=4096)  # a file says the same codes and units in thousands of rows
def _components(name: str, text: str, dialect: Dialect) -> tuple[str, ...]:
    # TOLERANT: laboratories leave required fields out and add their own; what the trial needs is
    # checked by the caller, and a STRICT reading would refuse a good result for a missing bed.
    field = parse_field(
        text,
        name=name,
        version=dialect.version,
        encoding_chars=_encoding(dialect),
        validation_level=VALIDATION_LEVEL.TOLERANT,
        force_varies=name == "OBX_5",
    )
    parts: dict[int, str] = {}
    for position, component in enumerate(field.children, 1):
        number = (component.name or "").rpartition("_")[2]
        place = int(number) if number.isdigit() else position
        parts[place] = component.to_er7(_encoding(dialect))
    return tuple(parts.get(place, "") for place in range(1, max(parts, default=0) + 1))


def _encoding(dialect: Dialect) -> dict[str, str]:
    return {
        "FIELD": dialect.field,
        "COMPONENT": dialect.component,
        "REPETITION": dialect.repetition,
        "ESCAPE": dialect.escape,
        "SUBCOMPONENT": dialect.subcomponent,
        "SEGMENT": "\r",
        "GROUP": "\r",
    }


def split_messages(content: bytes) -> Iterator[list[tuple[int, bytes]]]:
    """The segments of each message with their lines; envelopes are left out.

    Segments before the first MSH are a message of their own, which its reader refuses.
    """
    message: list[tuple[int, bytes]] = []
    lines = re.split(rb"\r\n|\r|\n", content.removeprefix(_MARK))
    for number, line in enumerate(lines, 1):
        stripped = line.strip(_MLLP + b" \t")
        if not stripped or stripped.startswith(_ENVELOPE):
            continue
        if stripped.startswith(b"MSH") and message:
            yield message
            message = []
        message.append((number, stripped))
    if message:
        yield message


def open_message(raw: list[tuple[int, bytes]]) -> tuple[Dialect, list[Segment]]:
    """The dialect and segments of one message.

    Raises ``UnreadableFile`` for a message without MSH, in characters that it does not declare,
    or of a version that is unknown.
    """
    line, head = raw[0]
    if not head.startswith(b"MSH"):
        raise UnreadableFile(
            gettext_noop("Line %(line)s: the message has no MSH segment."), line=str(line)
        )
    codec = _codec(line, head)
    try:
        decoded = [(number, text.decode(codec)) for number, text in raw]
    except UnicodeDecodeError:
        raise UnreadableFile(
            gettext_noop(
                "Line %(line)s: the message holds characters other than those it declares in "
                "MSH-18: ask the laboratory to declare UNICODE UTF-8 or GB 18030-2000."
            ),
            line=str(line),
        ) from None
    dialect = _dialect(line, decoded[0][1])
    return dialect, [_segment(number, text, dialect) for number, text in decoded]


def _codec(line: int, head: bytes) -> str:
    """The characters that MSH-18 declares.  The names before it may be in any."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError:
        text = head.decode("gb18030", errors="replace")
    fields = text.split(text[3:4] or "|")
    declared = fields[17].split("~")[0].strip().upper() if len(fields) > 17 else ""
    if declared not in _CODECS:
        raise UnreadableFile(
            gettext_noop("Line %(line)s: the characters “%(charset)s” of MSH-18 are not known."),
            line=str(line),
            charset=declared,
        )
    return _CODECS[declared]


def _dialect(line: int, head: str) -> Dialect:
    separator, encoding = head[3:4], head[4:].split(head[3:4])[0] if head[3:4] else ""
    marks = separator + encoding[:4]
    if len(marks) != 5 or len(set(marks)) != 5 or any(mark.isalnum() for mark in marks):
        raise UnreadableFile(
            gettext_noop("Line %(line)s: MSH-2 does not name four separators, as in ^~\\&."),
            line=str(line),
        )
    fields = head.split(separator)
    version = fields[11].split(encoding[0])[0].strip() if len(fields) > 11 else ""
    try:
        check_version(version)
    except HL7apyException:
        raise UnreadableFile(
            gettext_noop("Line %(line)s: the HL7 version “%(version)s” of MSH-12 is not known."),
            line=str(line),
            version=version,
        ) from None
    component, repetition, escape, subcomponent = list(encoding[:4])
    return Dialect(separator, component, repetition, escape, subcomponent, version)


def _segment(line: int, text: str, dialect: Dialect) -> Segment:
    name, *fields = text.split(dialect.field)
    # MSH-1 is the separator itself, so that the fields of MSH count from two.
    before = (dialect.field,) if name == "MSH" else ()
    return Segment(line, name, (name, *before, *fields))
