"""Numbers as a laboratory's file writes them, brought to the one form that is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from labs.rules.numbers import MOST_DIGITS
from labs.rules.pcr import HALF_WIDTH, Operator, UnreadableResult, parse_result
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

_NUMBER = re.compile(
    r"(?P<operator>[<>=]?)\s*(?P<sign>-?)(?P<digits>[0-9][0-9., ']*)"
    r"(?P<exponent>(?:[Ee]|\s*[x*×]\s*10\^)[+-]?[0-9]{1,2})?",
)
_MINUS = str.maketrans({"\N{MINUS SIGN}": "-", "\N{RIGHT SINGLE QUOTATION MARK}": "'"})
_GROUPED = {
    mark: re.compile(rf"[0-9]{{1,3}}(?:{re.escape(mark)}[0-9]{{3}})+")
    for mark in (",", ".", " ", "'")
}

_RANGE = re.compile(r"(?P<low>[0-9][0-9., ']*)\s*[-–—~]+\s*(?P<high>[0-9][0-9., ']*)")
_BOUND = re.compile(r"(?P<side>[<>≤≥])=?\s*(?P<limit>[0-9][0-9., ']*)")

_COMMA = gettext_noop(
    "“%(text)s” has a comma: say in the mapping whether it parts thousands or decimals."
)
_POINT = gettext_noop(
    "“%(text)s” has a point, and the mapping says that decimals have a comma: it is not read."
)
_GROUPS = gettext_noop("“%(text)s” parts thousands, and the mapping does not allow for it.")
_BELOW_ZERO = gettext_noop("“%(text)s” is a bound below zero: it is not read.")
_NO_LIMIT = gettext_noop("“%(text)s” is not a limit: it must be a number.")
_NO_RANGE = gettext_noop("“%(text)s” is not a range of normal, such as 3.5-9.5 or <40.")
_DIGITS = gettext_noop("“%(text)s” has more digits than any instrument prints.")


@dataclass(frozen=True)
class NumberStyle:
    """``decimal_comma``: 3,5 is three and a half.  ``thousands``: parted, 52,000 or 52 000."""

    decimal_comma: bool = False
    thousands: bool = False

    def read(self, text: str) -> tuple[Operator, Decimal | None]:
        """Operator and number of a printed result (``parse_result``), also below zero.

        Raises ``UnreadableResult`` for what could be two numbers in this style.
        """
        printed = " ".join(text.translate(HALF_WIDTH).translate(_MINUS).split())
        match = _NUMBER.fullmatch(printed)
        if match is None:
            return parse_result(printed)
        digits = self._digits(printed, match["digits"].strip())
        operator, value = parse_result(f"{match['operator']}{digits}{match['exponent'] or ''}")
        if value is not None and len(f"{value:f}") > MOST_DIGITS:
            raise _refused(_DIGITS, printed)
        if match["sign"] and value is not None:
            if operator is not Operator.EQUAL:
                raise _refused(_BELOW_ZERO, printed)
            value = -value
        return operator, value

    def read_limit(self, text: str) -> Decimal:
        """A limit, which is a number and nothing else.  Raises ``UnreadableResult``."""
        operator, value = self.read(text)
        if operator is not Operator.EQUAL or value is None:
            raise _refused(_NO_LIMIT, text)
        return value

    def read_range(self, text: str) -> tuple[Decimal | None, Decimal | None]:
        """Lower and upper limit of normal: "3.5-9.5", "<40", ">60"; none in words alone.

        Raises ``UnreadableResult`` for a range with figures that is none of these.
        """
        printed = text.translate(HALF_WIDTH).strip()
        match = _RANGE.fullmatch(printed)
        if match:
            return self.read_limit(match["low"]), self.read_limit(match["high"])
        bound = _BOUND.fullmatch(printed)
        if bound:
            limit = self.read_limit(bound["limit"])
            return (None, limit) if bound["side"] in "<≤" else (limit, None)
        if any(mark.isdigit() for mark in printed):
            raise _refused(_NO_RANGE, printed)
        return None, None

    def _digits(self, printed: str, digits: str) -> str:
        """``digits`` with a point before its decimals and nothing between its thousands."""
        point = "," if self.decimal_comma else "."
        whole, *decimals = digits.split(point)
        marks = {mark for mark in whole if not mark.isdigit()}
        plain = "".join(figure for figure in whole if figure.isdigit())
        if not marks and len(decimals) <= 1:
            return ".".join([plain, *decimals])
        if not self.thousands:
            raise _refused(_refusal(marks), printed)
        if len(marks) != 1 or len(decimals) > 1 or not _GROUPED[marks.pop()].fullmatch(whole):
            raise _refused(_POINT if self.decimal_comma else _COMMA, printed)
        return ".".join([plain, *decimals])


def _refusal(marks: set[str]) -> str:
    if "," in marks:
        return _COMMA
    return _POINT if "." in marks else _GROUPS


def _refused(text: str, printed: str) -> UnreadableResult:
    return UnreadableResult(Message(text, {"text": printed}))
