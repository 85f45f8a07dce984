"""E2 other active infection, judged test by test and infection by infection (DOMAIN 1.1, 12)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from enrollment.facts import QualitativeResult, ScreeningFacts
from enrollment.rules.criteria.case import Case, any_of, date_needed
from enrollment.rules.verdicts import CriterionVerdict
from trial_site.messages import Message
from trial_site.protocol.definition import (
    Criterion,
    InfectionGroup,
    InfectionTest,
    TestsNeeded,
    gettext_noop,
)

OTHER_TEST = "other_infection"  # the open field, which has a question of its own
ANSWERS = {
    QualitativeResult.NEGATIVE: gettext_noop("negative"),
    QualitativeResult.POSITIVE: gettext_noop("positive"),
}


@dataclass(frozen=True)
class _Finding:
    """What the tests of one infection say: active, absent or not known."""

    active: bool | None
    needed: tuple[Message, ...] = ()
    flags: tuple[Message, ...] = ()


@dataclass(frozen=True)
class _Panel:
    """The tests of one infection with their results.

    ``undated`` says what is wrong with the dates of negative tests that do not count; a positive
    one counts whatever its date.
    """

    group: InfectionGroup
    tests: tuple[InfectionTest, ...]
    results: Mapping[str, QualitativeResult]
    undated: Mapping[str, Message]
    reason: str
    febrile: bool | None

    def having(self, result: QualitativeResult) -> tuple[InfectionTest, ...]:
        return tuple(test for test in self.tests if self.results.get(test.code) == result)

    @property
    def positive(self) -> tuple[InfectionTest, ...]:
        return self.having(QualitativeResult.POSITIVE)

    @property
    def negative(self) -> tuple[InfectionTest, ...]:
        """The negative tests that count."""
        found = self.having(QualitativeResult.NEGATIVE)
        return tuple(test for test in found if test.code not in self.undated)

    @property
    def missing(self) -> tuple[InfectionTest, ...]:
        """The tests that say nothing: not done, not answered, or negative on another day."""
        return tuple(test for test in self.tests if test not in self.positive + self.negative)

    def needed_of(self, test: InfectionTest) -> Message:
        """What a missing test lacks."""
        name = Message(test.name)
        if problem := self.undated.get(test.code):
            return Message(gettext_noop("%(test)s: %(needed)s"), {"test": name, "needed": problem})
        return name


def other_infection(criterion: Criterion, case: Case) -> CriterionVerdict:
    """E2: any active infection excludes; one that is not known blocks."""
    panels = _panels(criterion, case)
    findings = [_finding(panel) for panel in panels]
    active = any_of([finding.active for finding in findings])
    return CriterionVerdict.of(
        criterion,
        active,
        steps=[*_steps(panels), *_other_step(case.facts)],
        needed=[message for finding in findings for message in finding.needed]
        if active is None
        else [],
        flags=[message for finding in findings for message in finding.flags],
    )


def _panels(criterion: Criterion, case: Case) -> list[_Panel]:
    results, undated = dict(case.facts.infections), _undated(criterion, case)
    if case.facts.other_infection is not None:
        present = case.facts.other_infection
        results[OTHER_TEST] = QualitativeResult.POSITIVE if present else QualitativeResult.NEGATIVE
    return [
        _Panel(
            group,
            tuple(test for test in case.protocol.infection_tests if test.group == group.code),
            results,
            undated,
            case.facts.infection_reasons.get(group.code, "").strip(),
            case.facts.febrile,
        )
        for group in case.protocol.infection_groups
    ]


def _undated(criterion: Criterion, case: Case) -> dict[str, Message]:
    """The negative tests whose date is missing, too old or in the future, and what is wrong."""
    problems = {
        code: date_needed(
            case.facts.infection_dates.get(code),
            case.judged_on,
            criterion.max_age_days,
            missing=gettext_noop("the date of the test"),
        )
        for code, result in case.facts.infections.items()
        if result is QualitativeResult.NEGATIVE
    }
    return {code: problem for code, problem in problems.items() if problem}


def _finding(panel: _Panel) -> _Finding:
    needed = _needed(panel)
    active = _active(panel, bool(needed))
    if not panel.positive or needed:
        return _Finding(active, needed)
    decides_itself = any(test.code == OTHER_TEST for test in panel.positive)
    if panel.reason and not decides_itself:
        text = gettext_noop("%(infection)s: not active, decided by the investigator: %(reason)s")
        flag = Message(text, {"infection": Message(panel.group.name), "reason": panel.reason})
        return _Finding(False, flags=(flag,))
    if active is None:
        text = gettext_noop("%(infection)s: the investigator's decision on discordant tests")
        return _Finding(None, (Message(text, {"infection": Message(panel.group.name)}),))
    return _Finding(active)


def _active(panel: _Panel, incomplete: bool) -> bool | None:
    """A positive test that is not required speaks for itself; required ones must agree."""
    if any(not test.required for test in panel.positive):
        return True
    if panel.positive:
        discordant = any(test.required for test in panel.negative)
        return None if discordant or incomplete else True
    return None if incomplete else False


def _needed(panel: _Panel) -> tuple[Message, ...]:
    """The tests that are missing before the infection can be called absent."""
    missing = panel.missing
    match panel.group.needed:
        case TestsNeeded.EVERY_REQUIRED:
            return tuple(panel.needed_of(test) for test in missing if test.required)
        case TestsNeeded.ANY:
            lacking = [panel.needed_of(test) for test in missing]
            return (_one_of(lacking),) if missing == panel.tests else ()
        case TestsNeeded.IF_FEBRILE if missing and panel.febrile is None:
            return (Message(gettext_noop("whether the patient has fever")),)
        case TestsNeeded.IF_FEBRILE if panel.febrile:
            return tuple(panel.needed_of(test) for test in missing)
    return ()


def _one_of(several: Sequence[Message]) -> Message:
    text = gettext_noop("%(one)s or %(other)s")
    return reduce(lambda one, other: Message(text, {"one": one, "other": other}), several)


def _steps(panels: Sequence[_Panel]) -> list[Message]:
    return [
        Message(
            gettext_noop("%(test)s %(result)s"),
            {"test": Message(test.name), "result": Message(ANSWERS[result])},
        )
        for result in (QualitativeResult.POSITIVE, QualitativeResult.NEGATIVE)
        for panel in panels
        for test in panel.having(result)
    ]


def _other_step(facts: ScreeningFacts) -> list[Message]:
    if not facts.other_infection_text:
        return []
    return [Message("“%(text)s”", {"text": facts.other_infection_text})]
