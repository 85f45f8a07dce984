"""Values from before the consent: consent precedes every trial procedure, so they are flagged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import reduce

from enrollment.facts import QualitativeResult, ScreeningFacts
from trial_site.messages import Message
from trial_site.protocol.definition import Protocol, gettext_noop

_Dated = tuple[Message, date | None]  # what was collected, and when


def before_consent(
    criterion_id: str, facts: ScreeningFacts, consent_on: date | None, protocol: Protocol
) -> tuple[Message, ...]:
    """One flag a day on which a value of the criterion was collected before the consent.

    Without a consent there is nothing to compare.  The day of the consent itself is not flagged.
    """
    if consent_on is None or criterion_id not in _DATED:
        return ()
    early: dict[date, list[Message]] = {}
    for what, on in _DATED[criterion_id](facts, protocol):
        if on is not None and on < consent_on:
            early.setdefault(on, []).append(what)
    return tuple(_flag(early[on], on, consent_on) for on in sorted(early))


def _flag(several: list[Message], on: date, consent_on: date) -> Message:
    listed = gettext_noop("%(one)s, %(other)s")
    return Message(
        gettext_noop("%(what)s: collected %(date)s, before the consent of %(consent)s"),
        {
            "what": reduce(
                lambda one, other: Message(listed, {"one": one, "other": other}), several
            ),
            "date": on.isoformat(),
            "consent": consent_on.isoformat(),
        },
    )


def _virus(facts: ScreeningFacts, protocol: Protocol) -> Iterator[_Dated]:
    if facts.cmv is not None:
        yield Message(protocol.analyte(protocol.pcr.analyte).name), facts.cmv.collected_on


def _weight(facts: ScreeningFacts, _protocol: Protocol) -> Iterator[_Dated]:
    if facts.weight_kg is not None:
        yield Message(gettext_noop("Weight")), facts.weight_on


def _dosed_weight(facts: ScreeningFacts, protocol: Protocol) -> Iterator[_Dated]:
    """The corticosteroid criterion uses the weight only where there is a dose to divide by it."""
    if any(entry.dose_mg for entry in facts.steroids):
        yield from _weight(facts, protocol)


def _kidney(facts: ScreeningFacts, protocol: Protocol) -> Iterator[_Dated]:
    if facts.creatinine is not None:
        yield Message(protocol.analyte("creatinine").name), facts.creatinine_collected_on
    yield from _weight(facts, protocol)


def _of_liver(*codes: str) -> Callable[[ScreeningFacts, Protocol], Iterator[_Dated]]:
    def dated(facts: ScreeningFacts, protocol: Protocol) -> Iterator[_Dated]:
        for code in codes:
            if getattr(facts, code) is not None:
                yield Message(protocol.analyte(code).name), facts.liver_collected_on

    return dated


def _infections(facts: ScreeningFacts, protocol: Protocol) -> Iterator[_Dated]:
    for test in protocol.infection_tests:
        if facts.infections.get(test.code) not in (None, QualitativeResult.NOT_DONE):
            yield Message(test.name), facts.infection_dates.get(test.code)


def _pregnancy(facts: ScreeningFacts, _protocol: Protocol) -> Iterator[_Dated]:
    if facts.hcg not in (None, QualitativeResult.NOT_DONE):
        yield Message(gettext_noop("Pregnancy test (β-hCG)")), facts.hcg_on


_DATED: Mapping[str, Callable[[ScreeningFacts, Protocol], Iterator[_Dated]]] = {
    "I2": _virus,
    "I3": _dosed_weight,
    "E1": _virus,
    "E2": _infections,
    "E4b": _kidney,
    "E4c": _of_liver("alt", "ast"),
    "E4d": _of_liver("bilirubin"),
    "E7": _pregnancy,
}
