"""Results as they are printed: CMV-DNA, a safety panel, and the correction of either."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, TypeVar

from django import forms
from django.forms.boundfield import BoundField
from django.utils.html import escape
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.forms.fields import ExactField
from enrollment.models import Participant
from labs.actions import Entry
from labs.forms.fields import PrintedResultField
from labs.forms.specimen import SpecimenForm
from labs.models import Result, Specimen
from labs.readings import NORMAL, QUANTIFICATION, limit_label, limits_of
from labs.rules.limits import bound_text
from labs.rules.pcr import parse_result
from labs.selectors import latest_by_analyte, latest_pcr
from oversight.forms import CorrectionForm, EntryForm, Outcome, attempt
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte

T = TypeVar("T")


def safety_analytes() -> list[Analyte]:
    return [analyte for analyte in current().analytes if analyte.group == "safety"]


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
        units = [*analyte.units, *analyte.unconverted_units]
        fields: dict[str, forms.Field] = {
            "printed": PrintedResultField(
                label=gettext(analyte.name) if prefix else gettext("What is the result?"),
                help_text=escape(_printed_help(analyte)),
                not_detected=analyte.group == "pcr",
                required=required,
            ),
            "unit": forms.ChoiceField(
                label=name + gettext("unit") if prefix else gettext("Unit"),
                choices=[(unit, unit) for unit in units],
                widget=forms.Select({"class": "w-auto"} if prefix else {}),
            ),
        }
        for limit in limits_of(analyte):
            label = limit_label(limit)
            fields[limit] = ExactField(
                label=name + label if prefix else capfirst(label), min_value=0
            )
        self.fields |= {prefix + field: made for field, made in fields.items()}

    def check_limits(self, analyte: Analyte, prefix: str = "") -> None:
        """Hold the lower limit against the upper one."""
        low, high = (prefix + name for name in limits_of(analyte)[-2:])
        lower, upper = self.cleaned_data.get(low), self.cleaned_data.get(high)
        if lower is not None and upper is not None and lower >= upper:
            self.add_error(high, gettext("the upper limit must be above the lower one"))

    def entry(self, analyte: Analyte, prefix: str = "") -> Entry:
        data = self.cleaned_data
        operator, value = parse_result(data[f"{prefix}printed"])
        return Entry(
            analyte=analyte.code,
            unit=data[f"{prefix}unit"],
            value=value,
            operator=operator.value,
            assay=data.get(f"{prefix}assay", ""),
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


def _printed_help(analyte: Analyte) -> str:
    example = gettext("As the laboratory prints it, for example 52000, <500 or not detected.")
    help_text = [example] if analyte.group == "pcr" else []
    limits = analyte.entry_limits
    if limits and limits.soft:
        bounds = gettext(" and ").join(bound_text(bound).render(gettext) for bound in limits.soft)
        usual = gettext("Usually %(bounds)s %(unit)s; anything else is asked about.")
        help_text.append(usual % {"bounds": bounds, "unit": limits.unit})
    return " ".join(help_text)


class PcrForm(SpecimenForm, ValueForm):
    address = "labs:pcr-new"
    remembered = ("kind", "unit", "assay", *QUANTIFICATION)
    field_order = ("participant", "collected_at", "received_at", "kind", "printed", "unit", "assay")

    kind = forms.ChoiceField(label=_("Specimen"), choices=Specimen.Kind.choices)
    assay = forms.CharField(label=_("Assay"), max_length=60)

    def recall(self, participant: Participant) -> dict[str, Any]:
        last = latest_pcr(participant)
        if last is None:
            return {}
        values = {name: getattr(last, name) for name in ("unit", "assay", *QUANTIFICATION)}
        return {"kind": last.specimen.kind, **values}

    def add_fields(self) -> None:
        self.fields["kind"].initial = current().pcr.specimen
        self.add_value(self.analyte)
        self.order_fields(self.field_order)

    @property
    def analyte(self) -> Analyte:
        return current().analyte(current().pcr.analyte)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.check_limits(self.analyte)
        return data

    @property
    def entries(self) -> list[Entry]:
        return [self.entry(self.analyte)]


@dataclass(frozen=True)
class PanelRow:
    """The fields of one analyte."""

    analyte: Analyte
    printed: BoundField
    unit: BoundField
    lln: BoundField
    uln: BoundField

    @property
    def fields(self) -> tuple[BoundField, ...]:
        return self.printed, self.unit, self.lln, self.uln


class SafetyForm(SpecimenForm, ValueForm):
    address = "labs:safety-new"

    @property
    def remembered(self) -> Sequence[str]:
        names = ("unit", *NORMAL)
        return [f"{a.code}_{name}" for a in safety_analytes() for name in names]

    def recall(self, participant: Participant) -> dict[str, Any]:
        codes = [analyte.code for analyte in safety_analytes()]
        return {
            f"{code}_{name}": getattr(last, name)
            for code, last in latest_by_analyte(participant, codes).items()
            for name in ("unit", *NORMAL)
        }

    def add_fields(self) -> None:
        for analyte in safety_analytes():
            self.add_value(analyte, prefix=f"{analyte.code}_", required=False)

    @property
    def rows(self) -> Iterator[PanelRow]:
        for analyte in safety_analytes():
            names = ("printed", "unit", *NORMAL)
            yield PanelRow(analyte, **{name: self[f"{analyte.code}_{name}"] for name in names})

    def field_asked(self, analyte: str) -> str:
        return f"{analyte}_printed"

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for analyte in safety_analytes():
            self.check_limits(analyte, f"{analyte.code}_")
        first = f"{safety_analytes()[0].code}_printed"
        if not any(row.printed.data for row in self.rows):
            self.add_error(first, gettext("enter at least one result"))
        return data

    @property
    def entries(self) -> list[Entry]:
        typed = [a for a in safety_analytes() if self.cleaned_data[f"{a.code}_printed"]]
        return [self.entry(analyte, f"{analyte.code}_") for analyte in typed]


class ResultCorrectionForm(CorrectionForm, ValueForm):
    """The value, unit and limits of one saved result; its specimen stays."""

    field_order = ("printed", "unit", "assay", *QUANTIFICATION, *NORMAL, "reason")

    assay = forms.CharField(label=_("Assay"), max_length=60, required=False)

    def __init__(self, *args: Any, result: Result, **kwargs: Any):
        self.analyte = current().analyte(result.analyte)
        names = ("printed", "unit", "assay", *limits_of(self.analyte))
        initial = {name: getattr(result, name) for name in names}
        super().__init__(*args, initial={**initial, "record_version": result.version}, **kwargs)
        self.add_value(self.analyte)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.check_limits(self.analyte)
        return self.cleaned_data
