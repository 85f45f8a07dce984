"""The wells of one cytotoxicity plate: a first run, a repeat, a correction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.forms.fields import ExactField
from enrollment.models import Participant
from labs.actions import PlateEntry
from labs.forms.specimen import SpecimenForm
from labs.models import CytotoxicityAssay, Specimen
from labs.plate import Condition, condition_of, conditions
from labs.rules.wells import Well
from labs.selectors import latest_assay
from oversight.forms import Conflict, CorrectionForm, EntryForm
from trial_site.protocol import by_version, current
from trial_site.protocol.definition import CytotoxicityRule

MOST_LETTERS_OF_A_RUN = 40


@dataclass(frozen=True)
class WellFields:
    """The fields of the replicates of one condition."""

    condition: Condition
    dead: list[BoundField]
    targets: list[BoundField]

    @property
    def fields(self) -> list[BoundField]:
        return [*self.dead, *self.targets]


class PlateForm(EntryForm):
    """The run, the effector cells, and a grid of wells by the conditions of ``rule``."""

    run = forms.CharField(
        label=_("Run"),
        required=False,
        max_length=MOST_LETTERS_OF_A_RUN,
        widget=forms.TextInput({"class": "num", "autocomplete": "off"}),
    )
    effectors = forms.ChoiceField(label=_("Effector cells"))
    nk_percent = ExactField(label=_("NK % of effectors"), unit="%", min_value=0, max_value=100)

    rule: CytotoxicityRule
    replicates: range

    def add_wells(self, rule: CytotoxicityRule, *, replicates: int) -> None:
        self.rule, self.replicates = rule, range(1, replicates + 1)
        effectors: Any = self.fields["effectors"]
        effectors.choices = [(code, gettext(name)) for code, name in rule.effectors]
        for condition in conditions(rule):
            for number in self.replicates:
                names = {"row": condition.title.render(gettext), "well": number}
                self.fields[_dead(condition, number)] = ExactField(
                    label=gettext("%(row)s, well %(well)s, dead %%") % names,
                    min_value=0,
                    max_value=100,
                )
                self.fields[_targets(condition, number)] = ExactField(
                    label=gettext("%(row)s, well %(well)s, targets counted") % names,
                    min_value=0,
                    decimal_places=0,
                )

    @property
    def rows(self) -> Iterator[WellFields]:
        for condition in conditions(self.rule):
            dead = [self[_dead(condition, number)] for number in self.replicates]
            targets = [self[_targets(condition, number)] for number in self.replicates]
            yield WellFields(condition, dead, targets)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        for row in self.rows:
            for dead, targets in zip(row.dead, row.targets, strict=True):
                if targets.data and not dead.data:
                    self.add_error(dead.name, gettext("targets were counted: enter the dead %"))
        first = next(self.rows).dead[0]
        if not any(field.data for row in self.rows for field in row.dead):
            self.add_error(first.name, gettext("enter the wells"))
        return data

    @property
    def wells(self) -> list[Well]:
        """The wells that were typed; none while one of them cannot be read."""
        readable = self.is_bound and not any(f.errors for row in self.rows for f in row.fields)
        return list(self._wells()) if readable else []

    def _wells(self) -> Iterator[Well]:
        for row in self.rows:
            for number, (dead, targets) in enumerate(zip(row.dead, row.targets, strict=True), 1):
                percent: Decimal | None = self.cleaned_data[dead.name]
                counted: Decimal | None = self.cleaned_data[targets.name]
                if percent is not None:
                    kind, ratio = row.condition.kind, row.condition.et_ratio
                    count = None if counted is None else int(counted)
                    yield Well(kind, ratio, number, percent, count)

    @property
    def entry(self) -> PlateEntry:
        data = self.cleaned_data
        return PlateEntry(data["effectors"], self.wells, data["nk_percent"], data["run"])


class CytotoxicityForm(SpecimenForm, PlateForm):
    address = "labs:cytotoxicity-new"
    panel = "cytotoxicity"
    remembered = ("effectors",)

    specimen_kind = Specimen.Kind.PBMC

    def recall(self, participant: Participant) -> dict[str, Any]:
        last = latest_assay(participant)
        return {"effectors": last.effectors} if last else {}

    def add_fields(self) -> None:
        rule = current().cytotoxicity
        self.add_wells(rule, replicates=rule.replicates)


class RepeatRunForm(PlateForm):
    """Another run of a specimen, with the effector cells of the run ``of`` that it repeats."""

    def __init__(self, *args: Any, of: CytotoxicityAssay, **kwargs: Any) -> None:
        initial = {"effectors": of.effectors, "nk_percent": of.nk_percent}
        super().__init__(*args, initial=initial, **kwargs)
        self.fields["run"].required = True
        rule = current().cytotoxicity
        self.add_wells(rule, replicates=rule.replicates)


class PlateCorrectionForm(CorrectionForm, PlateForm):
    """Everything that was typed about a saved plate; its specimen stays."""

    def __init__(self, *args: Any, assay: CytotoxicityAssay, **kwargs: Any) -> None:
        names = ("run", "effectors", "nk_percent")
        initial = {name: getattr(assay, name) for name in names} | _typed(assay)
        initial["record_version"] = assay.version
        super().__init__(*args, initial=initial, **kwargs)
        rule = by_version(assay.protocol_version).cytotoxicity
        most = max((well.replicate for well in assay.typed_wells), default=0)
        self.add_wells(rule, replicates=max(rule.replicates, most))

    def show_conflicts(self, record: Any) -> None:
        super().show_conflicts(record)
        saved = _typed(record)
        for field in (field for row in self.rows for field in row.fields):
            yours, theirs = self.cleaned_data[field.name], saved.get(field.name)
            if yours != theirs:
                nothing = gettext("nothing")
                conflict = Conflict(
                    str(field.label),
                    nothing if yours is None else yours,
                    nothing if theirs is None else theirs,
                )
                self.conflicts.append(conflict)


def _typed(assay: CytotoxicityAssay) -> dict[str, Any]:
    """The wells of a saved plate by the names of their fields."""
    values: dict[str, Any] = {}
    for well in assay.typed_wells:
        condition = condition_of(well)
        values[_dead(condition, well.replicate)] = well.dead_percent
        values[_targets(condition, well.replicate)] = well.targets
    return values


def _dead(condition: Condition, number: int) -> str:
    return f"{condition.code}-d{number}"


def _targets(condition: Condition, number: int) -> str:
    return f"{condition.code}-n{number}"
