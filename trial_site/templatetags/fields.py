"""How a form's fields, errors and questions are taken apart for ``components/field.html``.

A form may ask about values outside the soft limits: ``form.questions`` lists (field name, text),
and ticking ``form["confirmed"]`` answers all of them (``oversight.forms.EntryForm``).  A single
question has its box at its field, several have one below them all (``components/confirm.html``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.forms.formsets import BaseFormSet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

register = template.Library()

CONFIRMED = "confirmed"
QUESTION_MARKS = ("?", "\N{FULLWIDTH QUESTION MARK}")

# --- one field --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """A field as its template needs it.

    ``kind``: input, choices, checkbox, hidden, or confirmation (shown beside its questions only).
    """

    kind: str
    unit: str
    errors: list[str]
    questions: list[str]
    has_box: bool  # the box that answers the question stands here

    @property
    def state(self) -> str:
        return "error" if self.errors else "ask" if self.questions else ""


@register.filter
def parts(field: BoundField) -> Parts:
    questions = [text for name, text in _questions(field.form) if name == field.name]
    return Parts(
        kind=_kind(field),
        unit=_unit(field),
        errors=list(map(str, field.errors)),
        questions=questions,
        has_box=_has_own_box(field.form, field.name),
    )


@register.filter
def questions_below(form: forms.BaseForm) -> list[str]:
    """The questions that are answered together, below the form."""
    return [
        _labelled(form, name, text)
        for name, text in _questions(form)
        if not _has_own_box(form, name)
    ]


def _questions(form: forms.BaseForm) -> list[tuple[str, str]]:
    return getattr(form, "questions", [])


def _has_own_box(form: forms.BaseForm, name: str) -> bool:
    return name in form.fields and {asked for asked, _ in _questions(form)} == {name}


@register.simple_tag
def control(field: BoundField, label: str = "") -> SafeString:
    """The bare input of ``field``, described by the hint, error, unit and question around it.

    With ``label`` it stands alone, in a cell of a table: the label and the errors go into it.
    """
    widget, part = field.field.widget, parts(field)
    attrs = {
        **field.build_widget_attrs({"id": field.auto_id}),
        "class": " ".join(_classes(field, part)) or False,
        "placeholder": False,  # a hint stands above the input, where it stays while one types
        "unit": False,  # said beside the input
        "aria-label": label or False,
        "aria-describedby": _describedby(field, part, alone=bool(label)) or False,
    }
    html: SafeString = widget.render(
        field.html_name, field.value(), attrs, renderer=field.form.renderer
    )
    if label and part.state:
        message = " ".join([*part.errors, *part.questions])
        html += format_html(
            '<span class="visually-hidden" id="{}_error">{}</span>', field.auto_id, message
        )
    return html


def _kind(field: BoundField) -> str:
    if field.name == CONFIRMED and hasattr(field.form, "questions"):
        return "confirmation"
    match field.field.widget:
        case forms.HiddenInput() | forms.MultipleHiddenInput():
            return "hidden"
        case forms.RadioSelect() | forms.CheckboxSelectMultiple():
            return "choices"
        case forms.CheckboxInput():
            return "checkbox"
        case _:
            return "input"


def _unit(field: BoundField) -> str:
    """The unit of a number: the form field's attribute ``unit``, or its widget's."""
    return getattr(field.field, "unit", "") or field.field.widget.attrs.get("unit", "")


def _classes(field: BoundField, part: Parts) -> Iterator[str]:
    if own := field.field.widget.attrs.get("class"):
        yield own
    if part.kind == "input":
        yield "form-select" if isinstance(field.field.widget, forms.Select) else "form-control"
    if part.errors:
        yield "is-invalid"
    elif part.questions:
        yield "flagged"


def _describedby(field: BoundField, part: Parts, *, alone: bool) -> str:
    present = {
        "helptext": bool(field.help_text) and not alone,
        "error": bool(part.errors) or (alone and bool(part.questions)),
        "unit": bool(part.unit) and not alone,
        "ask": bool(part.questions) and not alone,
    }
    return " ".join(f"{field.auto_id}_{name}" for name, is_present in present.items() if is_present)


# --- the whole form ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One line of the error summary; ``target`` is the id of the input that it leads to."""

    text: str
    target: str
    is_question: bool


@dataclass(frozen=True)
class Summary:
    lines: list[Line]

    @property
    def count(self) -> str:
        """``2 answers to correct, 1 to confirm``."""
        asked = sum(line.is_question for line in self.lines)
        wrong = len(self.lines) - asked
        if not wrong:
            return ngettext("%(n)s answer to confirm", "%(n)s answers to confirm", asked) % {
                "n": asked
            }
        corrections = ngettext("%(n)s answer to correct", "%(n)s answers to correct", wrong) % {
            "n": wrong
        }
        if not asked:
            return corrections
        return gettext("%(corrections)s, %(n)s to confirm") % {
            "corrections": corrections,
            "n": asked,
        }


@register.filter
def error_summary(
    forms_: forms.BaseForm | BaseFormSet[Any] | Iterable[forms.BaseForm | BaseFormSet[Any]],
) -> Summary:
    """Everything that kept a form, a formset or several of them from being saved."""
    several = [forms_] if isinstance(forms_, forms.BaseForm | BaseFormSet) else forms_
    return Summary([line for form in several for line in _lines(form)])


def _lines(form: forms.BaseForm | BaseFormSet[Any]) -> Iterator[Line]:
    if isinstance(form, BaseFormSet):
        yield from (Line(str(text), "", False) for text in form.non_form_errors())
        for member in form:
            yield from _lines(member)
        return
    yield from (Line(str(text), "", False) for text in form.non_field_errors())
    for name in form.fields:
        for text in form.errors.get(name, []):
            yield Line(_labelled(form, name, str(text)), _input_id(form, name), False)
    for name, text in _questions(form):
        yield Line(_labelled(form, name, text), _input_id(form, name), True)


def _input_id(form: forms.BaseForm, name: str) -> str:
    """The input to go to: the first of several (radio buttons), none where it is hidden."""
    if name not in form.fields or form[name].is_hidden:
        return ""
    field = form[name]
    return f"{field.auto_id}_0" if field.use_fieldset else field.auto_id


def _labelled(form: forms.BaseForm, name: str, message: str) -> str:
    """``Weight: this field is required.``; a label that is a question needs no colon."""
    if name not in form.fields:
        return message
    label = str(form[name].label)
    if label.endswith(QUESTION_MARKS):
        return f"{label} {message}"
    return gettext("%(label)s: %(message)s") % {"label": label, "message": message}
