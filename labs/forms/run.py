"""A whole PCR run: what holds for the plate, and a row for each sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.models import Participant
from labs.actions import Entry, RowsRefused, RunRow, Sample
from labs.actions.specimens import born_at
from labs.forms.assays import assay_field, values_of_assay
from labs.forms.fields import SubjectField
from labs.forms.inputs import limit_fields, printed_field, unit_field
from labs.forms.panels import pcr_analyte
from labs.forms.specimen import check_laboratory, moment_field
from labs.forms.values import ValueForm, attempt_entry
from labs.models import Assay, Laboratory, Specimen
from labs.prefill import only_laboratory, registered_assays, subjects_to_choose, visit_on
from labs.readings import QUANTIFICATION
from labs.rules.pcr import parse_result
from labs.rules.specimens import sampling_faults
from oversight.forms import Outcome
from oversight.refusals import Refused
from trial_site import clock
from trial_site.models import User
from trial_site.protocol import current

FIRST_ROWS, MORE_ROWS, MOST_ROWS = 8, 8, 96  # a plate has 96 wells
CELLS = ("participant", "collected_at", "received_at", "printed")
NEEDED = ("participant", "collected_at", "printed")


@dataclass(frozen=True)
class RowFields:
    """The fields of one sample."""

    number: int
    fields: dict[str, BoundField]

    @property
    def is_empty(self) -> bool:
        return not any(field.data for field in self.fields.values())


class RunForm(ValueForm):
    """Empty rows are ignored; ``rows`` is how many there are."""

    laboratory = forms.ModelChoiceField(
        label=_("Laboratory"),
        queryset=Laboratory.objects.none(),
        required=False,
        empty_label=_("Not named"),
    )
    assay = assay_field()
    kit_lot = forms.CharField(label=_("Kit lot"), max_length=40, required=False)
    kind = forms.ChoiceField(label=_("Specimen"), choices=Specimen.Kind.choices)
    rows = forms.IntegerField(
        widget=forms.HiddenInput, min_value=1, max_value=MOST_ROWS, initial=FIRST_ROWS
    )

    def __init__(self, *args: Any, user: User, address: Mapping[str, str], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.user, analyte = user, pcr_analyte()
        self.fields |= {"unit": unit_field(analyte), **limit_fields(analyte)}
        laboratory: Any = self.fields["laboratory"]
        laboratory.queryset = Laboratory.objects.visible_to(user)
        self._begin(address)
        self.numbers = range(1, self._row_count() + 1)
        for number in self.numbers:
            self._add_row(number)

    @classmethod
    def with_more_rows(cls, typed: Mapping[str, str], user: User) -> RunForm:
        """What was typed so far, unchecked, with more rows below it."""
        form = cls(user=user, address={}, initial={**typed, "rows": typed.get("rows")})
        first = form.numbers[-1] + 1
        last = min(form.numbers[-1] + MORE_ROWS, MOST_ROWS)
        for number in range(first, last + 1):
            form._add_row(number)
        form.numbers = range(1, last + 1)
        form.initial["rows"] = last
        form.fields[f"r{min(first, last)}_participant"].widget.attrs["autofocus"] = True
        return form

    @property
    def may_have_more(self) -> bool:
        return len(self.numbers) < MOST_ROWS

    @property
    def subjects(self) -> list[str]:
        return subjects_to_choose(self.user)

    @property
    def grid(self) -> Iterator[RowFields]:
        for number in self.numbers:
            yield RowFields(number, {name: self[f"r{number}_{name}"] for name in CELLS})

    # --- what it begins with ------------------------------------------------------------------

    def _begin(self, address: Mapping[str, str]) -> None:
        laboratory: Any = self.fields["laboratory"]
        chosen = laboratory.queryset.filter(pk=_number(address.get("laboratory"))).first()
        self.measured_by: Laboratory | None = chosen or only_laboratory(self.user, None)
        self.assays = registered_assays(self.user, self.measured_by, [pcr_analyte().code])
        found: dict[str, Any] = {"laboratory": self.measured_by, "kind": current().pcr.specimen}
        if assay := self._assay(address.get("assay", "")):
            found |= values_of_assay(assay.name, assay)
        self.initial = {**found, **self.initial}
        remembered = ("unit", *QUANTIFICATION)
        self._fetch("laboratory", "assay", *remembered)
        self._fetch("assay", *remembered)

    def _assay(self, name: str) -> Assay | None:
        """The one of this name; without a name, the only one."""
        found = [assay for assay in self.assays if name in {"", assay.name}]
        return found[0] if len(found) == 1 else None

    def _fetch(self, name: str, *remembered: str) -> None:
        self.fields[name].widget.attrs |= {
            "hx-get": reverse("labs:pcr-run"),
            "hx-include": "[name=laboratory],[name=assay]",
            "hx-swap": "none",
            "hx-trigger": "change",
            "hx-sync": "closest form:queue last",
            "hx-select-oob": ",".join(f"#{self[other].auto_id}" for other in remembered),
        }
        for other in remembered:
            if self.is_bound and self[other].data:
                self.fields[other].widget.attrs["data-touched"] = "true"

    def _row_count(self) -> int:
        typed = self.data if self.is_bound else self.initial
        count = _number(typed.get("rows")) or FIRST_ROWS
        return max(1, min(count, MOST_ROWS))

    def _add_row(self, number: int) -> None:
        name = {"row": number}
        self.fields |= {
            f"r{number}_participant": SubjectField(
                label=gettext("Row %(row)s, participant") % name, required=False
            ),
            f"r{number}_collected_at": moment_field(
                label=gettext("Row %(row)s, collected") % name, required=False
            ),
            f"r{number}_received_at": moment_field(
                label=gettext("Row %(row)s, received") % name, required=False
            ),
            f"r{number}_printed": printed_field(
                pcr_analyte(), gettext("Row %(row)s, result") % name
            ),
        }

    # --- what was typed -----------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.check_limits(pcr_analyte())
        filled = [row for row in self.grid if not row.is_empty]
        if not filled:
            self.add_error("r1_participant", gettext("enter at least one result"))
        self.people = self._people(filled)
        first_row: dict[tuple[object, object], int] = {}
        for row in filled:
            self._check_row(row)
            sample = tuple(self._cell(row.number, name) for name in ("participant", "collected_at"))
            earlier = first_row.setdefault((sample[0], sample[1]), row.number)
            if all(sample) and earlier != row.number:
                problem = gettext("this participant and moment stand in row %(row)s already")
                self.add_error(f"r{row.number}_participant", problem % {"row": earlier})
        return self.cleaned_data

    def _people(self, rows: list[RowFields]) -> dict[str, Participant]:
        """Every participant of the run, found at once."""
        typed = [self._cell(row.number, "participant") for row in rows]
        found = Participant.objects.visible_to(self.user).filter(subject__in=filter(None, typed))
        found = found.select_related("screening").prefetch_related("visits")
        return {person.subject: person for person in found}

    def _check_row(self, row: RowFields) -> None:
        values = {name: self._cell(row.number, name) for name in CELLS}
        for name in NEEDED:
            if not values[name] and f"r{row.number}_{name}" not in self.errors:
                self.add_error(row.fields[name].name, gettext("complete the row, or empty it"))
        field = row.fields["participant"].name
        person = self.people.get(values["participant"])
        if values["participant"] and person is None:
            self.add_error(field, gettext("no participant of your sites has this number"))
        check_laboratory(self, person, field)
        if values["collected_at"]:
            moments = values["collected_at"], values["received_at"]
            born = born_at(person) if person else None
            for name, message in sampling_faults(*moments, now=clock.now(), born=born):
                self.add_error(row.fields[name].name, message.render(gettext))

    def _cell(self, number: int, name: str) -> Any:
        return self.cleaned_data.get(f"r{number}_{name}")

    def field_asked(self, analyte: str) -> str:
        return f"r{analyte.partition('-')[0]}_printed"

    @property
    def run(self) -> list[RunRow]:
        """The samples of a valid form."""
        filled = [row.number for row in self.grid if not row.is_empty]
        return [self._run_row(number) for number in filled]

    def _run_row(self, number: int) -> RunRow:
        data, analyte = self.cleaned_data, pcr_analyte()
        person = self.people[self._cell(number, "participant")]
        collected_at, received_at = (
            self._cell(number, name) for name in ("collected_at", "received_at")
        )
        visit = visit_on(person, localdate(collected_at), analyte.group)
        sample = Sample(data["kind"], collected_at, received_at, data["laboratory"], visit=visit)
        operator, value = parse_result(self._cell(number, "printed"))
        limits = {name: data[name] for name in QUANTIFICATION}
        kit = {"assay": data["assay"], "kit_lot": data["kit_lot"]}
        entry = Entry(analyte.code, data["unit"], value, operator.value, **kit, **limits)
        return RunRow(number, person, sample, entry)


def _number(text: Any) -> int | None:
    return int(text) if str(text).isascii() and str(text).isdigit() else None


def attempt_run(form: RunForm, act: Callable[[bool], Any]) -> Outcome[Any] | None:
    """``attempt_entry``; what is wrong with a row is said at it."""

    def at_rows(confirmed: bool) -> Any:
        try:
            return act(confirmed)
        except RowsRefused as refused:
            for number, message in refused.rows:
                form.add_error(f"r{number}_participant", message.render(gettext))
            raise Refused(refused.message) from refused

    return attempt_entry(form, at_rows)
