"""What the pages of a screening show: verdicts beside questions, and what may be done next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.forms.boundfield import BoundField
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.forms.layout import SECTIONS, Group, Row, Section
from enrollment.forms.screening import ScreeningForm
from enrollment.forms.words import dose_words, words
from enrollment.models import Screening
from enrollment.permissions import ALLOCATE, CONFIRM, ENROL, SCREEN
from enrollment.rules.verdicts import CriterionVerdict, Eligibility, State
from enrollment.states import State as ParticipantState
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import Criterion, CriterionKind, Protocol
from trial_site.roles import Permission

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
COLUMNS = {
    "subject": _("Subject"),
    "state": _("State"),
    "arm": _("Arm"),
    "first-dose": _("First dose"),
    "site": _("Site"),
}
STATUS_BADGES = {
    Screening.Status.DRAFT: "planned",
    Screening.Status.ELIGIBLE: "met",
    Screening.Status.BLOCKED: "unknown",
    Screening.Status.FAILED: "bad",
}


@dataclass(frozen=True)
class Card:
    """One criterion with what was found; ``look`` is met, bad, unknown, or planned before that."""

    criterion: Criterion
    look: str = "planned"
    badge: Any = _("Not judged yet")
    steps: tuple[Message, ...] = ()
    needed: tuple[Message, ...] = ()
    flags: tuple[Message, ...] = ()

    @property
    def kind(self) -> Any:
        return KINDS[self.criterion.kind]

    @property
    def blocks(self) -> bool:
        return self.look in {"bad", "unknown"} and self.criterion.kind is not CriterionKind.SAFETY


def cards(protocol: Protocol, eligibility: Eligibility | None) -> dict[str, Card]:
    """Every criterion of the protocol, by its id, with its verdict if there is one."""
    return {criterion.id: _card(criterion, eligibility) for criterion in protocol.criteria}


def _card(criterion: Criterion, eligibility: Eligibility | None) -> Card:
    if eligibility is None:
        return Card(criterion)
    if criterion.kind is CriterionKind.SAFETY:
        warnings = eligibility.warnings
        badge = _("Warns, does not block") if warnings else _("No warning")
        return Card(criterion, "unknown" if warnings else "met", badge, flags=warnings)
    verdict = eligibility.verdict(criterion.id)
    return Card(
        criterion,
        _look(verdict),
        BADGES[verdict.state, verdict.passes],
        verdict.steps,
        verdict.needed,
        verdict.flags,
    )


def _look(verdict: CriterionVerdict) -> str:
    if verdict.passes:
        return "met"
    return "unknown" if verdict.state is State.UNKNOWN else "bad"


# --- lists --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScreeningLine:
    """A screening in the log: its badge, what it waits for, and how long ago consent was given."""

    screening: Screening
    kind: str
    waits_for: Any
    days: int | None
    blocking: str


def screening_line(screening: Screening) -> ScreeningLine:
    consent = getattr(screening, "consent", None)
    blocking: list[CriterionVerdict] = []
    if not screening.is_draft:
        blocking = [verdict for verdict in screening.verdict.verdicts if verdict.blocks]
    return ScreeningLine(
        screening,
        STATUS_BADGES[Screening.Status(screening.status)],
        _waits_for(screening),
        (clock.today() - consent.signed_on).days if consent else None,
        ", ".join(verdict.criterion_id for verdict in blocking),
    )


def _waits_for(screening: Screening) -> Any:
    participant = getattr(screening, "participant", None)
    if participant and participant.arm:
        return _("Allocated")
    if participant:
        return _("Waits for allocation") if not participant.has_ended else _("Left the trial")
    if screening.confirmed_at:
        return _("Waits for enrolment")
    return {
        Screening.Status.DRAFT: _("Waits for submission")
        if hasattr(screening, "consent")
        else _("Waits for consent"),
        Screening.Status.ELIGIBLE: _("Waits for the investigator"),
        Screening.Status.BLOCKED: _("Waits for what is unknown"),
        Screening.Status.FAILED: _("Not eligible"),
    }[Screening.Status(screening.status)]


@dataclass(frozen=True)
class Column:
    """A heading that sorts; ``sort`` is what its link asks for, ``aria`` how it is sorted now."""

    label: Any
    sort: str
    aria: str


def columns(order: str, *, shows_arm: bool) -> list[Column]:
    """The headings of the list of participants; a second click on one reverses the order."""
    return [
        Column(label, f"-{name}" if order == name else name, _aria_sort(order or "subject", name))
        for name, label in COLUMNS.items()
        if shows_arm or name != "arm"
    ]


def _aria_sort(order: str, name: str) -> str:
    return {name: "ascending", f"-{name}": "descending"}.get(order, "")


# --- the form's rows, with cards beside them --------------------------------------------------


@dataclass(frozen=True)
class FormRow:
    row: Row
    fields: list[tuple[BoundField, str]]
    groups: list[tuple[Group, list[BoundField]]]
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
        [(group, [form[name] for name in group.names]) for group in row.groups],
        [(form[name], width) for name, width in row.after],
        _beside(row, found),
    )


def answer_sections(
    screening: Screening, found: dict[str, Card]
) -> Iterator[tuple[Section, list[AnswerRow]]]:
    form = ScreeningForm(facts=screening.answers)
    for section in SECTIONS:
        yield section, [_answer_row(row, form, screening, found) for row in section.rows]


def _answer_row(
    row: Row, form: ScreeningForm, screening: Screening, found: dict[str, Card]
) -> AnswerRow:
    answers = [_answer(form[name]) for name in row.names]
    if row.has_steroids:
        answers.insert(0, (gettext("Doses"), dose_words(screening.answers.steroids)))
    return AnswerRow(row.question, answers, _beside(row, found))


def _answer(field: BoundField) -> tuple[str, str]:
    return str(field.label), words(field.field, field.initial)


def _beside(row: Row, found: dict[str, Card]) -> list[Card]:
    return [found[code] for code in row.criteria if code in found]


# --- what comes next --------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """The one next thing that a user may do: a link, or a button that posts."""

    label: Any
    url: str
    note: Any
    posts: bool = False


def next_step(screening: Screening, eligibility: Eligibility, user: User) -> Step | None:
    """Consent, submission, confirmation, enrolment, allocation: whichever is next and ``user``'s."""
    at = screening.number
    if not hasattr(screening, "consent"):
        url, note = "screening-consent", _("The consent precedes the verdict.")
        return _step(SCREEN, user, _("Record consent"), url, at, note)
    if screening.is_draft:
        note = consequence(eligibility)
        return _step(SCREEN, user, _("Submit for confirmation"), "screening-submit", at, note, True)
    if screening.status == Screening.Status.ELIGIBLE and not screening.confirmed_at:
        note = _("You confirm that the patient meets the criteria, as of the values shown here.")
        return _step(CONFIRM, user, _("Confirm eligibility"), "screening-confirm", at, note, True)
    return _step_after_confirmation(screening, user)


def _step_after_confirmation(screening: Screening, user: User) -> Step | None:
    if not screening.confirmed_at:
        return None
    if not hasattr(screening, "participant"):
        note = _("The patient gets a subject number; no arm is revealed yet.")
        at = screening.number
        return _step(ENROL, user, _("Enrol the patient"), "screening-enrol", at, note, True)
    if screening.participant.state == ParticipantState.ENROLLED:
        subject, note = screening.participant.subject, _("The next page shows what will happen.")
        return _step(ALLOCATE, user, _("Allocate an arm"), "allocate", subject, note)
    return None


def _step(
    permission: Permission, user: User, label: Any, name: str, at: str, note: Any, posts: bool = False
) -> Step | None:
    if not permission.allows(user):
        return None
    return Step(label, reverse(f"enrollment:{name}", args=[at]), note, posts)


def consequence(eligibility: Eligibility) -> str:
    """What submitting would record now."""
    if eligibility.eligible:
        return gettext("All criteria pass; the investigator confirms next.")
    if eligibility.failed:
        text = gettext("Submitting now records a screen failure on %(criteria)s.")
    else:
        text = gettext("Submitting now records an undecided screening: %(criteria)s.")
    blocking = eligibility.failed or eligibility.unknown
    return text % {"criteria": ", ".join(verdict.criterion_id for verdict in blocking)}


def may_edit(screening: Screening, user: User) -> bool:
    """Until allocation, by those who screen."""
    participant = getattr(screening, "participant", None)
    return SCREEN.allows(user) and not (participant and participant.arm)
