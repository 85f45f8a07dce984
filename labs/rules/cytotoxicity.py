"""Specific lysis of K562 targets by NK cells, from the wells of one assay (DOMAIN 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from labs.rules.limits import EntryLevel, check_limits
from labs.rules.numbers import plain, rounded
from labs.rules.wells import Well, WellGroup, WellKind, group_wells
from trial_site.messages import Message
from trial_site.protocol.definition import CytotoxicityRule, gettext_noop

_ALL = Fraction(100)  # percent
_PLACES = 2
_FORMULAS = ("A", "B", "C")
_MAXIMUM_UNCHECKED = gettext_noop("no detergent wells: the maximum was not checked")


@dataclass(frozen=True)
class Lysis:
    """Specific lysis in percent by one formula, and its computation line by line.

    ``percent`` is ``None`` where a control is missing or leaves nothing to kill.
    """

    formula: str
    percent: Fraction | None
    steps: tuple[Message, ...]


@dataclass(frozen=True)
class RatioLysis:
    """The three formulas at one E:T ratio; ``wells`` are its replicates by the protocol's.

    Their lysis is in percent, each well held against the means of the controls: to be drawn, never
    to be averaged again.
    """

    et_ratio: Decimal
    by_formula: Mapping[str, Lysis]
    wells: tuple[Fraction, ...]


@dataclass(frozen=True)
class Assessment:
    """An assay read: ``result`` is the endpoint, by the protocol's formula at its E:T ratio.

    ``flags`` ask and never stop; ``endpoint_flags`` are those of the controls and of the
    protocol's ratio.  ``needed`` says what keeps ``result`` from being computed; ``impossible``
    names results outside the hard limits.
    """

    groups: tuple[WellGroup, ...]
    by_ratio: tuple[RatioLysis, ...]
    formula: str
    et_ratio: Decimal
    flags: tuple[Message, ...]
    endpoint_flags: tuple[Message, ...]
    needed: tuple[Message, ...]
    impossible: tuple[Message, ...]

    def lysis(self, formula: str) -> Lysis | None:
        """Lysis by ``formula`` (A, B or C) at the protocol's ratio; ``None`` without its wells."""
        for ratio in self.by_ratio:
            if ratio.et_ratio == self.et_ratio:
                return ratio.by_formula[formula]
        return None

    @property
    def result(self) -> Fraction | None:
        chosen = self.lysis(self.formula)
        return chosen.percent if chosen else None

    @property
    def steps(self) -> tuple[Message, ...]:
        chosen = self.lysis(self.formula)
        return chosen.steps if chosen else ()


def assess(wells: Iterable[Well], rule: CytotoxicityRule) -> Assessment:
    """Means, quality and specific lysis of one assay's ``wells``, in any order.

    A: (E - S) / (100 - S) x 100; B: (E - S) / (M - S) x 100; C: E - S; all in percent, from the
    means of the replicates, negative results kept.  Sources: DOMAIN 7 and 12.
    """
    wells = list(wells)
    groups = group_wells(wells, rule)
    means = {(group.kind, group.et_ratio): group.mean for group in groups}
    spontaneous = means.get((WellKind.SPONTANEOUS, None))
    maximum = means.get((WellKind.MAXIMUM, None))
    by_ratio = tuple(
        RatioLysis(
            group.et_ratio,
            _lyses(group.mean, spontaneous, maximum),
            _well_lyses(wells, group.et_ratio, spontaneous, maximum, rule.formula),
        )
        for group in groups
        if group.et_ratio is not None
    )
    control_flags = () if maximum is not None else (Message(_MAXIMUM_UNCHECKED),)
    at_endpoint = [group for group in groups if group.et_ratio in (None, rule.et_ratio)]
    return Assessment(
        groups=groups,
        by_ratio=by_ratio,
        formula=rule.formula,
        et_ratio=rule.et_ratio,
        flags=control_flags + _flags_of(groups),
        endpoint_flags=control_flags + _flags_of(at_endpoint),
        needed=tuple(_needed(means, rule)),
        impossible=tuple(_impossible(by_ratio, rule)),
    )


def _flags_of(groups: Iterable[WellGroup]) -> tuple[Message, ...]:
    return tuple(flag for group in groups for flag in group.flags)


# --- specific lysis -------------------------------------------------------------------------

_OVER = {
    "A": gettext_noop("(%(e)s − %(s)s) ÷ (100 − %(s)s) × 100"),
    "B": gettext_noop("(%(e)s − %(s)s) ÷ (%(m)s − %(s)s) × 100"),
}
_QUOTIENT = gettext_noop("%(killed)s ÷ %(killable)s × 100")
_DIFFERENCE = gettext_noop("%(e)s − %(s)s")
_RESULT = gettext_noop("%(result)s %%")


def _lyses(
    effector: Fraction, spontaneous: Fraction | None, maximum: Fraction | None
) -> dict[str, Lysis]:
    if spontaneous is None:
        return {formula: Lysis(formula, None, ()) for formula in _FORMULAS}
    return {
        "A": _ratio_lysis("A", effector, spontaneous, _ALL),
        "B": _ratio_lysis("B", effector, spontaneous, maximum),
        "C": _difference_lysis(effector, spontaneous),
    }


def _well_lyses(
    wells: Iterable[Well],
    et_ratio: Decimal,
    spontaneous: Fraction | None,
    maximum: Fraction | None,
    formula: str,
) -> tuple[Fraction, ...]:
    """The lysis of each well at ``et_ratio``; none where a control is missing."""
    found = [well for well in wells if well.et_ratio == et_ratio]
    lyses = [
        _lyses(Fraction(well.dead_percent), spontaneous, maximum)[formula].percent
        for well in sorted(found, key=lambda well: well.replicate)
    ]
    return tuple(percent for percent in lyses if percent is not None)


def _ratio_lysis(
    formula: str, effector: Fraction, spontaneous: Fraction, maximum: Fraction | None
) -> Lysis:
    if maximum is None or maximum <= spontaneous:
        return Lysis(formula, None, ())
    killed, killable = effector - spontaneous, maximum - spontaneous
    percent = killed / killable * _ALL
    params = {
        "e": rounded(effector, _PLACES),
        "s": rounded(spontaneous, _PLACES),
        "m": rounded(maximum, _PLACES),
    }
    quotient = {"killed": rounded(killed, _PLACES), "killable": rounded(killable, _PLACES)}
    steps = (Message(_OVER[formula], params), Message(_QUOTIENT, quotient), _result(percent))
    return Lysis(formula, percent, steps)


def _difference_lysis(effector: Fraction, spontaneous: Fraction) -> Lysis:
    params = {"e": rounded(effector, _PLACES), "s": rounded(spontaneous, _PLACES)}
    percent = effector - spontaneous
    return Lysis("C", percent, (Message(_DIFFERENCE, params), _result(percent)))


def _result(percent: Fraction) -> Message:
    return Message(_RESULT, {"result": rounded(percent, _PLACES)})


def _needed(
    means: dict[tuple[WellKind, Decimal | None], Fraction], rule: CytotoxicityRule
) -> Iterable[Message]:
    spontaneous = means.get((WellKind.SPONTANEOUS, None))
    top = means.get((WellKind.MAXIMUM, None)) if rule.formula == "B" else _ALL
    if spontaneous is None:
        yield Message(gettext_noop("wells of targets alone are needed"))
    if top is None:
        yield Message(gettext_noop("detergent wells are needed"))
    if (WellKind.EFFECTOR, rule.et_ratio) not in means:
        text = gettext_noop("wells at E:T %(ratio)s:1 are needed")
        yield Message(text, {"ratio": plain(rule.et_ratio)})
    if spontaneous is not None and top is not None and rule.formula != "C" and top <= spontaneous:
        yield Message(gettext_noop("targets alone are as dead as they can be: nothing to kill"))


def _impossible(by_ratio: Iterable[RatioLysis], rule: CytotoxicityRule) -> Iterable[Message]:
    for ratio in by_ratio:
        percent = ratio.by_formula[rule.formula].percent
        check = check_limits(rule.result_limits, percent) if percent is not None else None
        if check and check.message and check.level is EntryLevel.IMPOSSIBLE:
            yield check.message
