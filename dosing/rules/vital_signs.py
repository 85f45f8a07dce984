"""What vital signs around a dose warn of, and what cannot have been measured (DOMAIN 5, 8)."""

from __future__ import annotations

from collections.abc import Mapping

from labs.rules.limits import EntryLevel, bound_text, check_limits
from labs.rules.numbers import plain, quantity
from trial_site.messages import Message
from trial_site.protocol.definition import (
    AdverseTerm,
    Number,
    SafetyRule,
    VitalSign,
    gettext_noop,
)

Signs = Mapping[str, Number | None]  # by the code of the sign, in its unit; None: not measured


def sign_alerts(signs: Signs, rule: SafetyRule) -> tuple[Message, ...]:
    """What to look at in ``signs``; nothing here blocks.  Sources: DOMAIN 5 (pressure and
    saturation), DOMAIN 8 (grades of fever)."""
    alerts = [
        alert
        for sign in rule.vital_signs
        if (value := signs.get(sign.code)) is not None
        for alert in (_alert(sign, value), _graded(sign, value, rule.term(sign.term)))
    ]
    return tuple(alert for alert in alerts if alert)


def signs_impossible(signs: Signs, rule: SafetyRule) -> tuple[Message, ...]:
    """Why ``signs`` cannot have been measured; empty for real ones.

    A pressure felt at the wrist has no diastolic number; a diastolic one alone does not exist.
    """
    refusals = []
    for sign in rule.vital_signs:
        value = signs.get(sign.code)
        check = None if value is None else check_limits(sign.limits, value)
        if check and check.message and check.level is EntryLevel.IMPOSSIBLE:
            named = {"sign": Message(sign.name), "why": check.message}
            refusals.append(Message(gettext_noop("%(sign)s: %(why)s"), named))
    return (*refusals, *_pressure(signs.get("systolic"), signs.get("diastolic")))


def measured_grade(term: AdverseTerm | None, value: Number) -> int | None:
    """The grade of ``term`` that a measurement shows by itself; ``None`` below the mildest."""
    grades = term.measured if term else ()
    return max((grade for grade, bound in grades if bound.holds(value)), default=None)


def _alert(sign: VitalSign, value: Number) -> Message | None:
    if sign.alert is None or not sign.alert.holds(value):
        return None
    return Message(
        gettext_noop("Alert: %(sign)s %(value)s, %(bound)s"),
        {
            "sign": Message(sign.name),
            "value": quantity(value, sign.unit),
            "bound": bound_text(sign.alert),
        },
    )


def _graded(sign: VitalSign, value: Number, term: AdverseTerm | None) -> Message | None:
    grade = measured_grade(term, value)
    if term is None or grade is None:
        return None
    return Message(
        gettext_noop("%(term)s, CTCAE grade %(grade)s: %(value)s (%(criterion)s)"),
        {
            "term": Message(term.name),
            "grade": plain(grade),
            "value": quantity(value, sign.unit),
            "criterion": Message(term.grades[grade]),
        },
    )


def _pressure(systolic: Number | None, diastolic: Number | None) -> tuple[Message, ...]:
    if diastolic is None or (systolic is not None and systolic > diastolic):
        return ()
    return (Message(gettext_noop("Blood pressure is two numbers, the higher one first")),)
