"""How a form's fields and errors are taken apart for ``components/field.html``.

A ``ValidationError`` with the code ``ASK`` is a question, not a mistake: a value outside the soft
limits.  It is answered by ticking a box whose value is the value asked about, so that a value
changed afterwards is asked about anew: the form accepts ``data[sure_name(field)] == data[field]``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django import forms, template
from django.forms.boundfield import BoundField
from django.forms.formsets import BaseFormSet
from django.forms.utils import ErrorList
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

register = template.Library()

ASK = "ask"
"""The code of a ``ValidationError`` that asks "is this right?"."""


def sure_name(html_name: str) -> str:
    """The name under which the answer to a question about ``html_name`` is posted."""
    return f"{html_name}_sure"


# --- one field --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parts:
    """A field as its template needs it.  ``kind``: input, choices, checkbox or hidden."""

    kind: str
    unit: str
    errors: list[str]
    questions: list[str]
    sure_name: str
    sure_value: str  # what a ticked box answers for
    is_sure: bool

    @property
    def state(self) -> str:
        return "error" if self.errors else "ask" if self.questions else ""


@register.filter
def parts(field: BoundField) -> Parts:
    name = sure_name(field.html_name)
    value = field.data if isinstance(field.data, str) else ""
    return Parts(
        kind=_kind(field),
        unit=_unit(field),
        errors=_texts(field.errors, asked=False),
        questions=_texts(field.errors, asked=True),
        sure_name=name,
        sure_value=value,
        is_sure=value != "" and field.form.data.get(name) == value,
    )


@register.simple_tag
def control(field: BoundField, label: str = "") -> SafeString:
    """The bare input of ``field``, described by the hint, error, unit and question around it.

    With ``label`` it stands alone, in a cell of a table: the label and the errors go into it.
    """
    widget, part = field.field.widget, parts(field)
    attrs = field.build_widget_attrs(
        {
            "id": field.auto_id,
            "class": " ".join(_classes(field, part)) or False,
            "placeholder": False,  # a hint stands above the input, where it stays while one types
            "unit": False,  # said beside the input
            "aria-describedby": _describedby(field, part, alone=bool(label)) or False,
        }
    )
    if not part.errors:
        attrs.pop("aria-invalid", None)  # a question is not a mistake
    html = widget.render(
        field.html_name,
        field.value(),
        {**attrs, "aria-label": label or False},
        renderer=field.form.renderer,
    )
    if label and part.state:
        message = " ".join([*part.errors, *part.questions])
        html += format_html(
            '<span class="visually-hidden" id="{}_error">{}</span>', field.auto_id, message
        )
    return html


def _kind(field: BoundField) -> str:
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


def _texts(errors: ErrorList, *, asked: bool) -> list[str]:
    return [
        str(message)
        for error in errors.as_data()
        if (error.code == ASK) is asked
        for message in error.messages
    ]


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
    forms_: forms.BaseForm | BaseFormSet | Iterable[forms.BaseForm | BaseFormSet],
) -> Summary:
    """Everything that kept a form, a formset or several of them from being saved."""
    several = [forms_] if isinstance(forms_, forms.BaseForm | BaseFormSet) else forms_
    return Summary([line for form in several for line in _lines(form)])


def _lines(form: forms.BaseForm | BaseFormSet) -> Iterator[Line]:
    if isinstance(form, BaseFormSet):
        yield from (Line(text, "", False) for text in form.non_form_errors())
        for member in form:
            yield from _lines(member)
        return
    yield from (Line(text, "", False) for text in form.non_field_errors())
    for field in form:
        part = parts(field)
        target = "" if part.kind == "hidden" else _input_id(field)
        yield from (Line(_labelled(field, text), target, False) for text in part.errors)
        yield from (
            Line(_labelled(field, text), f"{field.auto_id}_sure", True) for text in part.questions
        )


def _input_id(field: BoundField) -> str:
    """The first input of a field that has several (radio buttons), else the input."""
    return f"{field.auto_id}_0" if field.use_fieldset else field.auto_id


def _labelled(field: BoundField, message: str) -> str:
    """``Weight: this field is required.``; a label that is a question needs no colon."""
    label = str(field.label)
    if label.endswith(("?", "？")):
        return f"{label} {message}"
    return gettext("%(label)s: %(message)s") % {"label": label, "message": message}
