"""The form's answers as ``ScreeningFacts`` and back: one name a field, nested ones joined by ``_``.

The rules name a field by its path ("cmv.value"), the form by ``field_name(path)``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from enrollment.facts import Measurement, Operator, ScreeningFacts, SteroidDose, ViralLoad
from enrollment.rules.criteria.infections import OTHER_TEST
from trial_site.protocol import current

TESTS = tuple(test for test in current().infection_tests if test.code != OTHER_TEST)
COUNTS = tuple(hold.analyte for hold in current().ganciclovir.holds)

# The infections that a test speaks for; the open question decides itself and takes no reason.
GROUPS = tuple(
    group for group in current().infection_groups if any(test.group == group.code for test in TESTS)
)

_NESTED = {
    "cmv",
    "steroids",
    "infections",
    "infection_dates",
    "infection_reasons",
    *COUNTS,
}
_FLAT = tuple(entry.name for entry in fields(ScreeningFacts) if entry.name not in _NESTED)
_CMV = tuple(entry.name for entry in fields(ViralLoad))


def field_name(path: str) -> str:
    return path.replace(".", "_")


def infection_field(code: str) -> str:
    return f"infection_{code}"


def infection_date_field(code: str) -> str:
    return f"infection_on_{code}"


def infection_reason_field(group: str) -> str:
    return f"infection_reason_{group}"


def facts_of(answers: Mapping[str, Any], steroids: Sequence[SteroidDose]) -> ScreeningFacts:
    """The facts that valid ``answers`` state; what was left empty stays unknown."""
    flat = {name: answers[name] for name in _FLAT if _is_answered(answers.get(name))}
    results = {test.code: answers.get(infection_field(test.code)) for test in TESTS}
    dates = {test.code: answers.get(infection_date_field(test.code)) for test in TESTS}
    reasons = {group.code: answers.get(infection_reason_field(group.code)) for group in GROUPS}
    counts: dict[str, Any] = {code: _measurement(answers, code) for code in COUNTS}
    return ScreeningFacts(
        **flat,
        **counts,
        cmv=_viral_load(answers),
        steroids=tuple(steroids),
        infections={code: result for code, result in results.items() if result},
        infection_dates={code: on for code, on in dates.items() if on},
        infection_reasons={code: reason for code, reason in reasons.items() if reason},
    )


def answers_of(facts: ScreeningFacts) -> dict[str, Any]:
    """What a form shows for ``facts``, without the corticosteroid rows."""
    answers = {name: getattr(facts, name) for name in _FLAT}
    load = facts.cmv or ViralLoad()
    answers |= {f"cmv_{name}": getattr(load, name) for name in _CMV}
    answers |= {infection_field(code): result for code, result in facts.infections.items()}
    answers |= {infection_date_field(code): on for code, on in facts.infection_dates.items()}
    answers |= {
        infection_reason_field(code): reason for code, reason in facts.infection_reasons.items()
    }
    for code in COUNTS:
        measured: Measurement | None = getattr(facts, code)
        if measured:
            answers |= {f"{code}_value": measured.value, f"{code}_unit": measured.unit}
    return {name: answer for name, answer in answers.items() if answer is not None}


def _viral_load(answers: Mapping[str, Any]) -> ViralLoad | None:
    """The PCR result; "a number" without its number is no result yet."""
    answered = {name: answers.get(f"cmv_{name}") for name in _CMV}
    answered = {name: value for name, value in answered.items() if _is_answered(value)}
    if answered.get("operator") is Operator.EQUAL and "value" not in answered:
        del answered["operator"]
    return ViralLoad(**answered) if answered else None


def _measurement(answers: Mapping[str, Any], code: str) -> Measurement | None:
    value, unit = answers.get(f"{code}_value"), answers.get(f"{code}_unit")
    return Measurement(value, unit) if value is not None and unit else None


def _is_answered(value: Any) -> bool:
    return value is not None and value != ""
