"""The files that laboratories send, read into tables; nothing here knows what a column means."""

from __future__ import annotations

from pathlib import PurePath

from labs.readers.archive import ENCRYPTED
from labs.readers.delimited import read_delimited
from labs.readers.hl7 import looks_like_hl7, read_hl7
from labs.readers.tables import MAX_BYTES, UnreadableFile
from labs.readers.workbook import read_workbook
from labs.rules.tables import Table
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

__all__ = ["MAX_BYTES", "UnreadableFile", "read"]

_WORKBOOK_ENDINGS = (".xlsx",)
_MACRO_ENDINGS = (".xlsm", ".xltm", ".xlam", ".xlsb")
_TEXT_ENDINGS = (".csv", ".tsv", ".tab", ".txt")
_HL7_ENDINGS = (".hl7", ".oru", ".txt", ".dat")

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_REFUSED = (
    (
        (b"%PDF",),
        gettext_noop(
            "This is a PDF, from which no number is read for certain: ask the laboratory for the "
            "results as CSV, Excel or HL7."
        ),
    ),
    (
        (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*"),
        gettext_noop("This is a picture: ask the laboratory for CSV, Excel or HL7."),
    ),
    (
        (b"<?xml", b"<!DOCTYPE", b"<html"),
        gettext_noop(
            "This is XML or a web page, even if it is named otherwise: save it as .xlsx or CSV."
        ),
    ),
    (
        (b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!"),
        gettext_noop("This is an archive: unpack it and send what is inside."),
    ),
)
_ENDING = gettext_noop(
    "The name “%(name)s” does not end as its content would: this is %(content)s. Give the file "
    "the ending %(ending)s, or choose the file that was meant."
)


def read(name: str, content: bytes) -> Table:
    """The table in ``content``, by what it is; ``name`` must not say otherwise.

    Raises ``UnreadableFile`` with what to do about it.  Nothing is opened that is larger than
    ``MAX_BYTES``, carries macros or declares entities.
    """
    _check_size(content)
    _refuse_others(name, content)
    if content.startswith(_ZIP):
        _check_ending(name, _WORKBOOK_ENDINGS, gettext_noop("an Excel workbook"))
        return read_workbook(content)
    if PurePath(name).suffix.lower() == ".hl7" or looks_like_hl7(content):
        _check_ending(name, _HL7_ENDINGS, gettext_noop("HL7 messages"))
        return read_hl7(content)
    _check_ending(name, _TEXT_ENDINGS, gettext_noop("text"))
    return read_delimited(content)


def _check_size(content: bytes) -> None:
    if len(content) > MAX_BYTES:
        raise UnreadableFile(
            gettext_noop("The file is larger than %(limit)s MB: divide it and send the parts."),
            limit=str(MAX_BYTES // 1024**2),
        )
    if not content.strip(b"\0\t\n\r \xef\xbb\xbf\xfe\xff"):
        raise UnreadableFile(gettext_noop("The file is empty: nothing was read."))


def _refuse_others(name: str, content: bytes) -> None:
    """The files that people send instead, each with what to do."""
    if PurePath(name).suffix.lower() in _MACRO_ENDINGS:
        raise UnreadableFile(
            gettext_noop(
                "“%(name)s” is a kind of workbook that can carry macros: save it as an Excel "
                "workbook without them (.xlsx)."
            ),
            name=name,
        )
    if content.startswith(_OLE) and _ENCRYPTED_PACKAGE in content:
        raise UnreadableFile(ENCRYPTED)
    if content.startswith(_OLE):
        raise UnreadableFile(
            gettext_noop("This is a workbook of Excel 97 to 2003: save it as .xlsx or CSV.")
        )
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    for starts, refusal in _REFUSED:
        if start.startswith(starts):
            raise UnreadableFile(refusal)


def _check_ending(name: str, endings: tuple[str, ...], kind: str) -> None:
    if PurePath(name).suffix.lower() not in endings:
        raise UnreadableFile(_ENDING, name=name, content=Message(kind), ending=" / ".join(endings))
