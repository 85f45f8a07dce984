"""What a cytometer's file (FCS) says about itself: how many events, when, on which machine."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import re
import warnings
from dataclasses import dataclass

from flowio import FlowData
from flowio.exceptions import MultipleDataSetsError

from labs.readers.tables import UnreadableFile
from trial_site.protocol.definition import gettext_noop

MAX_FCS_BYTES = 200 * 1024 * 1024
_VERSIONS = (b"FCS2.0", b"FCS3.0", b"FCS3.1")
_HEADER_BYTES = 58
_FIXED_BITS = {"F": 32, "D": 64}
_TIME = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:[.:]\d+)?")  # 3.0 adds ticks, 3.1 hundredths
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})")

_NOT_FCS = gettext_noop("The file is not FCS 2.0, 3.0 or 3.1: send the cytometer's own file.")
_DAMAGED = gettext_noop(
    "The FCS file is cut off or contradicts itself about its events: export it again."
)


@dataclass(frozen=True)
class FcsFacts:
    """``acquired_from`` and ``acquired_to`` are on the cytometer's clock, which names no zone."""

    events: int
    acquired_from: dt.datetime | None
    acquired_to: dt.datetime | None
    cytometer: str
    sha256: str


def read_fcs(content: bytes) -> FcsFacts:
    """The facts of one data set; its events are counted from the bytes, never read.

    Raises ``UnreadableFile`` for what is not FCS, too large, cut off, of several data sets, or
    declares a number of events that its data cannot hold.
    """
    if len(content) > MAX_FCS_BYTES:
        raise UnreadableFile(
            gettext_noop("The FCS file is larger than %(limit)s MB."),
            limit=str(MAX_FCS_BYTES // 1024**2),
        )
    if not content.startswith(_VERSIONS):
        raise UnreadableFile(_NOT_FCS)
    data = _opened(content)
    _check_data(data, len(content))
    started, ended = _acquired(data.text)
    return FcsFacts(
        events=data.event_count,
        acquired_from=started,
        acquired_to=ended,
        cytometer=data.text.get("cyt", "").strip(),
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _opened(content: bytes) -> FlowData:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return FlowData(io.BytesIO(content), only_text=True)
    except MultipleDataSetsError:
        raise UnreadableFile(
            gettext_noop("The FCS file holds several data sets: export each as a file of its own.")
        ) from None
    except Exception:  # a damaged file makes the library raise whatever it met
        raise UnreadableFile(_DAMAGED) from None


def _check_data(data: FlowData, size: int) -> None:
    """The events declared must be the events that the data segment holds, inside the file."""
    if data.event_count == 0:
        return
    start, stop = _data_span(data)
    bits = _event_bits(data)
    needed = -(-bits * data.event_count // 8)
    # Some cytometers name the byte after the last one as the end: one byte over is no lie.
    surplus = stop - start + 1 - needed
    if (
        min(bits, data.event_count) < 1
        or start < _HEADER_BYTES
        or start + needed > size
        or surplus not in (0, 1)
    ):
        raise UnreadableFile(_DAMAGED)


def _data_span(data: FlowData) -> tuple[int, int]:
    """First and last byte of the data: in TEXT from FCS 3.0 on, where HEADER may be too short."""
    try:
        if data.version == "2.0":
            return data.header["data_start"], data.header["data_stop"]
        return int(data.text["begindata"]), int(data.text["enddata"])
    except (KeyError, ValueError):
        raise UnreadableFile(_DAMAGED) from None


def _event_bits(data: FlowData) -> int:
    """Bits of one event.  Only lists of numbers in binary can be counted from their bytes."""
    kind = data.data_type.strip().upper()
    if data.text.get("mode", "L").strip().upper() != "L" or kind not in ("I", *_FIXED_BITS):
        raise UnreadableFile(
            gettext_noop("The FCS file holds no list of events in binary: export it as one.")
        )
    if kind in _FIXED_BITS:
        return _FIXED_BITS[kind] * int(data.channel_count)
    try:
        return sum(int(data.text[f"p{n}b"]) for n in range(1, data.channel_count + 1))
    except (KeyError, ValueError):
        raise UnreadableFile(_DAMAGED) from None


def _acquired(text: dict[str, str]) -> tuple[dt.datetime | None, dt.datetime | None]:
    """$DATE with $BTIM and $ETIM; an end before the start was on the next day."""
    day = _date(text.get("date", ""))
    began, ended = _time(text.get("btim", "")), _time(text.get("etim", ""))
    if day is None or began is None:
        return None, None
    start = dt.datetime.combine(day, began)
    if ended is None:
        return start, None
    end = dt.datetime.combine(day, ended)
    return start, end if end >= start else end + dt.timedelta(days=1)


def _date(text: str) -> dt.date | None:
    match = _DATE.fullmatch(text.strip())
    if match is None or match[2].lower() not in _MONTHS:
        return None
    try:
        return dt.date(int(match[3]), _MONTHS.index(match[2].lower()) + 1, int(match[1]))
    except ValueError:
        return None


def _time(text: str) -> dt.time | None:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute, second = (int(part) for part in match.groups())
    try:
        return dt.time(hour, minute, second)
    except ValueError:
        return None
