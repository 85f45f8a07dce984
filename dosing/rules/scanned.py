"""What a scanner typed of a box: a GS1 element string, or the plain number of a lot.

GS1 General Specifications: each value follows its application identifier (AI).  01 is the article
(GTIN), 10 the lot, 17 the expiry, 21 the serial number.  Values without a fixed length end with
FNC1, which a scanner types as the separator GS, or with the string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

GS = "\x1d"
ARTICLE, LOT, EXPIRY, SERIAL = "01", "10", "17", "21"

# Figure "predefined length" of the specifications: digits of the AI, digits of the value.
_FIXED = {
    "00": (2, 18),
    **dict.fromkeys(("01", "02", "03"), (2, 14)),
    "04": (2, 16),
    "20": (2, 2),
    **{str(prefix): (2, 6) for prefix in range(11, 20)},
    **{str(prefix): (4, 6) for prefix in range(31, 37)},
    "41": (3, 13),
}
# How many digits an AI of variable length has, by its first two.
_AI_DIGITS = {
    **dict.fromkeys(("10", "21", "22", "30", "37", "90"), 2),
    **{str(prefix): 2 for prefix in range(91, 100)},
    **dict.fromkeys(("23", "24", "25", "26", "40", "42", "71"), 3),
    **dict.fromkeys(("39", "43", "70", "72", "80", "81", "82"), 4),
}
# None of these can stand in a GS1 value: a scanner that cannot type GS types one of them instead.
_SEPARATORS = re.compile(r"␝|<GS>|[\^|~]")
_SYMBOLOGY = re.compile(r"^\](?:C1|e0|d2|Q3|J1)")
_BRACKETED = re.compile(r"\((\d{2,4})\)([^()]*(?:\([^0-9)][^()]*\)[^()]*)*)")
_LONGEST = {LOT: 20, SERIAL: 20}
_BROKEN = gettext_noop("This code cannot be read: scan it again, or type lot and expiry")


@dataclass(frozen=True)
class Scanned:
    """``lot`` as it stands on the box, ``expires_on`` the last day of use; empty if not told."""

    lot: str = ""
    expires_on: date | None = None
    article: str = ""
    serial: str = ""


class Unreadable(ValueError):
    """The code contradicts itself, so that nothing of it can be trusted; ``message`` says why."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def read_scan(text: str, *, on: date) -> Scanned:
    """What ``text`` says of a lot; what is no element string is the number of a lot as typed.

    ``on`` is today, from which the century of a two-digit year follows.  Without FNC1 or brackets,
    only a string that begins with a true GTIN is taken for one: ``10ABC`` is some maker's lot.
    Raises ``Unreadable`` for an element string with a broken length, date or check digit.
    """
    raw = text.strip(" \t\r\n")
    code = _SEPARATORS.sub(GS, raw)
    bare = _SYMBOLOGY.sub("", code).lstrip(GS)
    if _BRACKETED.fullmatch(code) or (code.startswith("(") and _BRACKETED.match(code)):
        return _scanned(_bracketed(code), on)
    if bare != code or GS in bare.rstrip(GS):
        return _scanned(_raw(bare), on)
    if bare.startswith(ARTICLE) and _is_article(bare[2:16]):
        return _scanned(_raw(bare), on)
    return Scanned(lot=" ".join(raw.replace(GS, " ").split()))


def _bracketed(code: str) -> Iterator[tuple[str, str]]:
    """``(01)09506000134352(17)260531(10)AB-1``, as it is printed under the bars."""
    place = 0
    for found in _BRACKETED.finditer(code):
        if found.start() != place:
            raise Unreadable(Message(_BROKEN))
        place = found.end()
        yield found[1], found[2].strip(" " + GS)
    if place != len(code):
        raise Unreadable(Message(_BROKEN))


def _raw(code: str) -> Iterator[tuple[str, str]]:
    """``0109506000134352172605311 0AB-1`` without the blank, values of no fixed length ended."""
    rest = code
    while rest:
        prefix = rest[:2]
        if prefix in _FIXED:
            digits, length = _FIXED[prefix]
            ai, value, rest = rest[:digits], rest[digits : digits + length], rest[digits + length :]
            if len(value) != length:
                raise Unreadable(Message(_BROKEN))
        elif prefix in _AI_DIGITS:
            digits = _AI_DIGITS[prefix]
            ai, (value, _, rest) = rest[:digits], rest[digits:].partition(GS)
        else:
            raise Unreadable(Message(_BROKEN))
        yield ai, value
        rest = rest.lstrip(GS)


def _scanned(elements: Iterator[tuple[str, str]], on: date) -> Scanned:
    found: dict[str, str] = {}
    for ai, value in elements:
        if not value or found.setdefault(ai, value) != value:
            raise Unreadable(Message(_BROKEN))
    if any(len(found.get(ai, "")) > longest for ai, longest in _LONGEST.items()):
        raise Unreadable(Message(_BROKEN))
    if ARTICLE in found and not _is_article(found[ARTICLE]):
        raise Unreadable(Message(gettext_noop("The article number was misread: scan it again")))
    return Scanned(
        lot=found.get(LOT, ""),
        expires_on=_expiry(found[EXPIRY], on) if EXPIRY in found else None,
        article=found.get(ARTICLE, ""),
        serial=found.get(SERIAL, ""),
    )


def _is_article(digits: str) -> bool:
    """Fourteen digits of which the last is the check digit of the others (weights 3, 1, 3, …)."""
    if not re.fullmatch(r"[0-9]{14}", digits):
        return False
    return sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(digits)) % 10 == 0


def _expiry(digits: str, on: date) -> date:
    """``YYMMDD``; day 00 is the last day of the month."""
    if re.fullmatch(r"[0-9]{6}", digits):
        year, month, day = _year(int(digits[:2]), on), int(digits[2:4]), int(digits[4:])
        try:
            return date(year, month, day) if day else _last_day(year, month)
        except ValueError:
            pass
    raise Unreadable(
        Message(gettext_noop("The expiry “%(digits)s” is no date"), {"digits": digits})
    )


def _year(two_digits: int, on: date) -> int:
    """The specifications' rule: never more than 49 years back nor 50 ahead of the year ``on``."""
    century = on.year // 100 * 100
    difference = two_digits - on.year % 100
    if difference >= 51:
        return century - 100 + two_digits
    return century + two_digits + (100 if difference <= -50 else 0)


def _last_day(year: int, month: int) -> date:
    first_of_next = date(year + month // 12, month % 12 + 1, 1)
    if not 1 <= month <= 12:
        raise ValueError(month)
    return first_of_next - timedelta(days=1)
