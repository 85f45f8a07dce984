"""Cytokines and CMV antibodies by ELISA: readings, kit and lot, read by the kit's own cut-offs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext

from enrollment.models import Participant
from labs.actions import Entry
from labs.comparisons import Incomparable, incomparable
from labs.forms.assays import assay_field
from labs.forms.inputs import printed_field, unit_field
from labs.forms.specimen import SpecimenForm
from labs.forms.values import ValueForm
from labs.models import Assay, Specimen
from labs.prefill import registered_assays
from labs.readings import Badge, adults_of, cut_offs_of, serology
from labs.rules.kits import KIT_GROUPS, Kit
from labs.rules.numbers import half_up
from labs.rules.pcr import Operator, parse_result
from labs.rules.replicates import MEAN_PLACES, Reading, Replicates, summarise
from labs.selectors import latest_by_analyte
from trial_site.messages import Message
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte

READINGS = 3
MOST_LOT = 40


def elisa_analytes() -> list[Analyte]:
    return [analyte for analyte in current().analytes if analyte.group in KIT_GROUPS]


@dataclass(frozen=True)
class ElisaRow:
    """The fields of one analyte, and what they come to once they are computed."""

    analyte: Analyte
    readings: tuple[BoundField, ...]
    kit: tuple[BoundField, ...]
    summary: Replicates | None
    badge: Badge | None
    why: Message | None
    comparison: Incomparable | None

    @property
    def adults(self) -> list[tuple[Message, str]]:
        return adults_of(self.analyte)


class ElisaForm(SpecimenForm, ValueForm):
    address = "labs:elisa-new"
    panel = "serology"
    specimen_kind = Specimen.Kind.SERUM
    remembered = tuple(
        f"{analyte.code}_{name}" for analyte in elisa_analytes() for name in ("unit", "assay")
    )

    def recall(self, participant: Participant) -> dict[str, Any]:
        """The kit and unit of the participant's last result, else the laboratory's only kit.

        A lot changes from plate to plate: it is never carried over.
        """
        values: dict[str, Any] = {}
        for code, kits in self._kits().items():
            if len(kits) == 1:
                values |= {f"{code}_unit": kits[0].unit, f"{code}_assay": kits[0].name}
        for code, last in latest_by_analyte(participant, self._codes()).items():
            values |= {f"{code}_unit": last.unit, f"{code}_assay": last.assay}
        return values

    def add_fields(self) -> None:
        for analyte in elisa_analytes():
            name, code = gettext(analyte.name), analyte.code
            for number in range(1, READINGS + 1):
                label = gettext("%(analyte)s, reading %(number)s")
                self.fields[f"{code}_printed{number}"] = printed_field(
                    analyte, label % {"analyte": name, "number": number}
                )
            label = gettext("%(analyte)s: kit") % {"analyte": name}
            self.fields |= {
                f"{code}_unit": unit_field(analyte, f"{name}: ", in_grid=True),
                f"{code}_assay": assay_field(label=label, required=False),
                f"{code}_lot": forms.CharField(
                    label=gettext("%(analyte)s: lot") % {"analyte": name},
                    max_length=MOST_LOT,
                    required=False,
                    widget=forms.TextInput({"autocomplete": "off"}),
                ),
            }

    @staticmethod
    def _codes() -> list[str]:
        return [analyte.code for analyte in elisa_analytes()]

    @property
    def assays(self) -> list[Assay]:
        """The registered kits, to choose from."""
        return registered_assays(self.user, self.measured_by, self._codes())

    def _kits(self) -> dict[str, list[Assay]]:
        kits: dict[str, list[Assay]] = {}
        for assay in self.assays:
            kits.setdefault(assay.analyte, []).append(assay)
        return kits

    # --- what was typed -----------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        for analyte in elisa_analytes():
            self._check(analyte)
        if not any(self._printed(analyte) for analyte in elisa_analytes()) and not self.errors:
            first = elisa_analytes()[0].code
            self.add_error(f"{first}_printed1", gettext("enter at least one result"))
        return data

    def _check(self, analyte: Analyte) -> None:
        if not self._printed(analyte):
            return
        code = analyte.code
        if not self.cleaned_data.get(f"{code}_assay") and f"{code}_assay" not in self.errors:
            self.add_error(f"{code}_assay", gettext("name the kit: results of kits do not compare"))
        _operator, value, summary = self._result(analyte)
        if value is None and summary:
            text = gettext("%(why)s: enter the one result that the laboratory reports")
            self.add_error(f"{code}_printed1", text % {"why": summary.step.render(gettext)})

    def _printed(self, analyte: Analyte) -> list[str]:
        names = [f"{analyte.code}_printed{number}" for number in range(1, READINGS + 1)]
        return [str(self.cleaned_data[name]) for name in names if self.cleaned_data.get(name)]

    def _result(self, analyte: Analyte) -> tuple[str, Decimal | None, Replicates | None]:
        """Operator and value, and how they follow from several readings.

        Readings that all say the same bound say it together; any other bound among them leaves no
        mean.
        """
        readings: list[Reading] = [parse_result(text) for text in self._printed(analyte)]
        summary = summarise(readings) if len(readings) > 1 else None
        if summary and summary.mean is not None:
            return Operator.EQUAL, _decimal(summary.mean), summary
        if len(set(readings)) == 1:
            return readings[0][0], readings[0][1], None
        return Operator.EQUAL, None, summary

    def field_asked(self, analyte: str) -> str:
        return f"{analyte}_printed1"

    @property
    def entries(self) -> list[Entry]:
        return [self._entry(analyte) for analyte in elisa_analytes() if self._printed(analyte)]

    def _entry(self, analyte: Analyte) -> Entry:
        operator, value, _summary = self._result(analyte)
        kit, printed = self._kit(analyte), self._printed(analyte)
        return Entry(
            analyte=analyte.code,
            unit=kit.unit,
            value=value,
            operator=str(operator),
            assay=kit.name,
            kit_lot=kit.lot,
            replicates=tuple(printed) if len(printed) > 1 else (),
        )

    def _kit(self, analyte: Analyte) -> Kit:
        data = self.cleaned_data
        name, lot, unit = (
            data.get(f"{analyte.code}_{key}", "") for key in ("assay", "lot", "unit")
        )
        return Kit(name, lot, unit)

    # --- what it comes to ---------------------------------------------------------------------

    @property
    def rows(self) -> Iterator[ElisaRow]:
        kits = self._kits() if self.is_bound and self.cleaned_data.get("laboratory") else {}
        for analyte in elisa_analytes():
            code, read = analyte.code, {}
            if self.is_bound and self._printed(analyte):
                read = self._read(analyte, kits.get(code, []))
            yield ElisaRow(
                analyte,
                tuple(self[f"{code}_printed{number}"] for number in range(1, READINGS + 1)),
                tuple(self[f"{code}_{name}"] for name in ("unit", "assay", "lot")),
                *(read.get(name) for name in ("summary", "badge", "why", "comparison")),
            )

    def _read(self, analyte: Analyte, kits: list[Assay]) -> dict[str, Any]:
        operator, value, summary = self._result(analyte)
        kit, read = self._kit(analyte), dict[str, Any](summary=summary)
        if analyte.group == self.panel and value is not None:
            registered = [assay for assay in kits if assay.name == kit.name]
            cut_offs = cut_offs_of(registered[0]) if registered else None
            badge, why = serology(str(operator), value, kit.unit, cut_offs)
            read |= {"badge": badge, "why": why}
        data = self.cleaned_data
        if data.get("participant") and data.get("collected_at"):
            read["comparison"] = incomparable(
                data["participant"], analyte.code, kit, data["collected_at"]
            )
        return read


def _decimal(mean: Fraction) -> Decimal:
    """``mean`` without trailing zeros; exact where it ends within twelve places."""
    value = half_up(mean, MEAN_PLACES).normalize()
    return Decimal(f"{value:f}")
