"""When a specimen was collected or received, as laboratories write it."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from labs.rules.numbers import half_up
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop


class DateOrder(StrEnum):
    """What comes first where the year comes last.  ``ISO``: the year always comes first."""

    ISO = "iso"
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


class UnreadableDate(ValueError):
    """A date or time that has no single meaning; ``message`` says what would give it one."""

    def __init__(self, text: str, printed: str = "") -> None:
        self.message = Message(text, {"text": printed} if printed else {})
        super().__init__(str(self.message))


_TIME_TEXT = r"""
    (?P<early>上午|下午)? \s*
    (?P<hour>\d{1,2}) \s* [:时点] \s* (?P<minute>\d{1,2}) \s* 分?
    (?: \s* :? \s* (?P<second>\d{1,2}) (?:[.,]\d{1,9})? \s* 秒? )? \s*
    (?P<late>[AaPp][Mm])? \s*
    (?P<zone>Z|[+-]\d{2}:?\d{2})?
"""
_TIME = re.compile(_TIME_TEXT, re.VERBOSE | re.ASCII)
_MOMENT = re.compile(
    rf"""
    (?: (?P<year>\d{{4}}) (?P<part>[-/.]) (?P<month>\d{{1,2}}) (?P=part) (?P<day>\d{{1,2}})
      | (?P<cyear>\d{{4}}) \s* 年 \s* (?P<cmonth>\d{{1,2}}) \s* 月 \s* (?P<cday>\d{{1,2}}) \s* 日
      | (?P<first>\d{{1,2}}) (?P<sep>[-/.]) (?P<second_>\d{{1,2}}) (?P=sep) (?P<last>\d{{4}})
    )
    (?: (?: \s* T \s* | \s+ | (?<=日) ) {_TIME_TEXT} )?
    """,
    re.VERBOSE | re.ASCII,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?", re.ASCII)
_SERIAL = re.compile(r"\d{1,7}(?:\.\d{1,15})?", re.ASCII)

_YEARS = range(1900, 2101)  # outside them a digit is wrong, whatever the specimen
_SECONDS = 86_400
# Excel counts days from 1 January 1900 = 1, and a 29 February 1900 that never was = 60.
_SERIAL_ZERO, _NEVER_WAS = dt.date(1899, 12, 31), 60
_LAST_SERIAL = 73_415  # the end of 2100

_NO_DATE = gettext_noop("“%(text)s” is not a date.")
_NO_TIME_READ = gettext_noop("“%(text)s” is not a time of day.")
_NO_ORDER = gettext_noop(
    "“%(text)s” can mean two days: say in the mapping whether the day or the month comes first."
)
_NO_DAY = gettext_noop("“%(text)s” is a day or a time that does not exist.")
_NO_TIME = gettext_noop(
    "“%(text)s” has no time of day: map a column that has it, or give one in the mapping."
)
_TWO_TIMES = gettext_noop("“%(text)s” has a time of day, and so has the column of times.")
_CLOCK = gettext_noop("“%(text)s”: the clocks changed then, so that this was never or twice.")
_IS_SERIAL = gettext_noop(
    "“%(text)s” is a number: say in the mapping that dates are Excel's serial numbers, if they are."
)


@lru_cache(maxsize=1024)  # the results of a specimen share it, a row each
def read_moment(
    text: str,
    *,
    order: DateOrder = DateOrder.ISO,
    serials: bool = False,
    tz: dt.tzinfo,
    time_of_day: str = "",
    default_time: str = "",
) -> dt.datetime:
    """The moment that ``text`` names: aware, in the zone it carries or else on the clock of ``tz``.

    Year first, in figures or with 年月日, is always read; 03/04/2026 only in a chosen ``order``.
    ``serials``: bare numbers are Excel's (1900 system).  ``time_of_day`` stood apart from
    the date; ``default_time`` is for a date that came without.  Nothing is guessed, not even
    midnight.  Raises ``UnreadableDate``.
    """
    plain = _plain(text)
    day, clock, zone = _parts(plain, order, serials)
    if time_of_day or (default_time and clock is None):
        if clock not in (None, dt.time()):
            raise UnreadableDate(_TWO_TIMES, plain)
        clock, given = read_time(time_of_day or default_time, serials=serials)
        zone = zone or given
    if clock is None:
        raise UnreadableDate(_NO_TIME, plain)
    return _on_the_clock(plain, dt.datetime.combine(day, clock), zone or tz)


def read_time(text: str, *, serials: bool = False) -> tuple[dt.time, dt.tzinfo | None]:
    """A time of day and the zone it carries.  Raises ``UnreadableDate``."""
    plain = _plain(text)
    if serials and _SERIAL.fullmatch(plain) and Decimal(plain) < 1:
        return _serial(plain, Decimal(plain))[1] or dt.time(), None
    match = _TIME.fullmatch(plain)
    if match is None:
        raise UnreadableDate(_NO_TIME_READ, plain)
    return _clock(plain, match), _zone(plain, match)


@lru_cache(maxsize=1024)
def looks_like_date(text: str) -> bool:
    """Whether ``text`` is written as a date in any order: a column swapped with another."""
    return _MOMENT.fullmatch(_plain(text)) is not None


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _parts(
    plain: str, order: DateOrder, serials: bool
) -> tuple[dt.date, dt.time | None, dt.tzinfo | None]:
    match = _MOMENT.fullmatch(plain)
    if match:
        clock = _clock(plain, match) if match["hour"] else None
        return _day(plain, *_figures(plain, match, order)), clock, _zone(plain, match)
    compact = _COMPACT.fullmatch(plain)
    if compact:
        year, month, day, *clock_figures = (int(part) for part in compact.groups() if part)
        clock = _time(plain, *clock_figures) if clock_figures else None
        return _day(plain, year, month, day), clock, None
    if _SERIAL.fullmatch(plain):
        if not serials:
            raise UnreadableDate(_IS_SERIAL, plain)
        return *_serial(plain, Decimal(plain)), None
    raise UnreadableDate(_NO_DATE, plain or "…")


def _figures(plain: str, match: re.Match[str], order: DateOrder) -> tuple[int, int, int]:
    """Year, month and day."""
    if match["year"]:
        return int(match["year"]), int(match["month"]), int(match["day"])
    if match["cyear"]:
        return int(match["cyear"]), int(match["cmonth"]), int(match["cday"])
    first, second = int(match["first"]), int(match["second_"])
    if order is DateOrder.DAY_FIRST:
        return int(match["last"]), second, first
    if order is DateOrder.MONTH_FIRST:
        return int(match["last"]), first, second
    raise UnreadableDate(_NO_ORDER, plain)


def _day(plain: str, year: int, month: int, day: int) -> dt.date:
    try:
        if year in _YEARS:
            return dt.date(year, month, day)
    except ValueError:
        pass
    raise UnreadableDate(_NO_DAY, plain)


def _time(plain: str, hour: int, minute: int = 0, second: int = 0) -> dt.time:
    try:
        return dt.time(hour, minute, second)
    except ValueError:
        raise UnreadableDate(_NO_DAY, plain) from None


def _clock(plain: str, match: re.Match[str]) -> dt.time:
    half = {"上午": "am", "下午": "pm"}.get(match["early"] or "") or (match["late"] or "").lower()
    hour = int(match["hour"])
    if half and (not 1 <= hour <= 12 or (match["early"] and match["late"])):
        raise UnreadableDate(_NO_DAY, plain)
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return _time(plain, hour, int(match["minute"]), int(match["second"] or 0))


def _zone(plain: str, match: re.Match[str]) -> dt.tzinfo | None:
    text = match["zone"]
    if not text:
        return None
    if text == "Z":
        return dt.UTC
    minutes = int(text[1:3]) * 60 + int(text[-2:])
    if minutes > 14 * 60 or int(text[-2:]) > 59:  # no zone is farther from UTC
        raise UnreadableDate(_NO_DAY, plain)
    return dt.timezone(dt.timedelta(minutes=-minutes if text[0] == "-" else minutes))


def _serial(plain: str, serial: Decimal) -> tuple[dt.date, dt.time | None]:
    """Day and time of an Excel serial; a whole number has no time of day."""
    days = int(serial)
    seconds = int(half_up(Fraction(serial - days) * _SECONDS, 0))
    days, seconds = (days + 1, 0) if seconds == _SECONDS else (days, seconds)
    if days == _NEVER_WAS or days > _LAST_SERIAL:
        raise UnreadableDate(_NO_DAY, plain)
    day = _SERIAL_ZERO + dt.timedelta(days=days if days < _NEVER_WAS else days - 1)
    if serial == int(serial):
        return day, None
    return day, dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60)


def _on_the_clock(plain: str, naive: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    moment = naive.replace(tzinfo=zone)
    if moment.utcoffset() != moment.replace(fold=1).utcoffset():
        raise UnreadableDate(_CLOCK, plain)
    return moment
