"""Criteria as cards beside their questions: on the form, and on the page of verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.facts import Operator, ScreeningFacts
from enrollment.forms.answers import TESTS, infection_date_field, infection_field
from enrollment.forms.layout import SECTIONS, Group, Row, Section
from enrollment.forms.questions import UNIT_OF
from enrollment.forms.screening import ScreeningForm
from enrollment.forms.words import day_words, dose_words, words
from enrollment.models import Screening
from enrollment.rules import steroid_diary
from enrollment.rules.verdicts import CriterionVerdict, Eligibility, State
from trial_site.messages import Message
from trial_site.protocol.definition import Criterion, CriterionKind, Protocol

KINDS = {
    CriterionKind.INCLUSION: _("Inclusion"),
    CriterionKind.EXCLUSION: _("Exclusion"),
    CriterionKind.SAFETY: _("Label stop"),
}
# The badge says state and consequence; an exclusion passes when it is not met.
BADGES = {
    (State.MET, True): _("Met · passes"),
    (State.NOT_MET, True): _("Not met · passes"),
    (State.MET, False): _("Met · blocks"),
    (State.NOT_MET, False): _("Not met · blocks"),
    (State.UNKNOWN, False): _("Unknown · blocks"),
}
NOT_APPLICABLE = _("Not applicable · passes")

# What goes without saying when answers are read; an empty text says nothing either.
USUAL = {"cmv_operator": Operator.EQUAL, "birth_day_known": True}
UNIT_BESIDE = {number: unit for unit, numbers in UNIT_OF.items() for number in numbers}
DAY_BESIDE = {infection_field(test.code): infection_date_field(test.code) for test in TESTS}
SHOWN_BESIDE = UNIT_OF.keys() | DAY_BESIDE.values()


@dataclass(frozen=True)
class Card:
    """One criterion with what was found; ``look`` is met, bad, unknown, or planned before that.

    ``is_typed`` marks the verdict of a form that is not saved yet.
    """

    criterion: Criterion
    look: str
    badge: Any
    steps: tuple[Message, ...] = ()
    needed: tuple[Message, ...] = ()
    flags: tuple[Message, ...] = ()
    diary: steroid_diary.Diary | None = None
    is_typed: bool = False

    @property
    def kind(self) -> Any:
        return KINDS[self.criterion.kind]

    @property
    def blocks(self) -> bool:
        return self.look in {"bad", "unknown"} and self.criterion.kind is not CriterionKind.SAFETY


def cards(
    protocol: Protocol,
    eligibility: Eligibility | None,
    facts: ScreeningFacts | None = None,
    *,
    typed: bool = False,
) -> dict[str, Card]:
    """Every criterion of the protocol, by its id, with its verdict if there is one.

    With the ``facts`` that were judged, the corticosteroid's has its days.
    """
    found = {criterion.id: _card(criterion, eligibility) for criterion in protocol.criteria}
    if facts and eligibility:
        days = steroid_diary.diary(facts, eligibility.judged_on, protocol)
        dosed = steroid_diary.CRITERION
        found[dosed] = replace(found[dosed], diary=days)
    return {code: replace(card, is_typed=typed) for code, card in found.items()}


def blocking(found: Mapping[str, Card]) -> list[Card]:
    return [card for card in found.values() if card.blocks]


def _card(criterion: Criterion, eligibility: Eligibility | None) -> Card:
    if eligibility is None:
        return Card(criterion, "planned", _("Not judged yet"))
    if criterion.kind is CriterionKind.SAFETY:
        warnings = eligibility.warnings
        badge = _("Warns, does not block") if warnings else _("No warning")
        return Card(criterion, "unknown" if warnings else "met", badge, flags=warnings)
    verdict = eligibility.verdict(criterion.id)
    return Card(
        criterion,
        _look(verdict),
        BADGES[verdict.state, verdict.passes] if verdict.applies else NOT_APPLICABLE,
        verdict.steps,
        verdict.needed,
        verdict.flags,
    )


def _look(verdict: CriterionVerdict) -> str:
    if verdict.passes:
        return "met"
    return "unknown" if verdict.state is State.UNKNOWN else "bad"


# --- the form's rows, with cards beside them --------------------------------------------------


@dataclass(frozen=True)
class GroupRows:
    """The tests of one infection: result and day each; and the reason why it is not active."""

    group: Group
    tests: list[tuple[BoundField, BoundField]]
    reason: BoundField


@dataclass(frozen=True)
class FormRow:
    row: Row
    fields: list[tuple[BoundField, str]]
    groups: list[GroupRows]
    after: list[tuple[BoundField, str]]
    cards: list[Card]


@dataclass(frozen=True)
class AnswerRow:
    """A question, what was answered, and the verdicts."""

    question: Any
    answers: list[tuple[str, str]]
    cards: list[Card]


def form_sections(
    form: ScreeningForm, found: dict[str, Card]
) -> Iterator[tuple[Section, list[FormRow]]]:
    for section in SECTIONS:
        yield section, [_form_row(row, form, found) for row in section.rows]


def _form_row(row: Row, form: ScreeningForm, found: dict[str, Card]) -> FormRow:
    return FormRow(
        row,
        [(form[name], width) for name, width in row.fields],
        [_group_rows(group, form) for group in row.groups],
        [(form[name], width) for name, width in row.after],
        beside(row, found),
    )


def _group_rows(group: Group, form: ScreeningForm) -> GroupRows:
    tests = [(form[test.result], form[test.on]) for test in group.tests]
    return GroupRows(group, tests, form[group.reason])


def answer_sections(
    screening: Screening, found: dict[str, Card]
) -> Iterator[tuple[Section, list[AnswerRow]]]:
    form = ScreeningForm(facts=screening.answers)
    for section in SECTIONS:
        yield section, [_answer_row(row, form, screening, found) for row in section.rows]


def _answer_row(
    row: Row, form: ScreeningForm, screening: Screening, found: dict[str, Card]
) -> AnswerRow:
    answers = list(_answers(row, form))
    if row.has_steroids:
        answers.insert(0, (gettext("Doses"), dose_words(screening.answers.steroids)))
    return AnswerRow(row.question, answers, beside(row, found))


def _answers(row: Row, form: ScreeningForm) -> Iterator[tuple[str, str]]:
    """Each answer beside its label: numbers with their units, no details where there are none."""
    for name in row.names:
        field, value = form.fields[name], form[name].initial
        if name in SHOWN_BESIDE or value == USUAL.get(name, ""):
            continue
        answer = words(field, value)
        if value is not None and name in UNIT_BESIDE:
            unit = form[UNIT_BESIDE[name]]
            answer = f"{answer} {words(unit.field, unit.initial)}"
        if day := form[DAY_BESIDE[name]].initial if name in DAY_BESIDE else None:
            answer = f"{answer} · {day_words(day)}"
        yield str(field.label), answer


def beside(row: Row, found: Mapping[str, Card]) -> list[Card]:
    """The cards of the criteria that a row's answers decide."""
    return [found[code] for code in row.criteria if code in found]
