"""Forms of a laboratory: its name, what it calls normal, and the assays that it runs.

What an assay or a kit declares is typed as it stands in its instructions, in the assay's own unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.forms.fields import ExactField, column_field
from labs.models import Assay, Laboratory, ReferenceRange
from labs.rules.ranges import RangeRow
from labs.rules.setup import AssayRow, Faults, assay_faults, range_faults
from oversight.forms import CorrectionForm, EntryForm
from trial_site.models import Site, User
from trial_site.protocol import current
from trial_site.protocol.definition import SerologyKit
from trial_site.units import spelled

COMPUTED_GROUP = "cytotoxicity"  # measured in wells, never printed by an assay


def _label(model: Any, name: str) -> Any:
    return capfirst(model._meta.get_field(name).verbose_name)


def _day(name: str, **kwargs: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "num"})
    return forms.DateField(label=_label(ReferenceRange, name), widget=widget, **kwargs)


def _limit(model: Any, name: str, **kwargs: Any) -> ExactField:
    return ExactField(label=_label(model, name), min_value=0, **kwargs)


class LaboratoryForm(EntryForm):
    """``site`` is asked for where there is a choice."""

    name = column_field(Laboratory, "name", label=_("Name of the laboratory"))
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), to_field_name="code", empty_label=_("Choose")
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = user.sites.order_by("code")
        field: Any = self.fields["site"]
        field.queryset = sites
        if len(sites) == 1:
            field.initial = sites[0].code


class RenameLaboratoryForm(CorrectionForm):
    name = column_field(Laboratory, "name", label=_("Name of the laboratory"))


class _DeclaredForm(EntryForm):
    """Something declared about an analyte, in one of the units that it is measured in."""

    analyte = forms.ChoiceField(label=_("Analyte"))
    unit = forms.ChoiceField(label=_("Unit"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        analytes = [one for one in current().analytes if one.group != COMPUTED_GROUP]
        units = dict.fromkeys(unit for one in analytes for unit in one.taken_units)
        choices: dict[str, list[tuple[str, str]]] = {
            "analyte": [(one.code, gettext(one.name)) for one in analytes],
            "unit": [(unit, spelled(unit)) for unit in units],
        }
        for name, options in choices.items():
            field: Any = self.fields[name]
            field.choices = [("", gettext("Choose")), *options]

    def show(self, faults: Faults) -> None:
        """Each fault at its field."""
        for name, message in faults:
            self.add_error(name, message.render(gettext))

    def values(self, names: Iterable[str]) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in names}


class RangeForm(_DeclaredForm):
    sex = forms.ChoiceField(label=_("Sex"), required=False)
    low = _limit(ReferenceRange, "low")
    high = _limit(ReferenceRange, "high")
    valid_from = _day("valid_from")
    valid_to = _day(
        "valid_to", required=False, help_text=_("The last day; empty while the range holds")
    )
    ends_open = forms.BooleanField(
        label=_("End the open range before it on the day before"), required=False
    )

    field_order = ("analyte", "sex", "low", "high", "unit", "valid_from", "valid_to", "ends_open")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sexes: Any = ReferenceRange._meta.get_field("sex")
        field: Any = self.fields["sex"]
        field.choices = [("", gettext("Both")), *sexes.choices]

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            self.show(range_faults(self.row, current()))
        return self.cleaned_data

    @property
    def row(self) -> RangeRow:
        return RangeRow(**self.values(field.name for field in fields(RangeRow)))


class CorrectRangeForm(CorrectionForm, RangeForm):
    """A range as it should read, or its last day, and why."""

    ends_open = None  # type: ignore[assignment]  # as Django takes an inherited field away

    field_order = ("analyte", "sex", "low", "high", "unit", "valid_from", "valid_to", "reason")


class AssayForm(_DeclaredForm):
    name = column_field(
        Assay,
        "name",
        label=_label(Assay, "name"),
        help_text=_("As it is chosen when results are entered"),
    )
    lod = _limit(Assay, "lod")
    lloq = _limit(Assay, "lloq")
    uloq = _limit(Assay, "uloq")
    copies_per_iu = _limit(
        Assay,
        "copies_per_iu",
        help_text=_("CMV-DNA in IU/mL only; without it nothing is converted"),
    )
    factor_source = column_field(
        Assay,
        "factor_source",
        label=_label(Assay, "factor_source"),
        required=False,
        help_text=_("Where the factor is declared, for example the kit’s instructions"),
    )
    positive_from = _limit(Assay, "positive_from", help_text=_("CMV IgM and IgG only"))
    grey_from = _limit(Assay, "grey_from")

    field_order: tuple[str, ...] = (
        *("analyte", "name", "unit", "lod", "lloq", "uloq", "copies_per_iu", "factor_source"),
        *("positive_from", "grey_from"),
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors:
            self.show(assay_faults(self.row, current()))
        return self.cleaned_data

    @property
    def row(self) -> AssayRow:
        return AssayRow(**self.values(field.name for field in fields(AssayRow)))


class CorrectAssayForm(CorrectionForm, AssayForm):
    """An assay as it should read, and why."""

    field_order = (*AssayForm.field_order, "reason")


def kits() -> tuple[SerologyKit, ...]:
    """The kits whose cut-offs a registration may start from."""
    return current().serology_kits


def from_kit(code: str) -> dict[str, Any]:
    """What a registration begins with for the kit ``code``; nothing for any other code."""
    for kit in kits():
        if kit.code == code:
            names = ("analyte", "unit", "positive_from", "grey_from")
            return {name: getattr(kit, name) for name in names}
    return {}


def as_saved(saved: ReferenceRange | Assay, row: type[RangeRow | AssayRow]) -> dict[str, Any]:
    """What a correction begins with."""
    values = {field.name: getattr(saved, field.name) for field in fields(row)}
    return {**values, "record_version": saved.version}
