"""NK and T-cell subsets: percentages with what they are of, and the counts that they give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant
from labs.actions import Entry
from labs.forms.inputs import printed_field, unit_field
from labs.forms.specimen import SpecimenForm
from labs.forms.values import ValueForm
from labs.models import Result
from labs.readings import adults_of, lymphocytes_source
from labs.rules.pcr import Operator, parse_result
from labs.rules.subsets import Computed, Measured, absolute_counts, over_control
from labs.rules.units import to_canonical
from labs.selectors import blood_count_near, latest_by_analyte
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte

MOST_LETTERS = 200
REASONS = (_("No matching HLA"), _("Too few cells"), _("Sample clotted"), _("Not stimulated"))


def lymphocytes() -> Analyte:
    return current().analyte(current().counts[0].of)


def subset_analytes() -> list[Analyte]:
    """The lymphocytes that counts are computed from, then every subset."""
    subsets = [analyte for analyte in current().analytes if analyte.group == "subset"]
    return [lymphocytes(), *subsets]


def takes_control(analyte: Analyte) -> bool:
    """Whether an unstimulated sample may be subtracted: the difference can be below 0."""
    limits = analyte.entry_limits
    hard = limits.hard if limits and analyte.unit == "%" else ()
    return bool(hard) and all(bound.holds(-1) for bound in hard)


def can_be_unevaluable(analyte: Analyte) -> bool:
    return analyte != lymphocytes()


def _cells(analyte: Analyte) -> tuple[str, ...]:
    return ("printed", "unit", "note") if can_be_unevaluable(analyte) else ("printed", "unit")


@dataclass(frozen=True)
class SubsetRow:
    """The fields of one analyte; ``count`` is what the others give it, once it is computed."""

    analyte: Analyte
    fields: tuple[BoundField, ...]
    control: BoundField | None
    count: Computed | None
    source: Message | None

    @property
    def can_be_unevaluable(self) -> bool:
        return can_be_unevaluable(self.analyte)

    @property
    def adults(self) -> list[tuple[Message, str]]:
        """What is found in adults, and where that stands."""
        return adults_of(self.analyte)


class FlowForm(SpecimenForm, ValueForm):
    address = "labs:flow-new"
    panel = "subset"
    remembered = tuple(f"{analyte.code}_unit" for analyte in subset_analytes())

    def recall(self, participant: Participant) -> dict[str, Any]:
        codes = [analyte.code for analyte in subset_analytes()]
        last = latest_by_analyte(participant, codes)
        return {f"{code}_unit": row.unit for code, row in last.items() if not row.is_computed}

    def add_fields(self) -> None:
        for analyte in subset_analytes():
            name = gettext(analyte.name)
            self.fields |= {
                f"{analyte.code}_printed": printed_field(
                    analyte, name, not_evaluable=can_be_unevaluable(analyte)
                ),
                f"{analyte.code}_unit": unit_field(analyte, f"{name}: ", in_grid=True),
            }
            if can_be_unevaluable(analyte):
                self.fields[f"{analyte.code}_note"] = forms.CharField(
                    label=gettext("%(analyte)s: why not evaluable") % {"analyte": name},
                    max_length=MOST_LETTERS,
                    required=False,
                    widget=forms.TextInput({"list": "reasons", "autocomplete": "off"}),
                )
            if takes_control(analyte):
                self.fields[f"{analyte.code}_control"] = printed_field(
                    analyte, gettext("%(analyte)s: unstimulated") % {"analyte": name}
                )

    @property
    def reasons(self) -> list[str]:
        """Why a result was not evaluable, to choose from."""
        return [str(reason) for reason in REASONS]

    @property
    def rows(self) -> Iterator[SubsetRow]:
        counts = self.counts
        for analyte in subset_analytes():
            control = f"{analyte.code}_control"
            yield SubsetRow(
                analyte,
                tuple(self[f"{analyte.code}_{name}"] for name in _cells(analyte)),
                self[control] if control in self.fields else None,
                counts.get(analyte.code),
                self._source() if analyte == lymphocytes() else None,
            )

    # --- what was typed -----------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for analyte in subset_analytes():
            self._check(analyte)
        if not any(self._printed(analyte) for analyte in subset_analytes()) and not self.errors:
            self.add_error(f"{lymphocytes().code}_printed", gettext("enter at least one result"))
        return data

    def _check(self, analyte: Analyte) -> None:
        printed, code = self._printed(analyte), analyte.code
        says_why = bool(self.cleaned_data.get(f"{code}_note"))
        if printed and parse_result(printed)[0] is Operator.NOT_EVALUABLE and not says_why:
            self.add_error(f"{code}_note", gettext("say why it could not be evaluated"))
        if self.cleaned_data.get(f"{code}_control"):
            net = self._net(analyte)
            if net is None:
                self.add_error(f"{code}_printed", gettext("enter the stimulated cells as well"))
            elif net.value is None:
                self.add_error(f"{code}_control", net.step.render(gettext))

    def _printed(self, analyte: Analyte) -> str:
        return str(self.cleaned_data.get(f"{analyte.code}_printed") or "")

    def _net(self, analyte: Analyte) -> Computed | None:
        """Stimulated over unstimulated cells, where both were typed."""
        pair = self._printed(analyte), self.cleaned_data.get(f"{analyte.code}_control")
        if not all(pair):
            return None
        stimulated, unstimulated = (Measured(*parse_result(str(text))) for text in pair)
        return over_control(analyte.code, stimulated, unstimulated)

    def field_asked(self, analyte: str) -> str:
        return f"{analyte}_printed"

    @property
    def entries(self) -> list[Entry]:
        return [self._entry(analyte) for analyte in subset_analytes() if self._printed(analyte)]

    def _entry(self, analyte: Analyte) -> Entry:
        operator, value = parse_result(self._printed(analyte))
        note = self.cleaned_data.get(f"{analyte.code}_note", "")
        if net := self._net(analyte):
            value, note = net.value, note or str(net.step)
        unit = self.cleaned_data[f"{analyte.code}_unit"]
        return Entry(analyte.code, unit, value, operator.value, note=note)

    # --- what it gives ------------------------------------------------------------------------

    @property
    def counts(self) -> dict[str, Computed]:
        """The counts that would be computed from what was typed; none before anything was."""
        if not self.is_bound:
            return {}
        measured = dict(self._measured())
        if lymphocytes().code not in measured and (found := self._blood_count()):
            measured[lymphocytes().code] = Measured(found.operator, found.canonical_value)
        return {count.analyte: count for count in absolute_counts(measured, current())}

    def _measured(self) -> Iterator[tuple[str, Measured]]:
        for analyte in subset_analytes():
            unit = self.cleaned_data.get(f"{analyte.code}_unit")
            if (printed := self._printed(analyte)) and unit:
                operator, value = parse_result(printed)
                canonical = None if value is None else to_canonical(analyte, value, unit)
                yield analyte.code, Measured(operator, canonical)

    def _blood_count(self) -> Result | None:
        data = self.cleaned_data
        if not (data.get("participant") and data.get("collected_at")):
            return None
        return blood_count_near(data["participant"], data["collected_at"])

    def _source(self) -> Message | None:
        """Whose lymphocytes are taken where none are typed."""
        if not self.is_bound or self._printed(lymphocytes()):
            return None
        found = self._blood_count()
        return lymphocytes_source(found, None) if found else None
