"""Which stratum a patient belongs to (DOMAIN 11): known exactly, or not allocated."""

from __future__ import annotations

from enrollment.facts import ScreeningFacts, ViralLoad
from enrollment.rules.viral_load import holds
from enrollment.rules.wording import as_typed
from trial_site.messages import Message
from trial_site.protocol.definition import (
    Bound,
    PcrRule,
    StratificationFactor,
    Stratum,
    gettext_noop,
)


def stratum_of(
    factor: StratificationFactor, facts: ScreeningFacts, pcr: PcrRule
) -> Stratum | Message:
    """The stratum by ``facts``, or what is needed to tell; a limit is compared unrounded.

    ``pcr`` names the unit and the specimen that a CMV-DNA result must have: none is converted.
    """
    inside = (
        _is_diagnosed(factor.diagnosis, facts)
        if factor.limit is None
        else _is_on_the_side(factor.limit, facts.cmv or ViralLoad(), pcr)
    )
    if isinstance(inside, Message):
        return inside
    return factor.inside if inside else factor.outside


def _is_diagnosed(diagnosis: str, facts: ScreeningFacts) -> bool | Message:
    if not facts.diagnosis:
        return Message(gettext_noop("a diagnosis"))
    return facts.diagnosis == diagnosis


def _is_on_the_side(limit: Bound, load: ViralLoad, pcr: PcrRule) -> bool | Message:
    if load.operator is None:
        return Message(gettext_noop("a CMV-DNA result"))
    if load.unit != pcr.unit:
        return Message(
            gettext_noop("a result in %(unit)s (other units are not converted)"),
            {"unit": pcr.unit},
        )
    if load.specimen != pcr.specimen:
        return Message(
            gettext_noop("a result from %(specimen)s"), {"specimen": Message(pcr.specimen)}
        )
    side = holds(limit, load)
    if side is None:
        return Message(
            gettext_noop("a result that can be told apart from %(limit)s %(unit)s"),
            {"limit": as_typed(limit.value), "unit": limit.unit},
        )
    return side
