"""A specimen that came, what is wrong with it, and the correction of what was registered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.forms.fields import column_field
from labs.actions import Sample
from labs.forms.specimen import SpecimenForm, moment_field
from labs.models import Laboratory, Specimen
from oversight.forms import CorrectionForm, EntryForm
from trial_site import clock
from trial_site.protocol import current
from trial_site.protocol.definition import gettext_noop

# Kept as they stand here, and read in the reader's language.
WHY_UNUSABLE = (
    gettext_noop("Haemolysed"),
    gettext_noop("Too little material"),
    gettext_noop("Arrived too late"),
    gettext_noop("Clotted"),
    gettext_noop("Wrong tube"),
)
OTHER = "other"
TUBE_FIELDS = ("kind", "collected_at", "received_at", "laboratory", "accession", "visit")


def _accession() -> forms.CharField:
    return column_field(Specimen, "accession", label=_("Laboratory number"), required=False)


class ReceiptForm(SpecimenForm):
    """A tube that came; ``received_at`` begins with now."""

    address = "labs:specimen-new"

    kind = forms.ChoiceField(label=_("Specimen"), choices=Specimen.Kind.choices)
    received_at = moment_field(label=_("Received"), initial=clock.now)
    accession = _accession()

    @property
    def sample(self) -> Sample:
        return replace(super().sample, accession=self.cleaned_data["accession"])


class RejectForm(EntryForm):
    """Why nothing can be measured in a specimen."""

    record_version = forms.IntegerField(widget=forms.HiddenInput)
    cause = forms.ChoiceField(
        label=_("Why can the specimen not be used?"),
        choices=[*((text, _(text)) for text in WHY_UNUSABLE), (OTHER, _("Another reason"))],
        widget=forms.RadioSelect,
    )
    detail = forms.CharField(
        label=_("Which other reason?"),
        help_text=_("In the words of the record; never the patient’s name"),
        max_length=150,
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        is_other, detail = self.cleaned_data.get("cause") == OTHER, self.cleaned_data.get("detail")
        if is_other and not detail:
            self.add_error("detail", gettext("Say why the specimen cannot be used"))
        if detail and not is_other and "cause" not in self.errors:
            self.add_error("detail", gettext("This belongs to another reason: choose that"))
        return self.cleaned_data

    @property
    def why(self) -> str:
        return str(self.cleaned_data["detail"] or self.cleaned_data["cause"])


class CorrectSpecimenForm(CorrectionForm):
    """What was registered of a specimen, as it should read; whose it is stays."""

    kind = forms.ChoiceField(label=_("Specimen"), choices=Specimen.Kind.choices)
    collected_at = moment_field(label=_("Collected"))
    received_at = moment_field(label=_("Received"), required=False)
    laboratory = forms.ModelChoiceField(
        label=_("Laboratory"),
        queryset=Laboratory.objects.none(),
        required=False,
        empty_label=_("Not named"),
    )
    accession = _accession()
    visit = forms.ChoiceField(label=_("Visit"), required=False)
    unusable = column_field(
        Specimen,
        "unusable",
        label=_("Why it cannot be used"),
        help_text=_("Empty for one that can be used"),
        required=False,
    )

    field_order = (*TUBE_FIELDS, "unusable", "reason")

    def __init__(self, *args: Any, specimen: Specimen, **kwargs: Any) -> None:
        initial = {name: getattr(specimen, name) for name in (*TUBE_FIELDS, "unusable")}
        super().__init__(*args, initial={**initial, "record_version": specimen.version}, **kwargs)
        laboratory: Any = self.fields["laboratory"]
        laboratory.queryset = Laboratory.objects.filter(site=specimen.participant.site_id)
        visit: Any = self.fields["visit"]
        named = [(rule.code, gettext(rule.title)) for rule in current().visits]
        visit.choices = [("", gettext("Between visits")), *named]
        if specimen.visit not in dict(visit.choices):  # an unscheduled visit
            visit.choices = [*visit.choices, (specimen.visit, specimen.visit)]

    @property
    def sample(self) -> Sample:
        return Sample(**{name: self.cleaned_data[name] for name in TUBE_FIELDS})
