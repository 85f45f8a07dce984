"""The wells of one cytotoxicity plate."""

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
from labs.forms.specimen import SpecimenForm
from labs.models import Specimen
from labs.plate import Condition, conditions
from labs.rules.wells import Well
from labs.selectors import latest_assay
from trial_site.protocol import current


@dataclass(frozen=True)
class WellFields:
    """The fields of the replicates of one condition."""

    condition: Condition
    dead: list[BoundField]
    targets: list[BoundField]

    @property
    def fields(self) -> list[BoundField]:
        return [*self.dead, *self.targets]


class CytotoxicityForm(SpecimenForm):
    address = "labs:cytotoxicity-new"
    remembered = ("effectors",)

    specimen_kind = Specimen.Kind.PBMC

    effectors = forms.ChoiceField(label=_("Effector cells"))

    def recall(self, participant: Participant) -> dict[str, Any]:
        last = latest_assay(participant)
        return {"effectors": last.effectors} if last else {}

    def add_fields(self) -> None:
        rule = current().cytotoxicity
        effectors: Any = self.fields["effectors"]
        effectors.choices = [(code, gettext(name)) for code, name in rule.effectors]
        for condition in conditions(rule):
            for number in self.replicates:
                names = {"row": condition.title.render(gettext), "well": number}
                self.fields[f"{condition.code}-d{number}"] = ExactField(
                    label=gettext("%(row)s, well %(well)s, dead %%") % names,
                    min_value=0,
                    max_value=100,
                )
                self.fields[f"{condition.code}-n{number}"] = ExactField(
                    label=gettext("%(row)s, well %(well)s, targets counted") % names,
                    min_value=0,
                    decimal_places=0,
                )

    @property
    def replicates(self) -> range:
        return range(1, current().cytotoxicity.replicates + 1)

    @property
    def rows(self) -> Iterator[WellFields]:
        for condition in conditions(current().cytotoxicity):
            dead = [self[f"{condition.code}-d{number}"] for number in self.replicates]
            targets = [self[f"{condition.code}-n{number}"] for number in self.replicates]
            yield WellFields(condition, dead, targets)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
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
