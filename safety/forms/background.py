"""Forms of concomitant medication and medical history."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.forms.fields import DayField, ExactField, OptionField, column_field, text_field
from enrollment.forms.steroids import SCHEDULES
from oversight.forms import CorrectionForm, EntryForm
from safety.actions.history import Disease
from safety.actions.medication import MG, Medicine
from safety.models import ConcomitantMedication, MedicalHistory
from trial_site.protocol import current

DAILY = 1
MEDICINE = tuple(Medicine.__dataclass_fields__)
DISEASE = tuple(Disease.__dataclass_fields__)


class MedicationForm(EntryForm):
    """One medicine.  A corticosteroid is counted once its agent is chosen."""

    confirmed = forms.BooleanField(label=_("Yes, record it"), required=False)
    name = column_field(
        ConcomitantMedication,
        "name",
        label=_("Medicine"),
        help_text=_("Generic name, in English or Chinese"),
    )
    agent = OptionField(
        [(agent.code, _(agent.name)) for agent in current().steroids.agents],
        label=_("Corticosteroid"),
        empty_value="",
        help_text=_("Choose it where the medicine is one: its dose then counts per kilogram"),
    )
    amount = ExactField(
        label=_("Dose"), help_text=_("Of a corticosteroid, the whole dose of one day in mg")
    )
    unit = column_field(
        ConcomitantMedication,
        "unit",
        label=_("Unit"),
        required=False,
        help_text=_("mg, g, mL, IU, tablets"),
    )
    every_days = OptionField(
        list(SCHEDULES.items()), label=_("Corticosteroid given"), coerce=int, initial=DAILY
    )
    frequency = column_field(
        ConcomitantMedication,
        "frequency",
        label=_("How often"),
        required=False,
        help_text=_("For example twice a day, or when needed"),
    )
    route = forms.ChoiceField(
        label=_("Route"),
        choices=ConcomitantMedication.Route.choices,
        help_text=_("Corticosteroids count by mouth and into a vein"),
    )
    indication = column_field(ConcomitantMedication, "indication", label=_("What for?"))
    started_on = DayField(label=_("First day"))
    started_before = forms.BooleanField(
        label=_("Started before the trial, day unknown"), required=False
    )
    ended_on = DayField(label=_("Last day"), help_text=_("Empty while it is still taken"))
    note = text_field(_("Note"), rows=2, max_length=500)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("agent"):
            cleaned["every_days"] = None
        else:
            self._clean_corticosteroid(cleaned)
        if cleaned.get("amount") is not None and not cleaned.get("unit"):
            self.add_error("unit", gettext("A dose without its unit means nothing"))
        known = bool(cleaned.get("started_on")) != bool(cleaned.get("started_before"))
        if not known and "started_on" not in self.errors:
            text = gettext("Enter the first day, or tick that it was before the trial: one of both")
            self.add_error("started_on", text)
        return cleaned

    def _clean_corticosteroid(self, cleaned: dict[str, Any]) -> None:
        cleaned["unit"] = cleaned.get("unit") or MG
        cleaned["every_days"] = cleaned.get("every_days") or DAILY
        if cleaned["unit"] != MG:
            self.add_error("unit", gettext("Enter a corticosteroid in mg"))
        if cleaned.get("amount") is None and "amount" not in self.errors:
            self.add_error("amount", gettext("Enter the dose of one day"))

    def values(self) -> dict[str, Any]:
        medicine = Medicine(**{name: self.cleaned_data[name] for name in MEDICINE})
        return {"medicine": medicine, "confirmed": self.cleaned_data["confirmed"]}


class CorrectMedicationForm(CorrectionForm, MedicationForm):
    field_order = (*MedicationForm.base_fields, "reason")

    def __init__(self, data: Any = None, *, medication: ConcomitantMedication) -> None:
        initial = {name: getattr(medication, name) for name in MEDICINE}
        super().__init__(data, initial=initial | {"record_version": medication.version})

    def values(self) -> dict[str, Any]:
        answers = self.cleaned_data
        return super().values() | {
            "reason": answers["reason"],
            "version": answers["record_version"],
        }


class StopForm(CorrectionForm):
    """The last day; stopping is no correction and needs no reason."""

    ended_on = DayField(label=_("On which day was it taken last?"), required=True)

    def __init__(self, data: Any = None, *, medication: ConcomitantMedication) -> None:
        super().__init__(data, initial={"record_version": medication.version})
        del self.fields["reason"]


class HistoryForm(EntryForm):
    """A disease or operation from before the trial."""

    term = column_field(
        MedicalHistory,
        "term",
        label=_("Disease or operation"),
        help_text=_("In the words of the record; never the patient’s name"),
    )
    meddra_code = column_field(
        MedicalHistory,
        "meddra_code",
        label=_("MedDRA code"),
        required=False,
        help_text=_("Where the site has a licence"),
    )
    began_on = DayField(label=_("Began"), help_text=_("Empty where nobody knows the day"))
    is_ongoing = forms.BooleanField(label=_("Still present"), required=False)
    ended_on = DayField(label=_("Ended"))
    note = text_field(_("Note"), rows=2, max_length=500)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("is_ongoing") and cleaned.get("ended_on"):
            self.add_error("ended_on", gettext("What is still present has not ended"))
        began, ended = cleaned.get("began_on"), cleaned.get("ended_on")
        if began and ended and ended < began:
            self.add_error("ended_on", gettext("This day lies before the day that it began"))
        return cleaned

    def values(self) -> dict[str, Any]:
        return {"disease": Disease(**{name: self.cleaned_data[name] for name in DISEASE})}


class CorrectHistoryForm(CorrectionForm, HistoryForm):
    field_order = (*HistoryForm.base_fields, "reason")

    def __init__(self, data: Any = None, *, history: MedicalHistory) -> None:
        initial = {name: getattr(history, name) for name in DISEASE}
        super().__init__(data, initial=initial | {"record_version": history.version})

    def values(self) -> dict[str, Any]:
        answers = self.cleaned_data
        return super().values() | {
            "reason": answers["reason"],
            "version": answers["record_version"],
        }
