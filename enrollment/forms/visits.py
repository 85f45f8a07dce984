"""Forms of a visit: recorded, unscheduled, corrected."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.forms.fields import DayField
from enrollment.models import Visit
from oversight.forms import CorrectionForm, EntryForm

DONE, MISSED, PLANNED = Visit.Status.DONE, Visit.Status.MISSED, Visit.Status.PLANNED
OUTCOMES = [(DONE.value, DONE.label), (MISSED.value, MISSED.label)]
MISTAKE = (PLANNED.value, _("Recorded by mistake"))


def why_field(label: Any, help_text: Any = "", *, required: bool = False) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(
        label=label, help_text=help_text, widget=widget, max_length=500, required=required
    )


class VisitForm(EntryForm):
    """A planned visit: done on a day, or missed."""

    outcome = forms.ChoiceField(
        label=_("What became of the visit?"), choices=OUTCOMES, widget=forms.RadioSelect
    )
    done_on = DayField(
        label=_("When was it done?"), help_text=_("Leave empty for a visit that was missed")
    )
    why = why_field(
        _("Why was it missed, or done outside its window?"),
        _("In the words of the record; never the patient’s name"),
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        done = self.cleaned_data.get("outcome") == DONE
        day = self.cleaned_data.get("done_on")
        if done and not day and "done_on" not in self.errors:
            self.add_error("done_on", gettext("Enter the day of the visit"))
        if not done and day:
            self.add_error("done_on", gettext("Only a visit that was done has a day: empty this"))
        return self.cleaned_data


class CorrectVisitForm(CorrectionForm, VisitForm):
    """What a recorded visit should say; recorded by mistake, it is planned again."""

    field_order = ("outcome", "done_on", "why", "reason")

    def __init__(self, data: Any = None, *, visit: Visit) -> None:
        initial = {
            "outcome": visit.status,
            "done_on": visit.done_on,
            "why": visit.why,
            "record_version": visit.version,
        }
        super().__init__(data, initial=initial)
        outcome = cast(forms.ChoiceField, self.fields["outcome"])
        outcome.choices = [OUTCOMES[0], MISTAKE] if visit.is_unscheduled else [*OUTCOMES, MISTAKE]
        if visit.is_unscheduled:
            self.fields["done_on"].help_text = _("Leave empty for one that was recorded by mistake")
            self.fields["why"].label = _("Why was the visit made?")

    @property
    def answers(self) -> dict[str, Any]:
        """What the action takes."""
        answers = self.cleaned_data
        return {
            "status": answers["outcome"],
            "done_on": answers["done_on"],
            "why": answers["why"],
            "version": answers["record_version"],
            "reason": answers["reason"],
            "key": self.key,
        }


class UnscheduledForm(EntryForm):
    """A visit that nobody planned."""

    done_on = DayField(label=_("When was it done?"), required=True)
    why = why_field(
        _("Why was the visit made?"),
        _("For example relapse or rescue treatment; never the patient’s name"),
        required=True,
    )
