"""The wells of one cytotoxicity assay: means, spread and quality (DOMAIN 7, 12)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from labs.rules.numbers import plain, rounded
from labs.rules.replicates import mean_of, root, squared_cv_percent
from trial_site.messages import Message
from trial_site.protocol.definition import CytotoxicityRule, gettext_noop


class WellKind(StrEnum):
    """Targets alone (S), targets in detergent (M), targets with effectors (E)."""

    SPONTANEOUS = "spontaneous"
    MAXIMUM = "maximum"
    EFFECTOR = "effector"


@dataclass(frozen=True)
class Well:
    """One well: ``dead_percent`` of the dyed targets, ``targets`` how many were counted.

    ``et_ratio`` is effectors to one target, given for effector wells and for no other.  Raises
    ``ValueError`` otherwise, and for a percentage that is none.
    """

    kind: WellKind
    et_ratio: Decimal | None
    replicate: int
    dead_percent: Decimal
    targets: int | None

    def __post_init__(self) -> None:
        if (self.et_ratio is not None) != (self.kind == WellKind.EFFECTOR):
            raise ValueError("effector wells have an E:T ratio, controls have none")
        if not 0 <= self.dead_percent <= 100:
            raise ValueError(f"{self.dead_percent} is not a percentage")


@dataclass(frozen=True)
class WellGroup:
    """The replicates of one condition; ``cv_percent`` (sample SD / mean) may be undefined."""

    kind: WellKind
    et_ratio: Decimal | None
    mean: Fraction
    cv_percent: Decimal | None
    flags: tuple[Message, ...]


def group_wells(wells: Iterable[Well], rule: CytotoxicityRule) -> tuple[WellGroup, ...]:
    """The replicates of each condition together: controls, then falling E:T ratios (DOMAIN 7).

    ``flags`` fire strictly beyond the rule's limits, and where a quality cannot be known.
    """
    conditions: dict[tuple[WellKind, Decimal | None], list[Well]] = {}
    for well in wells:
        conditions.setdefault((WellKind(well.kind), well.et_ratio), []).append(well)
    kinds = list(WellKind)
    ordered = sorted(conditions, key=lambda key: (kinds.index(key[0]), -(key[1] or 0)))
    return tuple(_group(kind, ratio, conditions[kind, ratio], rule) for kind, ratio in ordered)


def _group(
    kind: WellKind, et_ratio: Decimal | None, wells: list[Well], rule: CytotoxicityRule
) -> WellGroup:
    values = [Fraction(well.dead_percent) for well in wells]
    mean = mean_of(values)
    squared_cv = squared_cv_percent(values, mean)
    cv_percent = None if squared_cv is None else root(squared_cv)
    flags = [
        *_mean_flags(kind, mean, rule),
        *_cv_flags(len(values), squared_cv, rule),
        *_target_flags(wells, rule),
    ]
    return WellGroup(kind, et_ratio, mean, cv_percent, tuple(flags))


def _mean_flags(kind: WellKind, mean: Fraction, rule: CytotoxicityRule) -> Iterable[Message]:
    params = {"mean": rounded(mean, 2)}
    if kind is WellKind.SPONTANEOUS and mean > Fraction(rule.max_spontaneous):
        params["limit"] = plain(rule.max_spontaneous)
        yield Message(gettext_noop("spontaneous %(mean)s %%, above %(limit)s"), params)
    if kind is WellKind.MAXIMUM and mean < Fraction(rule.min_maximum):
        params["limit"] = plain(rule.min_maximum)
        yield Message(gettext_noop("maximum %(mean)s %%, below %(limit)s"), params)


def _cv_flags(
    replicates: int, squared_cv: Fraction | None, rule: CytotoxicityRule
) -> Iterable[Message]:
    if replicates < 2:
        yield Message(gettext_noop("one well only: CV unknown"))
    if squared_cv is not None and squared_cv > Fraction(rule.max_cv_percent) ** 2:
        params = {"cv": rounded(root(squared_cv), 1), "limit": plain(rule.max_cv_percent)}
        yield Message(gettext_noop("CV %(cv)s %%, above %(limit)s"), params)


def _target_flags(wells: Iterable[Well], rule: CytotoxicityRule) -> Iterable[Message]:
    for well in sorted(wells, key=lambda well: well.replicate):
        params = {"well": str(well.replicate), "limit": f"{rule.min_targets:,}"}
        if well.targets is None:
            yield Message(gettext_noop("well %(well)s: targets not counted"), params)
        elif well.targets < rule.min_targets:
            params["targets"] = f"{well.targets:,}"
            yield Message(
                gettext_noop("well %(well)s: %(targets)s targets, fewer than %(limit)s"), params
            )
