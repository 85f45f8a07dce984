"""CMV-DNA: reading what a laboratory prints, and holding it against the threshold (DOMAIN 6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from enrollment.rules.wording import rounded_apart
from labs.rules.numbers import NO_BREAK_SPACE, plain, quantity
from trial_site.messages import Message
from trial_site.protocol.definition import PcrRule, gettext_noop


class Operator(StrEnum):
    """How a reported number is meant.

    "Not detected" is a result without a number; "not evaluable" is that there could be none.
    """

    EQUAL = "="
    BELOW = "<"
    ABOVE = ">"
    NOT_DETECTED = "ND"
    NOT_EVALUABLE = "NE"


class PcrClass(StrEnum):
    """What a result says about the threshold; the rule of three states, and the limit itself."""

    NEGATIVE = "negative"
    AT_THRESHOLD = "at_threshold"  # neither negative nor allocatable: repeat
    ABOVE = "above"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class PcrValue:
    """One raw result.  ``value`` and the assay's limits are in ``unit``; none is ever invented.

    ``value`` is ``None`` for "not detected"; ``lod`` is the limit of detection, ``lloq`` and
    ``uloq`` those of quantification.  ``factor`` is how many copies the assay declares an IU to be.
    """

    operator: str
    value: Decimal | None
    unit: str
    lloq: Decimal | None = None
    lod: Decimal | None = None
    uloq: Decimal | None = None
    factor: Decimal | None = None

    @property
    def text(self) -> Message:
        """The result as a laboratory would print it, with its unit."""
        return result_text(self.operator, self.value, self.unit)


def result_text(operator: str, value: Decimal | None, unit: str) -> Message:
    """A result to read, as a laboratory would print it, with its unit."""
    if operator == Operator.NOT_EVALUABLE:
        return Message(gettext_noop("not evaluable"))
    if operator == Operator.NOT_DETECTED or value is None:
        return Message(gettext_noop("not detected"))
    sign = "" if operator == Operator.EQUAL else operator
    return Message("%(value)s", {"value": sign + quantity(value, unit)})


# --- against the threshold ------------------------------------------------------------------


def classify(value: PcrValue, rule: PcrRule) -> PcrClass:
    """Hold the number of ``value`` in copies/mL, unrounded, against ``rule.threshold``.

    A logarithm is ten to its power, and IU/mL counts by the assay's own factor.  What cannot be
    decided is ``UNKNOWN``: a unit that nothing converts, a missing number or limit of detection,
    ``<L`` with L above the threshold, ``>U`` with U below it.  Source: DOMAIN 6.
    """
    return explain(value, rule)[0]


def explain(value: PcrValue, rule: PcrRule) -> tuple[PcrClass, Message]:
    """The class of ``value`` (see ``classify``) and the sentence that says why."""
    read = canonical(value, rule)
    pcr_class, text = _judge(read, rule)
    params: dict[str, str | Message] = {
        "result": _both_texts(value, read, rule),
        "threshold": quantity(rule.threshold, rule.unit),
        "unit": rule.unit,
        "lod": "" if value.lod is None else quantity(value.lod, value.unit),
    }
    return pcr_class, Message(text, params)


def canonical(value: PcrValue, rule: PcrRule) -> PcrValue:
    """``value`` and its limits in ``rule.unit`` (copies/mL); as it is where nothing converts it.

    A power of ten that cannot be one becomes ``None``.  Source: DOMAIN 6.
    """

    def converted(number: Decimal | None) -> Decimal | None:
        if number is None:
            return None
        return rule.measured.canonical(number, value.unit, value.factor)

    if value.unit == rule.unit or converted(Decimal(1)) is None:
        return value
    return PcrValue(
        operator=value.operator,
        value=converted(value.value),
        unit=rule.unit,
        lloq=converted(value.lloq),
        lod=converted(value.lod),
        uloq=converted(value.uloq),
    )


def _both_texts(printed: PcrValue, read: PcrValue, rule: PcrRule) -> Message:
    """The result as printed and, where it was converted, what it comes to."""
    if read is printed or read.value is None or read.operator == Operator.NOT_DETECTED:
        return printed.text
    sign = "" if read.operator == Operator.EQUAL else read.operator
    number = _apart(read.value, rule.threshold)
    copies = f"{sign}{number}{NO_BREAK_SPACE}{rule.unit}"
    return Message("%(printed)s = %(copies)s", {"printed": printed.text, "copies": copies})


def _apart(number: Decimal, threshold: Decimal) -> str:
    """999.9998 does not read like the threshold that it lies below."""
    return (
        plain(number) if number == number.to_integral_value() else rounded_apart(number, threshold)
    )


def _judge(value: PcrValue, rule: PcrRule) -> tuple[PcrClass, str]:
    if value.unit != rule.unit:
        return PcrClass.UNKNOWN, gettext_noop("%(result)s is not in %(unit)s: never converted")
    if value.operator == Operator.NOT_DETECTED:
        return _judge_not_detected(value.lod, rule.threshold)
    if value.value is None or not _is_measurable(value.value):
        return PcrClass.UNKNOWN, gettext_noop("the result has no usable number")
    if value.operator == Operator.EQUAL:
        return _judge_number(value.value, rule.threshold)
    if value.operator == Operator.BELOW and value.value <= rule.threshold:
        return PcrClass.NEGATIVE, gettext_noop("%(result)s is below %(threshold)s")
    if value.operator == Operator.ABOVE and value.value >= rule.threshold:
        return PcrClass.ABOVE, gettext_noop("%(result)s is above %(threshold)s")
    return PcrClass.UNKNOWN, gettext_noop(
        "%(result)s does not say on which side of %(threshold)s it lies"
    )


def _judge_number(number: Decimal, threshold: Decimal) -> tuple[PcrClass, str]:
    if number < threshold:
        return PcrClass.NEGATIVE, gettext_noop("%(result)s is below %(threshold)s")
    if number > threshold:
        return PcrClass.ABOVE, gettext_noop("%(result)s is above %(threshold)s")
    return PcrClass.AT_THRESHOLD, gettext_noop("%(result)s is exactly the threshold: repeat it")


def _judge_not_detected(lod: Decimal | None, threshold: Decimal) -> tuple[PcrClass, str]:
    if lod is None or not _is_measurable(lod):
        return PcrClass.UNKNOWN, gettext_noop("not detected, but the limit of detection is missing")
    if lod > threshold:
        return PcrClass.UNKNOWN, gettext_noop(
            "not detected, but the limit of detection, %(lod)s, lies above %(threshold)s"
        )
    return PcrClass.NEGATIVE, gettext_noop(
        "not detected, by an assay that detects from %(lod)s, at most %(threshold)s"
    )


def _is_measurable(number: Decimal) -> bool:
    return number.is_finite() and number > 0


def log10_text(copies: Decimal) -> str:
    """log10 of ``copies`` (above 0) to four places, to be shown and never to be compared.

    Raises ``ValueError`` for a number that has no logarithm.  Source: DOMAIN 6.
    """
    if not _is_measurable(copies):
        raise ValueError(f"no logarithm of {copies}")
    return str(copies.log10().quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP))


# --- what a laboratory prints ---------------------------------------------------------------

_NOT_DETECTED = frozenset({"nd", "not detected", "target not detected", "未检出", "未检测到"})
_NOT_EVALUABLE = frozenset({"ne", "not evaluable", "不可评估", "无法评估"})
HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_MINUS = ("-", "\N{MINUS SIGN}")
_NUMBER = re.compile(
    r"""
    (?P<operator>[<>=]?) \s*
    (?P<digits>[0-9]{1,15} | [1-9][0-9]{0,2}(?:,[0-9]{3}){1,4})  # a comma only before thousands
    (?P<decimals>\.[0-9]{1,10})?
    (?: (?:[Ee] | \s*[x*\N{MULTIPLICATION SIGN}]\s*10\^) (?P<exponent>[+-]?[0-9]{1,2}) )?
    """,
    re.VERBOSE,
)


class UnreadableResult(ValueError):
    """A printed result that has no single meaning; ``message`` tells the reader what to type."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def parse_result(text: str, *, signed: bool = False) -> tuple[Operator, Decimal | None]:
    """The operator and the number of a printed result, ``"52,000"``, ``"<500"``, ``"未检出"``.

    The number carries no unit and is ``None`` for "not detected".  ``signed``: it may be below
    zero, as what is left after a control was subtracted.  Raises ``UnreadableResult``
    for everything that could mean two things: a comma that does not part thousands, "negative"
    or "阴性" (not detected, or below some limit?), a unit, nothing at all.  Source: DOMAIN 6.
    """
    printed = " ".join(text.translate(HALF_WIDTH).split())
    if printed.lower() in _NOT_DETECTED:
        return Operator.NOT_DETECTED, None
    if printed.lower() in _NOT_EVALUABLE:
        return Operator.NOT_EVALUABLE, None
    below_zero = signed and printed.startswith(_MINUS)
    match = _NUMBER.fullmatch(printed[1:] if below_zero else printed)
    if match is None or (below_zero and match["operator"]):
        raise UnreadableResult(_refusal(printed))
    digits = match["digits"].replace(",", "") + (match["decimals"] or "")
    number = Decimal(f"{'-' if below_zero else ''}{digits}E{match['exponent'] or 0}")
    return Operator(match["operator"] or Operator.EQUAL), number


def printed_text(operator: str, value: Decimal | None) -> str:
    """The result digit for digit, without its unit; ``parse_result`` reads it again."""
    if operator == Operator.NOT_EVALUABLE:
        return "not evaluable"
    if operator == Operator.NOT_DETECTED or value is None:
        return "not detected"
    return f"{'' if operator == Operator.EQUAL else operator}{value:f}"


def _refusal(printed: str) -> Message:
    if not printed:
        return Message(gettext_noop("Enter the result as the laboratory printed it."))
    if "," in printed:
        text = gettext_noop(
            "“%(text)s” is ambiguous: a comma may only part thousands; write decimals with a point."
        )
    else:
        text = gettext_noop(
            "“%(text)s” cannot be read: enter a number, <number, >number or “not detected”, "
            "without the unit."
        )
    return Message(text, {"text": printed})
