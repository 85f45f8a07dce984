"""The correction of one saved result: its value and everything that was entered with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from labs.actions import Entry
from labs.forms.inputs import printed_field
from labs.forms.values import ValueForm
from labs.models import Result
from labs.readings import NORMAL, QUANTIFICATION, limits_of
from labs.rules.kits import KIT_GROUPS
from labs.rules.numbers import half_up, plain
from labs.rules.pcr import Operator, UnreadableResult, parse_result
from labs.rules.replicates import MEAN_PLACES, summarise
from oversight.forms import CorrectionForm
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte

LOTS = KIT_GROUPS | {"pcr"}  # the groups of analytes whose kits have lots
EVALUATED = frozenset({"subset"})  # those whose cells may leave nothing to evaluate


class ResultCorrectionForm(CorrectionForm, ValueForm):
    """The value, unit and limits of one saved result, with kit, lot, readings and note where its
    analyte has them; its specimen stays."""

    field_order = (
        *("printed", "unit", "replicates", "note", "assay", "kit_lot"),
        *(*QUANTIFICATION, *NORMAL, "reason"),
    )

    assay = forms.CharField(label=_("Assay"), max_length=60, required=False)
    kit_lot = forms.CharField(label=_("Kit lot"), max_length=40, required=False)
    note = forms.CharField(
        label=_("Why could it not be evaluated?"),
        help_text=_("Or another note of the laboratory"),
        max_length=200,
        required=False,
    )
    replicates = forms.CharField(
        label=_("Replicate readings"),
        help_text=_("As printed, with spaces between; the result is their mean"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"class": "num", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, result: Result, **kwargs: Any):
        self.analyte = current().analyte(result.analyte)
        names = ("printed", "unit", "assay", "kit_lot", "note", *limits_of(self.analyte))
        initial = {name: getattr(result, name) for name in names}
        initial |= {"record_version": result.version, "replicates": " ".join(result.replicates)}
        super().__init__(*args, initial=initial, **kwargs)
        self.add_value(self.analyte)
        group, fields = self.analyte.group, self.fields
        if group in EVALUATED:
            fields["printed"] = printed_field(
                self.analyte, gettext("What is the result?"), required=True, not_evaluable=True
            )
        unasked = {"kit_lot": LOTS, "replicates": KIT_GROUPS, "note": EVALUATED}
        for name in [name for name, groups in unasked.items() if group not in groups]:
            del fields[name]
        self.order_fields(self.field_order)

    def clean_replicates(self) -> list[str]:
        readings: list[str] = self.cleaned_data["replicates"].split()
        if len(readings) == 1:
            raise forms.ValidationError(gettext("Enter two readings or more, or none"))
        try:
            self._readings = [parse_result(text) for text in readings]
        except UnreadableResult as unreadable:
            raise forms.ValidationError(unreadable.message.render(gettext)) from None
        return readings

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.check_limits(self.analyte)
        printed = self.cleaned_data.get("printed")
        if printed and self.cleaned_data.get("replicates"):
            self._check_mean(printed)
        is_open = printed and parse_result(printed, signed=True)[0] is Operator.NOT_EVALUABLE
        if is_open and not self.cleaned_data.get("note"):
            self.add_error("note", gettext("say why it could not be evaluated"))
        return self.cleaned_data

    def _check_mean(self, printed: str) -> None:
        """The result is what its readings come to; readings beyond the range all say the same."""
        summary, (operator, value) = summarise(self._readings), parse_result(printed, signed=True)
        if summary.mean is None:
            if set(self._readings) != {(operator, value)}:
                self.add_error("replicates", summary.step.render(gettext))
            return
        mean = half_up(summary.mean, MEAN_PLACES)
        if operator is not Operator.EQUAL or value != mean:
            text = gettext("the mean of the readings is %(mean)s")
            self.add_error("printed", text % {"mean": plain(mean)})

    def entry(self, analyte: Analyte, prefix: str = "") -> Entry:
        kept = self.cleaned_data.get("replicates", ())
        note = self.cleaned_data.get("note", "")
        return replace(super().entry(analyte, prefix), note=note, replicates=tuple(kept))
