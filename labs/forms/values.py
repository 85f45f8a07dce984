"""Results as they are printed, whatever was measured."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, TypeVar

from django import forms
from django.utils.translation import gettext

from labs.actions import Entry
from labs.forms.inputs import limit_fields, printed_field, unit_field
from labs.readings import limits_of
from labs.rules.pcr import parse_result
from labs.rules.units import limit_fault
from oversight.forms import EntryForm, Outcome, attempt
from trial_site.messages import Message
from trial_site.protocol.definition import Analyte

T = TypeVar("T")


def attempt_entry(form: ValueForm, act: Callable[[bool], T]) -> Outcome[T] | None:
    """``attempt``, with ``act(True)`` once the very questions that it raises were answered."""
    outcome = attempt(form, lambda: act(False))
    if outcome is None and form.is_confirmed:
        outcome = attempt(form, lambda: act(True))
    return outcome


class ValueForm(EntryForm):
    """Results as printed, each in its unit and with its own limits; questions stand at them."""

    asked = forms.CharField(widget=forms.HiddenInput, required=False)

    def add_value(self, analyte: Analyte, *, prefix: str = "", required: bool = True) -> None:
        """Add the fields of one result; with ``prefix``, as one of several in a grid."""
        name = f"{gettext(analyte.name)}: " if prefix else ""
        fields: dict[str, forms.Field] = {
            "printed": printed_field(
                analyte,
                gettext(analyte.name) if prefix else gettext("What is the result?"),
                required=required,
            ),
            "unit": unit_field(analyte, name, in_grid=bool(prefix)),
            **limit_fields(analyte, name),
        }
        self.fields |= {prefix + field: made for field, made in fields.items()}

    def check_limits(self, analyte: Analyte, prefix: str = "") -> None:
        """Hold the lower limit against the upper one, and each against the unit."""
        unit = self.cleaned_data.get(f"{prefix}unit", "")
        for name in limits_of(analyte):
            if fault := limit_fault(analyte, self.cleaned_data.get(prefix + name), unit):
                self.add_error(prefix + name, fault.render(gettext))
        low, high = (prefix + name for name in limits_of(analyte)[-2:])
        lower, upper = self.cleaned_data.get(low), self.cleaned_data.get(high)
        if lower is not None and upper is not None and lower >= upper:
            self.add_error(high, gettext("the upper limit must be above the lower one"))

    def entry(self, analyte: Analyte, prefix: str = "") -> Entry:
        data = self.cleaned_data
        operator, value = parse_result(data[f"{prefix}printed"], signed=True)
        return Entry(
            analyte=analyte.code,
            unit=data[f"{prefix}unit"],
            value=value,
            operator=operator.value,
            assay=data.get(f"{prefix}assay", ""),
            kit_lot=data.get(f"{prefix}kit_lot", ""),
            **{limit: data[prefix + limit] for limit in limits_of(analyte)},
        )

    def field_asked(self, analyte: str) -> str:
        return "printed"

    def ask(self, questions: tuple[tuple[str, Message], ...]) -> None:
        super().ask(tuple((self.field_asked(analyte), text) for analyte, text in questions))
        data: Any = copy(self.data)
        data[self.add_prefix("asked")] = self._asking
        self.data = data

    @property
    def _asking(self) -> str:
        return " ".join(text for _, text in self.questions)

    @property
    def is_confirmed(self) -> bool:
        """Whether the box was ticked below these questions: a value changed since asks anew."""
        answered = self.cleaned_data["asked"] if self.cleaned_data["confirmed"] else ""
        return bool(self.questions) and answered == self._asking
