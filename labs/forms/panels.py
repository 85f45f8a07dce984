"""The results of one blood draw: CMV-DNA, and a safety panel."""

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
from labs.forms.assays import assay_field, only_assay, values_of_assay
from labs.forms.specimen import SpecimenForm
from labs.forms.values import ValueForm
from labs.models import Assay, Specimen
from labs.prefill import limits_in_force, registered_assays
from labs.readings import NORMAL, QUANTIFICATION
from labs.selectors import latest_by_analyte, latest_pcr
from trial_site import clock
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte


def pcr_analyte() -> Analyte:
    return current().analyte(current().pcr.analyte)


class PcrForm(SpecimenForm, ValueForm):
    address = "labs:pcr-new"
    panel = "pcr"
    remembered = ("kind", "unit", "assay", *QUANTIFICATION)
    field_order = (
        *("participant", "collected_at", "received_at", "kind", "laboratory", "visit"),
        *("printed", "unit", "assay"),
    )

    kind = forms.ChoiceField(label=_("Specimen"), choices=Specimen.Kind.choices)
    assay = assay_field()

    def recall(self, participant: Participant) -> dict[str, Any]:
        """As in the participant's last result; for the first one, the laboratory's only assay."""
        last = latest_pcr(participant)
        if last is None:
            return only_assay(self.user, self.measured_by, self.analyte.code)
        return {"kind": last.specimen.kind, **values_of_assay(last.assay, last)}

    def add_fields(self) -> None:
        self.fields["kind"].initial = current().pcr.specimen
        self.add_value(self.analyte)
        self.order_fields(self.field_order)

    @property
    def analyte(self) -> Analyte:
        return pcr_analyte()

    @property
    def assays(self) -> list[Assay]:
        """The registered ones, to choose from."""
        return registered_assays(self.user, self.measured_by, [self.analyte.code])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        self.check_limits(self.analyte)
        return data

    @property
    def entries(self) -> list[Entry]:
        return [self.entry(self.analyte)]


def safety_analytes() -> list[Analyte]:
    return [analyte for analyte in current().analytes if analyte.group == "safety"]


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
    panel = "safety"
    remembered = tuple(
        f"{analyte.code}_{name}" for analyte in safety_analytes() for name in ("unit", *NORMAL)
    )

    def recall(self, participant: Participant) -> dict[str, Any]:
        """As in the last panel; the laboratory's own range in force on the day comes first."""
        codes = [analyte.code for analyte in safety_analytes()]
        values: dict[str, Any] = {
            f"{code}_{name}": getattr(last, name)
            for code, last in latest_by_analyte(participant, codes).items()
            for name in ("unit", *NORMAL)
        }
        if self.measured_by:
            day = self.collected_on or clock.today()
            ranges = limits_in_force(self.measured_by, participant, day, codes)
            for code, row in ranges.items():
                found = {"unit": row.unit, "lln": row.low, "uln": row.high}
                values |= {f"{code}_{name}": value for name, value in found.items()}
        return values

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
