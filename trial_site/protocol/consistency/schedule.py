"""Checks of the arms, the allocation, the visits and the outcomes that they serve."""

from collections.abc import Iterator
from itertools import combinations

from trial_site.protocol.definition import ArmCode, Drug, Outcome, Protocol, VisitRule

# A calendar month is 28 to 31 days long: windows are compared at their nearest.
_SHORTEST_MONTH, _LONGEST_MONTH = 28, 31


def arms(protocol: Protocol) -> Iterator[str]:
    drugs = {arm.code: set(arm.drugs) for arm in protocol.arms}
    for code in ArmCode:
        if code not in drugs:
            yield f"arm {code} is missing"
    for code, given in drugs.items():
        if Drug.GANCICLOVIR not in given:
            yield f"arm {code} gets no ganciclovir"
        if (Drug.IL2 in given) is not (code is ArmCode.IL2_GANCICLOVIR):
            yield f"arm {code} has the wrong drugs"


def allocation(protocol: Protocol) -> Iterator[str]:
    rule, target = protocol.allocation, protocol.identification
    if set(rule.arms) != {arm.code for arm in protocol.arms}:
        yield "allocation letters do not cover the arms"
    if not rule.block_sizes:
        yield "allocation has no block size"
    for size in rule.block_sizes:
        if size <= 0 or size % sum(rule.ratio):
            yield f"block size {size} is no multiple of the ratio"
    if target.per_arm_target * len(protocol.arms) != target.enrolment_target:
        yield "the targets of the arms do not add up to the enrolment target"
    if not target.enrolment_target < rule.shortest_list <= rule.usual_list:
        yield "an allocation list may be no longer than the enrolment target"


def stratification(protocol: Protocol) -> Iterator[str]:
    """Each factor decides by one thing, and each stratum has a list of its own."""
    rule = protocol.allocation
    for factor in rule.factors:
        if (factor.limit is None) is (not factor.diagnosis):
            yield f"factor {factor.code} needs a limit or a diagnosis, and not both"
        if factor.limit and factor.limit.unit != protocol.pcr.unit:
            yield f"factor {factor.code} is not in the unit of CMV-DNA"
        if factor.diagnosis and factor.diagnosis not in protocol.diagnosis_names:
            yield f"factor {factor.code} names an unknown diagnosis"
    strata = [rule.whole_trial, *(one for factor in rule.factors for one in factor.strata)]
    codes = [stratum.code for stratum in strata]
    for code in sorted({code for code in codes if codes.count(code) > 1}):
        yield f"stratum {code} occurs twice"


def visits(protocol: Protocol) -> Iterator[str]:
    for visit in protocol.visits:
        if visit.days_before < 0 or visit.days_after < 0:
            yield f"visit {visit.code} has a negative window"
    for first, second in combinations(protocol.visits, 2):
        if first.anchor is second.anchor and _overlap(first, second):
            yield f"the windows of visits {first.code} and {second.code} overlap"


def panels(protocol: Protocol) -> Iterator[str]:
    """Every analyte is asked for by one panel, and each panel is drawn into something."""
    groups = {analyte.group for analyte in protocol.analytes}
    for group in sorted(groups ^ {panel.group for panel in protocol.panels}):
        yield f"{group} needs both a panel and analytes"
    for panel in protocol.panels:
        if not panel.specimens or not panel.content:
            yield f"panel {panel.group} lacks its specimen or its words"


def visit_panels(protocol: Protocol) -> Iterator[str]:
    """What a visit says is taken, and what the laboratory expects of it, is the same."""
    for visit in protocol.visits:
        said = {row.group for row in protocol.panels if set(row.content) & set(visit.content)}
        for group in sorted(said ^ set(visit.panels)):
            yield f"content and panels of visit {visit.code} disagree about {group}"


def follow_up(protocol: Protocol) -> Iterator[str]:
    """The last visit ends the follow-up and can never be held early (DOMAIN 1.3, decision 9)."""
    last = [row for row in protocol.visits if row.offset_months == protocol.follow_up_months]
    if not last:
        yield f"no visit ends the follow-up of {protocol.follow_up_months} months"
    for visit in last:
        if visit.days_before > 0 or not visit.never_early:
            yield f"visit {visit.code} could be held before the follow-up is complete"


def outcomes(protocol: Protocol) -> Iterator[str]:
    primary = [row.code for row in protocol.outcomes if row.kind == "primary"]
    if len(primary) != 1:
        yield f"there are {len(primary)} primary outcomes"
    for row in protocol.outcomes:
        if row.kind not in {"primary", "secondary"}:
            yield f"outcome {row.code} is neither primary nor secondary"
        if bool(row.analytes) != bool(row.time_points):
            yield f"outcome {row.code} has analytes or time points, but not both"
        yield from _unknown(row, protocol)


def _unknown(row: Outcome, protocol: Protocol) -> Iterator[str]:
    analytes = {analyte.code for analyte in protocol.analytes}
    visits = {visit.code for visit in protocol.visits}
    for code in sorted({*row.analytes} - analytes):
        yield f"outcome {row.code} measures {code}, which is no analyte"
    for code in sorted({*row.time_points} - visits):
        yield f"outcome {row.code} is read at {code}, which is no visit"


def _overlap(first: VisitRule, second: VisitRule) -> bool:
    (opens, closes), (other_opens, other_closes) = _extent(first), _extent(second)
    return opens <= other_closes and other_opens <= closes


def _extent(visit: VisitRule) -> tuple[int, int]:
    """Earliest and latest day of the window after its anchor, whatever the months' lengths."""
    earliest = visit.offset_months * _SHORTEST_MONTH + visit.offset_days - visit.days_before
    latest = visit.offset_months * _LONGEST_MONTH + visit.offset_days + visit.days_after
    return earliest, latest
