"""Which results the investigator must see at once (DOMAIN 4 and 8)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from labs.rules.grading import grade
from labs.rules.pcr import Operator
from labs.rules.stops import stop_of_result
from trial_site.messages import Message
from trial_site.protocol.definition import Comparison, GradeTable, Protocol, gettext_noop

SEVERE = 3  # CTCAE calls grade 3 severe
_FALLING = (Comparison.BELOW, Comparison.AT_MOST)


@dataclass(frozen=True)
class Critical:
    """``reasons`` bring a result before the investigator; ``undecided`` is what it leaves open."""

    reasons: tuple[Message, ...]
    undecided: tuple[Message, ...]

    def __bool__(self) -> bool:
        return bool(self.reasons or self.undecided)


def least_grade(
    table: GradeTable,
    operator: str,
    value: Decimal,
    *,
    lln: Decimal | None,
    uln: Decimal | None,
    baseline: Decimal | None,
) -> int | None:
    """The CTCAE grade that a result has for certain, or is worse; ``None`` where none is.

    All numbers in the analyte's canonical unit.  A number that was measured has its own grade.
    ``<L`` of a value that falls, and ``>U`` of one that rises, is at least as bad as the next
    number beyond; the other way round nothing is certain.  Source: DOMAIN 8.
    """
    falls = any(row.bound.comparison in _FALLING for row in table.rows)
    if operator == Operator.BELOW and falls:
        value = value.next_minus()
    elif operator == Operator.ABOVE and not falls:
        value = value.next_plus()
    elif operator != Operator.EQUAL:
        return None
    return grade(table, value=value, lln=lln, uln=uln, baseline=baseline).value


def critical(
    analyte: str,
    operator: str,
    value: Decimal | None,
    *,
    least: int | None,
    protocol: Protocol,
) -> Critical:
    """Why a result goes to the investigator at once, nothing where it need not.

    ``value`` is in the analyte's canonical unit and ``least`` its CTCAE grade (``least_grade``).
    Grade 3 and worse, and the limits at which ganciclovir stops.  Sources: DOMAIN 4 and 8.
    """
    stop, open_question = stop_of_result(analyte, operator, value, protocol)
    reasons = [stop] if stop else []
    if least is not None and least >= SEVERE:
        text = (
            gettext_noop("CTCAE grade %(grade)s")
            if operator == Operator.EQUAL
            else gettext_noop("CTCAE grade %(grade)s or worse")
        )
        reasons.insert(0, Message(text, {"grade": str(least)}))
    return Critical(tuple(reasons), (open_question,) if open_question else ())
