"""The laboratory values that eligibility is judged by, as the screening froze them (DOMAIN 1.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from enrollment.facts import ScreeningFacts
from labs.rules.pcr import Operator, result_text
from trial_site.messages import Message
from trial_site.protocol.definition import gettext_noop

_LIVER_UNIT = "U/L"
_LOOK = gettext_noop("Eligibility was judged with %(judged)s: it needs a look")
_DATED = gettext_noop("%(value)s of %(day)s")


def _number(value: Decimal | None, unit: str | None, on: date | None) -> Message | None:
    return None if value is None or not unit else _dated(Operator.EQUAL, value, unit, on)


def _dated(operator: str, value: Decimal | None, unit: str, on: date | None) -> Message:
    text = result_text(operator, value, unit)
    return text if on is None else Message(_DATED, {"value": text, "day": on.isoformat()})


def _cmv(facts: ScreeningFacts) -> Message | None:
    load = facts.cmv
    if load is None or load.operator is None:
        return None
    return _dated(load.operator, load.value, load.unit or "", load.collected_on)


_JUDGED: Mapping[str, Callable[[ScreeningFacts], Message | None]] = {
    "cmv_dna": _cmv,
    "creatinine": lambda f: _number(f.creatinine, f.creatinine_unit, f.creatinine_collected_on),
    "alt": lambda f: _number(f.alt, _LIVER_UNIT, f.liver_collected_on),
    "ast": lambda f: _number(f.ast, _LIVER_UNIT, f.liver_collected_on),
    "bilirubin": lambda f: _number(f.bilirubin, f.bilirubin_unit, f.liver_collected_on),
}
JUDGED_ANALYTES = frozenset(_JUDGED)


def eligibility_look(analyte: str, facts: ScreeningFacts) -> Message | None:
    """Why eligibility needs a look once a value of ``analyte`` was corrected.

    ``facts`` are those that the screening froze.  ``None`` for an analyte that no criterion asks
    for; the screening itself never changes.  Source: DOMAIN 1.1, issue 4.
    """
    if analyte not in _JUDGED:
        return None
    judged = _JUDGED[analyte](facts) or Message(gettext_noop("no such value"))
    return Message(_LOOK, {"judged": judged})
