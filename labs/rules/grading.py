"""CTCAE grade of one laboratory value, from the protocol's table (DOMAIN 8)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from labs.rules.limits import bound_text
from labs.rules.numbers import plain
from trial_site.messages import Message
from trial_site.protocol.definition import (
    GradeBound,
    GradeTable,
    Reference,
    gettext_noop,
)

_MULTIPLES = {
    Reference.LLN: gettext_noop("%(times)s × LLN (%(reference)s)"),
    Reference.ULN: gettext_noop("%(times)s × ULN (%(reference)s)"),
    Reference.BASELINE: gettext_noop("%(times)s × baseline (%(reference)s)"),
}
_MISSING = {
    Reference.LLN: gettext_noop("the lower limit of normal is missing"),
    Reference.ULN: gettext_noop("the upper limit of normal is missing"),
}
_GRADED = gettext_noop("%(value)s is %(bound)s: grade %(grade)s")
_NO_BASELINE = gettext_noop("no baseline: graded as if it had been normal")
_WITHIN_NORMAL = gettext_noop("graded against the baseline although the value is within normal")
_AT_LEAST = gettext_noop("at least grade %(grade)s: %(why)s")


@dataclass(frozen=True)
class Grade:
    """``value`` is 0 to 4, ``None`` where it cannot be known; ``flags`` ask for a second look."""

    value: int | None
    flags: tuple[Message, ...]
    step: Message


@dataclass(frozen=True)
class _Case:
    """One value in the canonical unit and what it is held against, each ``None`` if missing."""

    value: Decimal
    references: dict[Reference, Decimal | None]

    def reaches(self, row: GradeBound) -> bool | None:
        """Whether ``row`` gives its grade to this case; ``None`` where that cannot be known."""
        answers = (self._applies(row), self._holds(row))
        if False in answers:
            return False
        return None if None in answers else True

    def _applies(self, row: GradeBound) -> bool | None:
        """Whether ``row`` speaks about this baseline.

        Without a baseline the rows for a normal one apply, and none that multiplies it.
        """
        baseline = self.references[Reference.BASELINE]
        if baseline is None:
            return row.reference is not Reference.BASELINE and not row.baseline_abnormal
        if row.baseline_abnormal is None:
            return True
        uln = self.references[Reference.ULN]
        return None if uln is None else (baseline > uln) == row.baseline_abnormal

    def _holds(self, row: GradeBound) -> bool | None:
        """Whether the value is beyond ``row``'s bound; a reference of 0 is as good as none."""
        if row.reference is Reference.ABSOLUTE:
            return row.bound.holds(self.value)
        reference = self.references[row.reference]
        if reference is None or reference <= 0:
            return None
        return row.bound.holds_of(self.value, reference)

    @property
    def is_at_most_uln(self) -> bool:
        uln = self.references[Reference.ULN]
        return uln is not None and self.value <= uln


def grade(
    table: GradeTable,
    *,
    value: Decimal,
    lln: Decimal | None,
    uln: Decimal | None,
    baseline: Decimal | None,
) -> Grade:
    """The grade of a measured ``value``; all numbers in the analyte's canonical unit.

    ``lln`` and ``uln`` are the result's own.  A missing limit leaves the grade unknown, unless a
    worse row that does not need it holds.  A baseline above ULN was abnormal; without one the
    value is graded as if it had been normal, and flagged.  Sources: DOMAIN 8 and 12.
    """
    case = _Case(value, {Reference.LLN: lln, Reference.ULN: uln, Reference.BASELINE: baseline})
    undecided: GradeBound | None = None
    for row in table.rows:
        reaches = case.reaches(row)
        if reaches:
            return _reached(table, case, row, undecided)
        if reaches is None:
            undecided = undecided or row
    flags = _baseline_flags(table, case)
    if undecided:
        return Grade(None, flags, _why_unknown(undecided))
    step = Message(gettext_noop("%(value)s reaches no grade: grade 0"), {"value": plain(value)})
    return Grade(0, flags, step)


def _reached(
    table: GradeTable, case: _Case, row: GradeBound, undecided: GradeBound | None
) -> Grade:
    flags = list(_baseline_flags(table, case))
    reached = str(row.grade)
    if row.reference is Reference.BASELINE and case.is_at_most_uln:
        flags.append(Message(_WITHIN_NORMAL))
    if undecided:
        flags.append(Message(_AT_LEAST, {"grade": reached, "why": _why_unknown(undecided)}))
    bound = _bound_text(case, row)
    step = Message(_GRADED, {"value": plain(case.value), "bound": bound, "grade": reached})
    return Grade(row.grade, tuple(flags), step)


def _bound_text(case: _Case, row: GradeBound) -> Message:
    reference = case.references.get(row.reference)
    if reference is None:
        return bound_text(row.bound)
    params = {"times": plain(row.bound.value), "reference": plain(reference)}
    return bound_text(row.bound, Message(_MULTIPLES[row.reference], params))


def _baseline_flags(table: GradeTable, case: _Case) -> tuple[Message, ...]:
    needs_baseline = any(
        row.reference is Reference.BASELINE or row.baseline_abnormal is not None
        for row in table.rows
    )
    if needs_baseline and case.references[Reference.BASELINE] is None:
        return (Message(_NO_BASELINE),)
    return ()


def _why_unknown(row: GradeBound) -> Message:
    # Rows for a normal or an abnormal baseline are told apart by the ULN.
    return Message(_MISSING.get(row.reference, _MISSING[Reference.ULN]))
