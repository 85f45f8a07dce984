"""What is looked at in an Excel workbook, which is a ZIP archive of XML, before it is opened."""

from __future__ import annotations

import io
import zipfile
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from labs.readers.tables import UnreadableFile
from trial_site.protocol.definition import gettext_noop

MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 200  # sheets of numbers pack about 10 to 30 times, a bomb about 1000 times
MAX_ENTRIES = 2_000
_SMALL = 10 * 1024 * 1024  # below it the ratio says nothing: a sheet may be one row, repeated

_BOMB = gettext_noop(
    "The workbook unpacks to far more than a workbook of results holds: it was not opened."
)
MACROS = gettext_noop(
    "The workbook carries macros: save it as an Excel workbook without them (.xlsx)."
)
ENCRYPTED = gettext_noop("The workbook is protected by a password: save it without one.")
DAMAGED = gettext_noop("The workbook is damaged: open it in Excel, save it again and send that.")
_NOT_WORKBOOK = gettext_noop(
    "The file is an archive and no Excel workbook: unpack it and send the .xlsx or CSV inside."
)
_ENTITIES = gettext_noop(
    "The workbook declares XML entities, which no program needs that writes results: refused."
)


def check_archive(content: bytes) -> None:
    """Refuse what must not be opened: bombs, macros, passwords, XML with a DTD.

    Python's ``zipfile`` never unpacks more of an entry than the archive declares for it, so the
    declared sizes bound what opening costs.  Raises ``UnreadableFile``.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_sizes(entries, len(content))
            _check_kind(entries, archive)
            for entry in entries:
                if entry.filename.lower().endswith((".xml", ".rels", ".vml")):
                    _check_prolog(archive, entry)
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        ParseError,
        EOFError,
        OSError,
        ValueError,
    ) as e:
        if isinstance(e, UnreadableFile):
            raise
        raise UnreadableFile(DAMAGED) from None


def _check_sizes(entries: list[zipfile.ZipInfo], packed: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if (
        len(entries) > MAX_ENTRIES
        or unpacked > MAX_UNPACKED
        or (unpacked > _SMALL and unpacked > MAX_RATIO * packed)
    ):
        raise UnreadableFile(_BOMB)


def _check_kind(entries: list[zipfile.ZipInfo], archive: zipfile.ZipFile) -> None:
    names = {entry.filename.lower().replace("\\", "/") for entry in entries}
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise UnreadableFile(ENCRYPTED)
    if any("vbaproject" in name or "/macrosheets/" in name for name in names):
        raise UnreadableFile(MACROS)
    if "[content_types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise UnreadableFile(_NOT_WORKBOOK)
    types = next(entry for entry in entries if entry.filename.lower() == "[content_types].xml")
    if b"macroenabled" in archive.read(types).lower():
        raise UnreadableFile(MACROS)


def _check_prolog(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """A DTD stands before the first element, so nothing after that needs to be looked at."""
    with archive.open(entry) as part:
        try:
            next(iter(iterparse(part, events=("start",), forbid_dtd=True)), None)
        except DefusedXmlException:
            raise UnreadableFile(_ENTITIES) from None
