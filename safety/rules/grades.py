"""The criteria of CTCAE in words: of named terms as the protocol has them, of laboratory terms from
the bounds of their table (DOMAIN 8)."""

from __future__ import annotations

from collections.abc import Iterable

from labs.rules.limits import bound_text
from labs.rules.numbers import plain, quantity
from trial_site.messages import Message
from trial_site.protocol.definition import (
    Bound,
    Comparison,
    GradeBound,
    GradeTable,
    Protocol,
    Reference,
    gettext_noop,
)

GRADES = (1, 2, 3, 4, 5)
_LIMITS = {
    Reference.LLN: gettext_noop("%(times)s × the lower limit of normal"),
    Reference.ULN: gettext_noop("%(times)s × the upper limit of normal"),
    Reference.BASELINE: gettext_noop("%(times)s × baseline"),
}
_ONCE = {
    Reference.LLN: gettext_noop("the lower limit of normal"),
    Reference.ULN: gettext_noop("the upper limit of normal"),
    Reference.BASELINE: gettext_noop("baseline"),
}
_FALLING = frozenset({Comparison.BELOW, Comparison.AT_MOST})
_UP_TO = gettext_noop("%(bound)s, up to %(limit)s")
_DOWN_TO = gettext_noop("%(bound)s, down to %(limit)s")
_NORMAL = gettext_noop("baseline normal: %(criterion)s")
_ABNORMAL = gettext_noop("baseline abnormal: %(criterion)s")
_OR = gettext_noop("%(first)s; or %(second)s")


def known_terms(protocol: Protocol) -> tuple[tuple[str, str], ...]:
    """``(code, name)`` of each term whose grades the protocol has; a laboratory term's code is its
    analyte's."""
    named = [(term.code, term.name) for term in protocol.safety.terms]
    return (*named, *((table.analyte, table.term) for table in protocol.grades))


def criteria_of(code: str, protocol: Protocol) -> dict[int, Message]:
    """The criteria of the grades 1 to 5 of a term; CTCAE's general words where it has no own."""
    general = {grade: Message(text) for grade, text in protocol.safety.general_grades.items()}
    table, term = protocol.grade_table(code), protocol.safety.term(code)
    if table is not None:
        return general | _of_table(table)
    if term is not None:
        return general | {grade: Message(text) for grade, text in term.grades.items()}
    return general


def _of_table(table: GradeTable) -> dict[int, Message]:
    """Grades that no number reaches stay out: their words are the general ones."""
    reached = {row.grade for row in table.rows}
    return {
        grade: _joined(_criterion(row, table) for row in table.rows if row.grade == grade)
        for grade in sorted(reached)
    }


def _joined(criteria: Iterable[Message]) -> Message:
    first, *others = criteria
    for other in others:
        first = Message(_OR, {"first": first, "second": other})
    return first


def _criterion(row: GradeBound, table: GradeTable) -> Message:
    """The row's own bound, and where the next worse grade begins."""
    own = bound_text(row.bound, _limit(row))
    worse = _next_worse(row, table)
    if worse is not None:
        text = _DOWN_TO if row.bound.comparison in _FALLING else _UP_TO
        own = Message(text, {"bound": own, "limit": _limit(worse)})
    if row.baseline_abnormal is None:
        return own
    return Message(_ABNORMAL if row.baseline_abnormal else _NORMAL, {"criterion": own})


def _next_worse(row: GradeBound, table: GradeTable) -> GradeBound | None:
    """The mildest of the worse rows that ends this one: measured alike, or, for a fixed number
    below the limit of normal, in the unit itself."""
    worse = [
        other
        for other in table.rows
        if other.grade > row.grade
        and other.baseline_abnormal == row.baseline_abnormal
        and (
            other.reference is row.reference
            or (row.reference is Reference.LLN and other.reference is Reference.ABSOLUTE)
        )
    ]
    return min(worse, key=lambda other: other.grade, default=None)


def _limit(row: GradeBound) -> Message:
    bound: Bound = row.bound
    if row.reference is Reference.ABSOLUTE:
        return Message("%(limit)s", {"limit": quantity(bound.value, bound.unit)})
    if bound.value == 1:
        return Message(_ONCE[row.reference])
    return Message(_LIMITS[row.reference], {"times": plain(bound.value)})
