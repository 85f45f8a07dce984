"""Safety stops of the ganciclovir label: they warn and never decide eligibility (DOMAIN 1.1)."""

from __future__ import annotations

from enrollment.facts import ScreeningFacts
from enrollment.rules.criteria.case import Case
from enrollment.rules.units import in_canonical_unit
from enrollment.rules.wording import as_typed
from trial_site.messages import Message
from trial_site.protocol.definition import HoldRule, gettext_noop


def warnings(case: Case) -> tuple[Message, ...]:
    """S1 blood counts and the allergy that the record leaves out; not knowing warns too."""
    counts = [_count_warning(hold, case) for hold in case.protocol.ganciclovir.holds]
    return tuple(w for w in (_allergy_warning(case.facts), *counts) if w is not None)


def _allergy_warning(facts: ScreeningFacts) -> Message | None:
    if facts.ganciclovir_allergy is None:
        return Message(gettext_noop("Ganciclovir allergy: not asked"))
    if facts.ganciclovir_allergy:
        return Message(gettext_noop("Ganciclovir or valganciclovir allergy: do not give"))
    return None


def _count_warning(hold: HoldRule, case: Case) -> Message | None:
    analyte = case.protocol.analyte(hold.analyte)
    measured = {
        "anc": case.facts.anc,
        "hemoglobin": case.facts.hemoglobin,
        "platelets": case.facts.platelets,
    }[hold.analyte]
    named: dict[str, str | Message] = {"name": Message(analyte.name)}
    if measured is None:
        return Message(gettext_noop("%(name)s: not known"), named)
    value = in_canonical_unit(measured.value, measured.unit, analyte)
    if value is None:
        return Message(gettext_noop("%(name)s: not in a unit that is read"), named)
    if not hold.bound.holds(value):
        return None
    return Message(
        gettext_noop("%(name)s %(value)s %(unit)s: below %(limit)s %(limit_unit)s, do not give"),
        named
        | {
            "value": as_typed(measured.value),
            "unit": measured.unit,
            "limit": as_typed(hold.bound.value),
            "limit_unit": hold.bound.unit,
        },
    )
