"""Checks of the dose rules: no clearance without a dose, no hold on an unknown analyte."""

from collections.abc import Iterator
from itertools import pairwise

from trial_site.protocol.definition import ClearanceBand, Frequency, Protocol


def clearance_bands(protocol: Protocol) -> Iterator[str]:
    """The bands, highest first, must cover every clearance exactly once."""
    bands = protocol.ganciclovir.bands
    if not bands:
        yield "there are no clearance bands"
        return
    if bands[0].high is not None:
        yield "the highest clearance band is not open above"
    if bands[-1].low is not None:
        yield "the lowest clearance band is not open below"
    for upper, lower in pairwise(bands):
        yield from _seam(upper, lower)
    for band in bands:
        if band.induction.mg_per_kg <= 0 or band.maintenance.mg_per_kg <= 0:
            yield f"clearance band from {band.low} has a dose that is not positive"


def _seam(upper: ClearanceBand, lower: ClearanceBand) -> Iterator[str]:
    if upper.low is None or lower.high is None:
        yield "an open clearance band stands between others"
    elif lower.high < upper.low:
        yield f"clearance from {lower.high} to {upper.low} is in no band"
    elif lower.high > upper.low:
        yield f"clearance from {upper.low} to {lower.high} is in two bands"


def holds(protocol: Protocol) -> Iterator[str]:
    units = {analyte.code: analyte.unit for analyte in protocol.analytes}
    for hold in protocol.ganciclovir.holds:
        if hold.analyte not in units:
            yield f"hold on {hold.analyte}, which is no analyte"
        elif hold.bound.unit != units[hold.analyte]:
            yield f"hold on {hold.analyte} in {hold.bound.unit}, not {units[hold.analyte]}"


def blood_checks(protocol: Protocol) -> Iterator[str]:
    """Whatever the frequency of the doses, blood is examined, and by analytes that exist."""
    known = {analyte.code for analyte in protocol.analytes}
    for check in protocol.ganciclovir.blood_checks:
        if not check.analytes:
            yield f"blood check {check.code} examines nothing"
        for code in check.analytes:
            if code not in known:
                yield f"blood check {check.code} of {code}, which is no analyte"
        for often in Frequency:
            if check.days_between.get(often, 0) < 1:
                yield f"blood check {check.code} is never due under {often}"


def il2(protocol: Protocol) -> Iterator[str]:
    rule = protocol.il2
    if rule.miu_limits.is_impossible(rule.dose_miu) or rule.miu_limits.is_doubtful(rule.dose_miu):
        yield f"the IL-2 dose {rule.dose_miu} MIU lies outside its own limits"


def steroids(protocol: Protocol) -> Iterator[str]:
    rule = protocol.steroids
    for agent in rule.agents:
        if agent.equivalent_mg <= 0:
            yield f"corticosteroid {agent.code} has an equivalent that is not positive"
    if rule.window_first_day > rule.window_last_day:
        yield "the corticosteroid window ends before it starts"
