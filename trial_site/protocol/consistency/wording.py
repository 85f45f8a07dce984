"""Checks that hold for every table: codes, criteria, provenance and entry limits."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from trial_site.protocol.definition import (
    Bound,
    Comparison,
    CriterionKind,
    EntryLimits,
    Protocol,
    Provenance,
    Source,
)

# The criteria of the registry record (DOMAIN 1.1) and the one warning added to them.
CRITERION_KINDS = {
    CriterionKind.INCLUSION: ("A1", "A2", "I1", "I2", "I3"),
    CriterionKind.EXCLUSION: (
        *("E1", "E2", "E3"),
        *("E4a", "E4b", "E4c", "E4d", "E4e"),
        *("E5", "E6", "E7"),
    ),
    CriterionKind.SAFETY: ("S1",),
}
_LOWER = (Comparison.AT_LEAST, Comparison.ABOVE)


def duplicate_codes(protocol: Protocol) -> Iterator[str]:
    tables: dict[str, Iterable[str]] = {
        "arm": (row.code for row in protocol.arms),
        "criterion": (row.id for row in protocol.criteria),
        "infection group": (row.code for row in protocol.infection_groups),
        "infection test": (row.code for row in protocol.infection_tests),
        "corticosteroid": (row.code for row in protocol.steroids.agents),
        "visit": (row.code for row in protocol.visits),
        "injection site": (code for code, _ in protocol.il2.injection_sites),
        "analyte": (row.code for row in protocol.analytes),
        "panel": (row.group for row in protocol.panels),
        "count": (row.analyte for row in protocol.counts),
        "serology kit": (row.code for row in protocol.serology_kits),
        "grade table": (row.analyte for row in protocol.grades),
        "adverse event term": (row.code for row in protocol.safety.terms),
        "reaction": (row.code for row in protocol.safety.reactions),
        "vital sign": (row.code for row in protocol.safety.vital_signs),
        "seriousness criterion": (row.code for row in protocol.safety.seriousness),
        "interacting drug": (row.code for row in protocol.safety.interactions),
        "other antiviral": (row.code for row in protocol.safety.antivirals),
        "deviation": (row.code for row in protocol.safety.deviations),
        "outcome": (row.code for row in protocol.outcomes),
        "decision": (row.id for row in protocol.decisions),
        "reading": (row.id for row in protocol.readings),
    }
    for table, codes in tables.items():
        for code, count in Counter(codes).items():
            if count > 1:
                yield f"{table} {code} stands {count} times"


def criteria(protocol: Protocol) -> Iterator[str]:
    kinds = {row.id: row.kind for row in protocol.criteria}
    for kind, expected in CRITERION_KINDS.items():
        for criterion_id in expected:
            if criterion_id not in kinds:
                yield f"criterion {criterion_id} is missing"
            elif kinds[criterion_id] is not kind:
                yield f"criterion {criterion_id} is {kinds[criterion_id]}, not {kind}"


def provenances(protocol: Protocol) -> Iterator[str]:
    known = {row.id for row in protocol.decisions} | {row.id for row in protocol.readings}
    for path, row in _walk(protocol, ""):
        if not isinstance(row, Provenance):
            continue
        if row.source is Source.REGISTRY and not row.quote:
            yield f"{path} cites the registry without its words"
        if row.source is Source.DECISION and not row.reading:
            yield f"{path} is a decision without a reading"
        if row.decision and row.decision not in known:
            yield f"{path} names {row.decision}, which is no decision and no reading"


def entry_limits(protocol: Protocol) -> Iterator[str]:
    for path, limits in _walk(protocol, ""):
        if isinstance(limits, EntryLimits):
            yield from (f"{path}: {problem}" for problem in _limit_problems(limits))


def diagnoses(protocol: Protocol) -> Iterator[str]:
    for code, accepted in protocol.criteria_sets.items():
        if not accepted:
            yield f"diagnosis {code} has no classification criteria"
    for code in protocol.criteria_sets.keys() ^ protocol.diagnosis_names.keys():
        yield f"diagnosis {code} needs both a name and classification criteria"


def _limit_problems(limits: EntryLimits) -> Iterator[str]:
    for bound in (*limits.soft, *limits.hard):
        if bound.unit != limits.unit:
            yield f"a bound in {bound.unit} among limits in {limits.unit}"
    for name, bounds in (("soft", limits.soft), ("hard", limits.hard)):
        if _is_empty(bounds):
            yield f"no value satisfies the {name} limits"
    for bound in limits.soft:
        if not all(_inside(bound, hard) for hard in limits.hard):
            yield f"soft limit {bound.value} lies outside the hard limits"


def _is_empty(bounds: tuple[Bound, ...]) -> bool:
    lower = [bound.value for bound in bounds if bound.comparison in _LOWER]
    upper = [bound.value for bound in bounds if bound.comparison not in _LOWER]
    return bool(lower and upper) and max(lower) > min(upper)


def _inside(soft: Bound, hard: Bound) -> bool:
    """Whether the edge of the plausible is itself possible."""
    return hard.holds(soft.value)


def _walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every dataclass inside ``value`` with the path that leads to it, depth first."""
    if isinstance(value, tuple):
        for index, item in enumerate(value):
            code = getattr(item, "code", getattr(item, "id", index))
            yield from _walk(item, f"{path}[{code}]")
    elif is_dataclass(value):
        yield path, value
        for field in fields(value):
            yield from _walk(getattr(value, field.name), f"{path}.{field.name}".lstrip("."))
