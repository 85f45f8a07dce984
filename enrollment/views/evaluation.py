"""What the answers come to as they are typed: verdicts, tally, and what is still needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.forms.boundfield import BoundField
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from enrollment import selectors
from enrollment.actions.screening import allocated_on
from enrollment.facts import ScreeningFacts
from enrollment.forms.answers import field_name
from enrollment.forms.layout import SECTIONS, Row
from enrollment.forms.screening import STEROIDS, ScreeningForm
from enrollment.models import Screening
from enrollment.rules.eligibility import evaluate
from enrollment.rules.entry import new_doubts
from enrollment.rules.verdicts import Eligibility
from enrollment.views.cards import Card, beside, cards
from trial_site import clock
from trial_site.http import StaffRequest
from trial_site.messages import Message
from trial_site.protocol import current


@dataclass(frozen=True)
class Need:
    """What one question still lacks; ``target`` is the id of the input to go to."""

    id: str
    text: str
    target: str


@dataclass(frozen=True)
class TypedRow:
    """The verdicts beside one question, and above them what is wrong or doubtful in it."""

    row: Row
    cards: list[Card]
    notes: list[str]


@require_POST
def evaluate_typed(request: StaffRequest) -> HttpResponse:
    """Judge a form that is still being filled in.  Writes nothing; nothing in it is an error."""
    screening = None
    if number := request.GET.get("number"):
        screening = get_object_or_404(selectors.screenings(request.user), number=number)
    form = ScreeningForm(request.POST)
    facts = form.facts_so_far
    eligibility = _as_typed(facts, screening)
    found = cards(current(), eligibility, facts, typed=True)
    rows = list(_rows(form, found, _questions(facts, screening)))
    context = {"rows": rows, "eligibility": eligibility, "needs": needs(form, found, rows)}
    return render(request, "enrollment/_evaluation.html", context)


def _as_typed(facts: ScreeningFacts, screening: Screening | None) -> Eligibility:
    """The verdict that saving and submitting ``facts`` now would write down."""
    consent = screening.consent if screening else None
    day_of_allocation = allocated_on(screening) if screening else None
    return evaluate(
        facts,
        consent_on=consent.signed_on if consent else None,
        judged_on=day_of_allocation or clock.today(),
        protocol=current(),
        answered_on=clock.today(),
    )


def needs(
    form: ScreeningForm, found: Mapping[str, Card], rows: list[TypedRow] | None = None
) -> list[Need]:
    """In the order of the form: what cannot be read, what is doubtful, what is missing."""
    notes = {typed.row.code: typed.notes for typed in rows or ()}
    listed = []
    for section in SECTIONS:
        for row in section.rows:
            target = _target(form, row)
            lines = [*notes.get(row.code, ()), *_missing(beside(row, found))]
            listed += [Need(f"need-{row.code}-{n}", line, target) for n, line in enumerate(lines)]
    return listed


def _missing(several: list[Card]) -> Iterator[str]:
    """What the criteria of one question lack, in one line."""
    open_cards = [card for card in several if card.needed]
    if open_cards:
        texts = dict.fromkeys(text.render(gettext) for card in open_cards for text in card.needed)
        codes = ", ".join(card.criterion.id for card in open_cards)
        yield gettext("%(label)s: %(message)s") % {"label": codes, "message": "; ".join(texts)}


def _target(form: ScreeningForm, row: Row) -> str:
    """The first input of the row that is empty, or its first."""
    fields = [form[name] for name in row.names]
    return _input_id(next((field for field in fields if field.value() in (None, "")), fields[0]))


def _input_id(field: BoundField) -> str:
    return f"{field.auto_id}_0" if field.use_fieldset else str(field.auto_id)


def _questions(facts: ScreeningFacts, screening: Screening | None) -> dict[str, Message]:
    """The soft limits' questions, by field."""
    saved = screening.answers if screening else ScreeningFacts()
    return {field_name(doubt.field): doubt.message for doubt in new_doubts(facts, saved, current())}


def _rows(
    form: ScreeningForm, found: Mapping[str, Card], questions: Mapping[str, Message]
) -> Iterator[TypedRow]:
    for section in SECTIONS:
        for row in section.rows:
            names = [*row.names, STEROIDS] if row.has_steroids else list(row.names)
            notes = [
                _labelled(form, name, text) for name in names for text in form.errors.get(name, ())
            ]
            if row.has_steroids:
                notes += _line_notes(form)
            notes += [questions[name].render(gettext) for name in names if name in questions]
            yield TypedRow(row, beside(row, found), notes)


def _labelled(form: ScreeningForm, name: str, text: Any) -> str:
    return gettext("%(label)s: %(message)s") % {"label": form[name].label, "message": text}


def _line_notes(form: ScreeningForm) -> Iterator[str]:
    """Which corticosteroid lines cannot be read, and why."""
    for number, line in enumerate(form.steroids, start=1):
        for text in dict.fromkeys(text for errors in line.errors.values() for text in errors):
            name = gettext("Dose %(n)s") % {"n": number}
            yield gettext("%(label)s: %(message)s") % {"label": name, "message": text}
