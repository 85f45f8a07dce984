"""HL7 v2 results (ORU^R01) as a table with one row an OBX."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from labs.readers.hl7_text import Dialect, Segment, looks_like_hl7, open_message, split_messages
from labs.readers.tables import MAX_ROWS, UnreadableFile, too_many_rows
from labs.rules.tables import EMPTY, Cell, CellKind, Row, Table, text_cell
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

__all__ = ["HEADER", "looks_like_hl7", "read_hl7"]

HEADER = (
    "participant",
    "collected",
    "received",
    "accession",
    "code",
    "name",
    "value",
    "unit",
    "range",
    "status",
    "specimen",
)
_STATUSES = {"P": "preliminary", "F": "final", "C": "corrected"}
_COMPARATORS = {"": "", "=": "", "<": "<", ">": ">"}
_MOMENT = re.compile(
    r"(?P<date>\d{8})(?:(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?:\.\d{1,4})?)?"
    r"(?P<zone>[+-]\d{4})?"
)

_STATUS = gettext_noop("The status “%(status)s” (OBX-11) is none of P, F and C: not a result.")
_REPEATED = gettext_noop("OBX-5 holds several values: send one a segment.")
_NOT_ONE = gettext_noop("“%(text)s” (OBX-5) is a ratio, a range or a bound, not one value.")
_TYPE = gettext_noop("A value of the type “%(type)s” (OBX-2) is not read.")
_SPECIMENS = gettext_noop("The order has several specimens: it cannot be told which this is of.")


@dataclass
class _Order:
    """One OBR with what follows it."""

    obr: Segment
    obxs: list[Segment] = field(default_factory=list)
    spms: list[Segment] = field(default_factory=list)


def read_hl7(content: bytes) -> Table:
    """One row an OBX, under ``HEADER``; one or many messages, in a batch or not.

    A message that cannot be read is a row with that problem; a file of nothing else raises
    ``UnreadableFile`` with the first of them.
    """
    rows: list[Row] = []
    refused: list[UnreadableFile] = []
    for raw in split_messages(content):
        try:
            found = list(_message_rows(*open_message(raw)))
        except UnreadableFile as error:
            refused.append(error)
            found = [Row(raw[0][0], (EMPTY,) * len(HEADER), (error.message,))]
        rows.extend(found)
        if len(rows) > MAX_ROWS:
            raise too_many_rows()
    if not rows:
        raise UnreadableFile(gettext_noop("The file has no HL7 message and no MSH segment."))
    if len(refused) == len(rows):
        raise refused[0]
    return Table(HEADER, tuple(rows))


def _message_rows(dialect: Dialect, segments: Sequence[Segment]) -> Iterator[Row]:
    participant, orders = _checked(dialect, segments)
    for order in orders:
        for obx in order.obxs:
            yield _row(dialect, participant, order, obx)


def _refusal(segment: Segment, text: str) -> UnreadableFile:
    return UnreadableFile(text, line=str(segment.line))


def _checked(dialect: Dialect, segments: Sequence[Segment]) -> tuple[str, list[_Order]]:
    """The participant and the orders of a message that is what it should be."""
    msh = segments[0]
    kind = [dialect.part("MSH_9", msh[9], number) for number in (1, 2)]
    if kind != ["ORU", "R01"]:
        raise _refusal(
            msh, gettext_noop("Line %(line)s: the message is not of the type ORU^R01 (MSH-9).")
        )
    pids = [segment for segment in segments if segment.name == "PID"]
    if len(pids) != 1:
        raise _refusal(
            msh, gettext_noop("Line %(line)s: the message must have one PID segment, and one only.")
        )
    orders = _orders(segments)
    if not any(order.obxs for order in orders):
        raise _refusal(
            msh, gettext_noop("Line %(line)s: the message has no OBX segment: no result.")
        )
    return dialect.part("PID_3", pids[0][3], 1), orders


def _orders(segments: Sequence[Segment]) -> list[_Order]:
    orders: list[_Order] = []
    for segment in segments:
        if segment.name == "OBR":
            orders.append(_Order(segment))
        elif segment.name in ("OBX", "SPM") and not orders:
            raise _refusal(
                segment,
                gettext_noop(
                    "Line %(line)s: a result or specimen stands before any OBR segment, which "
                    "says when it was collected: the message cannot be used."
                ),
            )
        elif segment.name == "OBX":
            orders[-1].obxs.append(segment)
        elif segment.name == "SPM":
            orders[-1].spms.append(segment)
    if not orders:
        raise _refusal(segments[0], gettext_noop("Line %(line)s: the message has no OBR segment."))
    return orders


def _row(dialect: Dialect, participant: str, order: _Order, obx: Segment) -> Row:
    value, problem = _value(dialect, obx)
    status = obx[11].strip().upper()
    problems = [problem] if problem else []
    if status not in _STATUSES:
        problems.append(Message(_STATUS, {"status": status}))
    if len(order.spms) > 1:
        problems.append(Message(_SPECIMENS))
    cells = (
        text_cell(participant),
        *_order_cells(dialect, order),
        text_cell(dialect.part("OBX_3", obx[3], 1)),
        text_cell(dialect.part("OBX_3", obx[3], 2)),
        text_cell(value),
        text_cell(dialect.part("OBX_6", obx[6], 1)),
        text_cell(dialect.whole(obx[7])),
        text_cell(_STATUSES.get(status, status)),
        text_cell(_specimen(dialect, order)),
    )
    return Row(obx.line, cells, tuple(problems))


def _order_cells(dialect: Dialect, order: _Order) -> tuple[Cell, Cell, Cell]:
    """Collected, received, and the laboratory's number, from OBR or the specimen after it."""
    obr = order.obr
    spm = order.spms[0] if order.spms else Segment(obr.line, "SPM", ())
    collected = dialect.part("OBR_7", obr[7], 1) or spm[17].split(dialect.component)[0]
    received = obr[14].split(dialect.component)[0] or spm[18].split(dialect.component)[0]
    placed = spm[2].split(dialect.component)
    filler = placed[1] if len(placed) > 1 and placed[1] else placed[0]
    number = dialect.part("OBR_3", obr[3], 1) or dialect.unescaped(
        filler.split(dialect.subcomponent)[0]
    )
    return _moment(collected), _moment(received), text_cell(number)


def _specimen(dialect: Dialect, order: _Order) -> str:
    if len(order.spms) != 1:
        return ""
    coded = order.spms[0][4].split(dialect.component)
    return dialect.unescaped(next((part for part in coded[:2] if part), ""))


def _moment(text: str) -> Cell:
    """ISO text of an HL7 time; what is none stays as it stands, for the mapping to refuse."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return text_cell(text)
    try:
        iso = dt.date.fromisoformat(match["date"]).isoformat()
    except ValueError:
        return text_cell(text)
    if match["hour"]:
        zone = match["zone"]
        iso += f"T{match['hour']}:{match['minute']}:{match['second'] or '00'}"
        iso += f"{zone[:3]}:{zone[3:]}" if zone else ""
    return Cell(iso, CellKind.DATE)


def _value(dialect: Dialect, obx: Segment) -> tuple[str, Message | None]:
    """The result as printed, or what keeps it from being one."""
    kind, text = obx[2].strip().upper(), obx[5]
    if len(dialect.repetitions(text)) > 1:
        return "", Message(_REPEATED)
    if kind == "SN":
        return _structured(dialect, text)
    if kind in ("NM", "ST", "TX", "FT"):
        return dialect.whole(text), None
    if kind in ("CE", "CWE", "CNE"):
        return dialect.part("OBX_5", text, 2) or dialect.part("OBX_5", text, 1), None
    if not text:
        return "", None
    return "", Message(_TYPE, {"type": kind})


def _structured(dialect: Dialect, text: str) -> tuple[str, Message | None]:
    """SN: comparator, number, and what would make it a ratio or a range."""
    comparator, number, *rest = (dialect.part("OBX_5", text, place) for place in range(1, 5))
    if comparator not in _COMPARATORS or any(rest) or (comparator and not number):
        return "", Message(_NOT_ONE, {"text": dialect.unescaped(text)})
    return f"{_COMPARATORS[comparator]}{number}", None
