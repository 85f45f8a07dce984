"""CMV IgM and IgG, held against the cut-offs of the kit that measured them (DOMAIN 7)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from labs.rules.numbers import quantity
from labs.rules.pcr import Operator, result_text
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop


class SerologyClass(StrEnum):
    POSITIVE = "positive"
    GREY = "grey"  # neither: repeat
    NEGATIVE = "negative"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class CutOffs:
    """Those of one kit, in its ``unit``: positive from, and a grey zone from there down to."""

    unit: str
    positive_from: Decimal
    grey_from: Decimal | None = None

    @property
    def negative_below(self) -> Decimal:
        return self.positive_from if self.grey_from is None else self.grey_from


_POSITIVE = gettext_noop("%(result)s is positive: at least %(positive)s")
_GREY = gettext_noop("%(result)s is in the grey zone, %(grey)s to below %(positive)s: repeat")
_NEGATIVE = gettext_noop("%(result)s is negative: below %(grey)s")
_OPEN = gettext_noop("%(result)s does not say on which side of %(positive)s it lies")


def classify(
    operator: str, value: Decimal | None, unit: str, cut_offs: CutOffs | None
) -> tuple[SerologyClass, Message]:
    """What a result says by its own kit, and the sentence that says why.

    Unknown without cut-offs, in another unit than theirs (kits never compare), without a number,
    and where ``<`` or ``>`` leaves it open: ``<40`` against 35.  Source: DOMAIN 7.
    """
    result = result_text(operator, value, unit)
    if cut_offs is None:
        text = gettext_noop("%(result)s: the kit has no cut-offs here")
        return SerologyClass.UNKNOWN, Message(text, {"result": result})
    verdict, text = _judge(operator, value, unit, cut_offs)
    params: dict[str, str | Message] = {
        "result": result,
        "positive": quantity(cut_offs.positive_from, cut_offs.unit),
        "grey": quantity(cut_offs.negative_below, cut_offs.unit),
        "unit": cut_offs.unit,
    }
    return verdict, Message(text, params)


def _judge(
    operator: str, value: Decimal | None, unit: str, cut_offs: CutOffs
) -> tuple[SerologyClass, str]:
    if unit != cut_offs.unit:
        text = gettext_noop("%(result)s is not in %(unit)s, the unit of the cut-offs")
        return SerologyClass.UNKNOWN, text
    if value is None:
        return SerologyClass.UNKNOWN, gettext_noop("%(result)s: no number to hold to the cut-offs")
    if operator == Operator.EQUAL:
        return _judge_number(value, cut_offs)
    if operator == Operator.ABOVE and value >= cut_offs.positive_from:
        return SerologyClass.POSITIVE, _POSITIVE
    if operator == Operator.BELOW and value <= cut_offs.negative_below:
        return SerologyClass.NEGATIVE, _NEGATIVE
    return SerologyClass.UNKNOWN, _OPEN


def _judge_number(value: Decimal, cut_offs: CutOffs) -> tuple[SerologyClass, str]:
    if value >= cut_offs.positive_from:
        return SerologyClass.POSITIVE, _POSITIVE
    if value >= cut_offs.negative_below:
        return SerologyClass.GREY, _GREY
    return SerologyClass.NEGATIVE, _NEGATIVE
