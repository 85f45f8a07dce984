"""What a column of a laboratory's file can hold."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop


class Meaning(StrEnum):
    """What one column of a file holds; ``value:<analyte>`` is a column of one analyte."""

    IGNORED = "ignored"
    PARTICIPANT = "participant"
    COLLECTED = "collected"
    COLLECTED_DATE = "collected_date"
    COLLECTED_TIME = "collected_time"
    RECEIVED = "received"
    ACCESSION = "accession"
    ANALYTE = "analyte"
    VALUE = "value"
    UNIT = "unit"
    SPECIMEN = "specimen"
    ASSAY = "assay"
    KIT_LOT = "kit_lot"
    LOD = "lod"
    LLOQ = "lloq"
    ULOQ = "uloq"
    LLN = "lln"
    ULN = "uln"
    RANGE = "range"
    STATUS = "status"
    FILTER = "filter"


WIDE = "value:"
LIMITS = (Meaning.LOD, Meaning.LLOQ, Meaning.ULOQ)
CONSTANTS = (
    Meaning.ANALYTE,
    Meaning.UNIT,
    Meaning.SPECIMEN,
    Meaning.ASSAY,
    *LIMITS,
    Meaning.COLLECTED_TIME,
)
NAMES: Mapping[str, str] = {
    Meaning.IGNORED: gettext_noop("not used"),
    Meaning.PARTICIPANT: gettext_noop("participant"),
    Meaning.COLLECTED: gettext_noop("collected: date and time"),
    Meaning.COLLECTED_DATE: gettext_noop("collected: date"),
    Meaning.COLLECTED_TIME: gettext_noop("collected: time of day"),
    Meaning.RECEIVED: gettext_noop("received"),
    Meaning.ACCESSION: gettext_noop("laboratory number"),
    Meaning.ANALYTE: gettext_noop("analyte"),
    Meaning.VALUE: gettext_noop("result"),
    Meaning.UNIT: gettext_noop("unit"),
    Meaning.SPECIMEN: gettext_noop("specimen"),
    Meaning.ASSAY: gettext_noop("assay"),
    Meaning.KIT_LOT: gettext_noop("kit lot"),
    Meaning.LOD: gettext_noop("limit of detection"),
    Meaning.LLOQ: gettext_noop("lower limit of quantification"),
    Meaning.ULOQ: gettext_noop("upper limit of quantification"),
    Meaning.LLN: gettext_noop("lower limit of normal"),
    Meaning.ULN: gettext_noop("upper limit of normal"),
    Meaning.RANGE: gettext_noop("range of normal"),
    Meaning.STATUS: gettext_noop("status"),
    Meaning.FILTER: gettext_noop("chooses the rows to read"),
}


def meaning_text(meaning: str) -> Message:
    """``meaning`` in words; a ``value:`` column is its analyte, and an unknown one itself."""
    code = meaning.removeprefix(WIDE)
    names = {analyte.code: analyte.name for analyte in current().analytes}
    if meaning.startswith(WIDE) and code in names:
        return Message(names[code])
    return Message(NAMES[meaning]) if meaning in NAMES else Message("%(it)s", {"it": meaning})
