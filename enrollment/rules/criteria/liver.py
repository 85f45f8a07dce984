"""E4c ALT or AST, E4d total bilirubin, each against the ULN printed with it (DOMAIN 1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from enrollment.rules.criteria.case import Case, any_of, collected_step, date_needed
from enrollment.rules.units import in_canonical_unit
from enrollment.rules.verdicts import CriterionVerdict
from enrollment.rules.wording import as_typed, rounded_apart
from trial_site.messages import Message
from trial_site.protocol.definition import Analyte, Criterion, gettext_noop


@dataclass(frozen=True)
class _Result:
    """A result and its own upper limit of normal, both in ``unit``."""

    analyte: Analyte
    value: Decimal | None
    uln: Decimal | None
    unit: str | None


@dataclass(frozen=True)
class _Finding:
    exceeds: bool | None
    steps: tuple[Message, ...] = ()
    needed: tuple[Message, ...] = ()


def transaminases(criterion: Criterion, case: Case) -> CriterionVerdict:
    """E4c: either is enough; one that exceeds decides alone, one missing leaves it open."""
    facts, protocol = case.facts, case.protocol
    alt, ast = protocol.analyte("alt"), protocol.analyte("ast")
    return _verdict(
        criterion,
        case,
        _Result(alt, facts.alt, facts.alt_uln, alt.unit),
        _Result(ast, facts.ast, facts.ast_uln, ast.unit),
    )


def bilirubin(criterion: Criterion, case: Case) -> CriterionVerdict:
    """E4d: strictly above the ULN excludes, equal to it does not."""
    facts, analyte = case.facts, case.protocol.analyte("bilirubin")
    result = _Result(analyte, facts.bilirubin, facts.bilirubin_uln, facts.bilirubin_unit)
    return _verdict(criterion, case, result)


def _verdict(criterion: Criterion, case: Case, *results: _Result) -> CriterionVerdict:
    collected_on = case.facts.liver_collected_on
    undated = date_needed(collected_on, case.judged_on, criterion.max_age_days)
    findings = [_finding(result, criterion) for result in results]
    exceeds = None if undated else any_of([finding.exceeds for finding in findings])
    steps = [collected_step(collected_on, case.judged_on)] if collected_on else []
    needed = [undated] if undated else []
    for finding in findings:
        steps += finding.steps
        needed += finding.needed
    return CriterionVerdict.of(
        criterion, exceeds, steps=steps, needed=needed if exceeds is None else []
    )


def _finding(result: _Result, criterion: Criterion) -> _Finding:
    value, uln = result.value, result.uln
    needed = _needed(result)
    if value is None or uln is None or needed:
        return _Finding(None, needed=tuple(needed))
    multiple = Fraction(value) / Fraction(uln)
    return _Finding(
        any(bound.holds(multiple) for bound in criterion.limits),
        steps=(
            Message(
                "%(name)s %(value)s ÷ %(uln)s %(unit)s",
                {
                    "name": Message(result.analyte.name),
                    "value": as_typed(value),
                    "uln": as_typed(uln),
                    "unit": str(result.unit),
                },
            ),
            Message(
                "%(multiple)s × ULN",
                {"multiple": rounded_apart(multiple, criterion.limits[0].value)},
            ),
        ),
    )


def _needed(result: _Result) -> list[Message]:
    named = {"name": Message(result.analyte.name)}
    needed = []
    if result.value is None:
        needed.append(named["name"])
    if result.uln is None:
        needed.append(Message(gettext_noop("the ULN of %(name)s"), named))
    elif result.uln <= 0:
        needed.append(Message(gettext_noop("a ULN of %(name)s above 0"), named))
    if result.value is not None:
        needed += _unusable(result, result.value, named)
    return needed


def _unusable(result: _Result, value: Decimal, named: Mapping[str, Message]) -> list[Message]:
    canonical = in_canonical_unit(value, result.unit, result.analyte)
    if canonical is None:
        return [Message(gettext_noop("the unit of %(name)s and of its ULN"), named)]
    limits = result.analyte.entry_limits
    if limits is not None and limits.is_impossible(canonical):
        return [Message(gettext_noop("a value of %(name)s that is possible"), named)]
    return []
