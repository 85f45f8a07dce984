"""A cytotoxicity plate as the form asks for it and as the pages show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from labs.rules.cytotoxicity import Lysis, assess
from labs.rules.numbers import plain
from labs.rules.wells import Well, WellGroup, WellKind
from trial_site.messages import Message
from trial_site.protocol.definition import CytotoxicityRule, gettext_noop

_CONTROLS = {
    WellKind.SPONTANEOUS: (gettext_noop("Targets alone"), gettext_noop("spontaneous, S")),
    WellKind.MAXIMUM: (gettext_noop("Detergent"), gettext_noop("maximum, M")),
}
_FORMULAS = {
    "A": gettext_noop("of all targets"),
    "B": gettext_noop("with maximum"),
    "C": gettext_noop("difference"),
}


@dataclass(frozen=True)
class Condition:
    """What the wells of one row hold; ``code`` begins the names of its fields."""

    kind: WellKind
    et_ratio: Decimal | None
    is_endpoint: bool = False

    @property
    def code(self) -> str:
        if self.et_ratio is None:
            return self.kind.value
        return "et" + plain(self.et_ratio).replace(".", "_")

    @property
    def title(self) -> Message:
        if self.et_ratio is None:
            return Message(_CONTROLS[self.kind][0])
        return Message(gettext_noop("E:T %(ratio)s:1"), {"ratio": plain(self.et_ratio)})

    @property
    def note(self) -> str:
        if self.et_ratio is None:
            return _CONTROLS[self.kind][1]
        return gettext_noop("endpoint") if self.is_endpoint else ""


def condition_of(well: Well) -> Condition:
    return Condition(WellKind(well.kind), well.et_ratio)


def well_code(well: Well) -> str:
    """What names one well of a plate: ``spontaneous-2``, ``et12_5-1``."""
    return f"{condition_of(well).code}-{well.replicate}"


def well_title(well: Well) -> Message:
    text, row = gettext_noop("%(row)s, well %(well)s"), condition_of(well).title
    return Message(text, {"row": row, "well": str(well.replicate)})


def effectors_name(code: str, rule: CytotoxicityRule) -> Message:
    return Message(dict(rule.effectors)[code])


def run_name(run: str) -> Message:
    return Message("%(run)s", {"run": run}) if run else Message(gettext_noop("without a number"))


def conditions(rule: CytotoxicityRule) -> tuple[Condition, ...]:
    """The controls, then the protocol's E:T ratios."""
    ratios = (
        Condition(WellKind.EFFECTOR, ratio, is_endpoint=ratio == rule.et_ratio)
        for ratio in rule.et_ratios
    )
    return (*(Condition(kind, None) for kind in _CONTROLS), *ratios)


@dataclass(frozen=True)
class PlateRow:
    """A condition that was measured, its wells by their numbers, and what the rules found."""

    condition: Condition
    cells: tuple[Well | None, ...]
    group: WellGroup


@dataclass(frozen=True)
class Formula:
    """One of the three ways to compute lysis at the endpoint's ratio."""

    lysis: Lysis
    title: str
    is_chosen: bool


class Plate:
    """The wells of one assay under a version of the protocol's rule."""

    def __init__(self, wells: Sequence[Well], rule: CytotoxicityRule) -> None:
        self.wells, self.rule = wells, rule
        self.assessment = assess(wells, rule)
        self._groups = {(group.kind, group.et_ratio): group for group in self.assessment.groups}

    def group(self, condition: Condition) -> WellGroup | None:
        return self._groups.get((condition.kind, condition.et_ratio))

    @property
    def replicates(self) -> range:
        """The numbers of the wells."""
        return range(1, max((well.replicate for well in self.wells), default=0) + 1)

    @property
    def rows(self) -> list[PlateRow]:
        wells = {(well.kind, well.et_ratio, well.replicate): well for well in self.wells}
        return [
            PlateRow(
                Condition(kind, ratio, is_endpoint=ratio == self.rule.et_ratio),
                tuple(wells.get((kind, ratio, number)) for number in self.replicates),
                group,
            )
            for (kind, ratio), group in self._groups.items()
        ]

    @property
    def formulas(self) -> list[Formula]:
        """The protocol's formula first; none without wells at the endpoint's ratio."""
        lyses = [(name, self.assessment.lysis(name)) for name in _FORMULAS]
        found = [
            Formula(lysis, _FORMULAS[name], name == self.rule.formula)
            for name, lysis in lyses
            if lysis
        ]
        return sorted(found, key=lambda formula: not formula.is_chosen)

    @property
    def controls_pass(self) -> bool:
        controls = [self.group(Condition(kind, None)) for kind in _CONTROLS]
        return all(group is not None and not group.flags for group in controls)

    @property
    def endpoint_means(self) -> list[tuple[str, Fraction]]:
        """The means that the lysis is computed from, by the letters of the formulas."""
        endpoint = Condition(WellKind.EFFECTOR, self.rule.et_ratio)
        letters = {"E": endpoint, "S": Condition(WellKind.SPONTANEOUS, None)}
        letters["M"] = Condition(WellKind.MAXIMUM, None)
        groups = [(letter, self.group(condition)) for letter, condition in letters.items()]
        return [(letter, group.mean) for letter, group in groups if group]
