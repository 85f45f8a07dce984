"""What a screening form asks about, and what it refuses as impossible (DOMAIN 2, 3, 6).

Soft limits ask "is this right?"; hard limits mean that the value cannot be true, never that it is
against the protocol.  All numbers come from the protocol's entry limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from enrollment.facts import Operator, ScreeningFacts
from enrollment.rules.clearance import MG_DL
from enrollment.rules.steroids import daily_prednisone, in_table, prednisone_mg
from enrollment.rules.units import in_canonical_unit
from enrollment.rules.wording import as_typed, compact
from trial_site.messages import Message
from trial_site.protocol.definition import EntryLimits, Protocol, gettext_noop

_Result = tuple[str, str, Decimal | None, str | None]  # field, analyte, value, unit


@dataclass(frozen=True)
class Doubt:
    """A question about one field; ``field`` is the path in ``ScreeningFacts`` ("cmv.value")."""

    field: str
    message: Message


@dataclass(frozen=True)
class _Entry:
    """A number that was typed, as it was typed and in the unit of its limits."""

    field: str
    typed: str
    value: Fraction
    limits: EntryLimits


def doubts(facts: ScreeningFacts, protocol: Protocol) -> list[Doubt]:
    """The soft-limit questions, one a field."""
    text = gettext_noop("%(typed)s is very high. Is this %(unit)s?")
    slip = _unit_slip(facts, protocol, text)
    asked = [
        Doubt(entry.field, _question(entry))
        for entry in _entries(facts, protocol)
        if entry.limits.is_doubtful(entry.value) and not (slip and entry.field == slip.field)
    ]
    return [slip, *asked] if slip else asked


def new_doubts(facts: ScreeningFacts, saved: ScreeningFacts, protocol: Protocol) -> list[Doubt]:
    """The questions that ``saved`` did not raise: what was called right once is not asked again."""
    known = doubts(saved, protocol)
    return [doubt for doubt in doubts(facts, protocol) if doubt not in known]


def impossible(facts: ScreeningFacts, protocol: Protocol) -> list[Doubt]:
    """The hard-limit refusals, one a field."""
    text = gettext_noop("%(typed)s is not possible. Is this %(unit)s?")
    slip = _unit_slip(facts, protocol, text)
    return [
        slip if slip and entry.field == slip.field else Doubt(entry.field, _refusal(entry))
        for entry in _entries(facts, protocol)
        if entry.limits.is_impossible(entry.value)
    ]


def _question(entry: _Entry) -> Message:
    return Message(gettext_noop("%(typed)s is unusual. Is this right?"), {"typed": entry.typed})


def _refusal(entry: _Entry) -> Message:
    return Message(gettext_noop("%(typed)s is not possible."), {"typed": entry.typed})


def _unit_slip(facts: ScreeningFacts, protocol: Protocol, text: str) -> Doubt | None:
    """A creatinine in µmol/L entered as mg/dL: the more specific ``text`` replaces the general."""
    rule = protocol.clearance
    if facts.creatinine is None or facts.creatinine_unit != MG_DL:
        return None
    if facts.creatinine <= rule.unit_slip_mg_dl_above:
        return None
    typed = f"{as_typed(facts.creatinine)} {MG_DL}"
    params = {"typed": typed, "unit": rule.creatinine_limits.unit}
    return Doubt("creatinine", Message(text, params))


def _entries(facts: ScreeningFacts, protocol: Protocol) -> Iterator[_Entry]:
    """Every number that has limits, where it was typed in a unit that they can be applied to."""
    if facts.weight_kg is not None:
        limits = protocol.steroids.weight_limits
        typed = f"{as_typed(facts.weight_kg)} {limits.unit}"
        yield _Entry("weight_kg", typed, Fraction(facts.weight_kg), limits)
    yield from _steroid_entries(facts, protocol)
    for field, code, value, unit in _results(facts, protocol):
        analyte = protocol.analyte(code)
        canonical = None if value is None else in_canonical_unit(value, unit, analyte)
        if value is not None and canonical is not None and analyte.entry_limits is not None:
            yield _Entry(field, f"{as_typed(value)} {unit}", canonical, analyte.entry_limits)


def _steroid_entries(facts: ScreeningFacts, protocol: Protocol) -> Iterator[_Entry]:
    """The highest day in prednisone equivalent, or the lowest dose where that is impossible."""
    rule = protocol.steroids
    entries = in_table(facts.steroids, rule)
    if not entries:
        return
    lowest = min(prednisone_mg(entry, rule) for entry in entries)
    highest = max(daily_prednisone(entries, rule).values())
    limits = rule.daily_prednisone_limits
    extreme = lowest if limits.is_impossible(lowest) else highest
    yield _Entry("steroids", f"{compact(extreme)} {limits.unit}", extreme, limits)


def _results(facts: ScreeningFacts, protocol: Protocol) -> Iterator[_Result]:
    if facts.cmv is not None and facts.cmv.operator is Operator.EQUAL:
        yield "cmv.value", protocol.pcr.analyte, facts.cmv.value, facts.cmv.unit
    yield "creatinine", "creatinine", facts.creatinine, facts.creatinine_unit
    for enzyme, value in (("alt", facts.alt), ("ast", facts.ast)):
        yield enzyme, enzyme, value, protocol.analyte(enzyme).unit
    yield "bilirubin", "bilirubin", facts.bilirubin, facts.bilirubin_unit
    for count, measured in (
        ("anc", facts.anc),
        ("hemoglobin", facts.hemoglobin),
        ("platelets", facts.platelets),
    ):
        if measured is not None:
            yield f"{count}.value", count, measured.value, measured.unit
