"""Short forms: consent, a pressed button, a visit, the end of a participation."""

from typing import Any, cast

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.forms.fields import DayField
from enrollment.models import Consent, Participant, Visit
from enrollment.states import ENDED, MOVES, State
from oversight.forms import EntryForm


def _text(model: Any, name: str, **kwargs: Any) -> forms.CharField:
    """A required line, as long as the model's column."""
    column = model._meta.get_field(name)
    return forms.CharField(max_length=column.max_length, **kwargs)


class PressForm(EntryForm):
    """A button that changes a record: pressed once, on the version that was shown."""

    record_version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class ConsentForm(EntryForm):
    signed_on = DayField(label=_("When was the consent signed?"), required=True)
    form_version = _text(
        Consent,
        "form_version",
        label=_("Which version of the consent form?"),
        help_text=_("As printed on the signed form, for example 1.1"),
    )
    language = forms.ChoiceField(
        label=_("In which language?"), choices=settings.LANGUAGES, widget=forms.RadioSelect
    )
    explained_by = _text(
        Consent,
        "explained_by",
        label=_("Who explained the trial?"),
        help_text=_("A member of staff; never the patient’s name"),
    )

    @property
    def answers(self) -> dict[str, Any]:
        """What the action takes."""
        names = ("signed_on", "form_version", "language", "explained_by")
        return {name: self.cleaned_data[name] for name in names}


class VisitForm(EntryForm):
    """A planned visit: done on a day, or missed."""

    OUTCOMES = (
        (Visit.Status.DONE.value, Visit.Status.DONE.label),
        (Visit.Status.MISSED.value, Visit.Status.MISSED.label),
    )
    outcome = forms.ChoiceField(
        label=_("What became of the visit?"), choices=OUTCOMES, widget=forms.RadioSelect
    )
    done_on = DayField(
        label=_("When was it done?"), help_text=_("Leave empty for a visit that was missed")
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        done = self.cleaned_data.get("outcome") == Visit.Status.DONE
        day = self.cleaned_data.get("done_on")
        if done and not day and "done_on" not in self.errors:
            self.add_error("done_on", gettext("Enter the day of the visit"))
        if not done and day:
            self.add_error("done_on", gettext("A missed visit has no day: empty this"))
        return self.cleaned_data


class DispositionForm(EntryForm):
    """How a participation ends; only the ends that the table of states allows now are offered."""

    after = forms.ChoiceField(label=_("How did the participation end?"), widget=forms.RadioSelect)
    why = forms.CharField(
        label=_("Why?"),
        help_text=_("In the words of the record; never the patient’s name"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
    )

    def __init__(self, data: Any = None, *, participant: Participant) -> None:
        super().__init__(data)
        ends = [end for end in MOVES[State(participant.state)] if end in ENDED]
        cast(forms.ChoiceField, self.fields["after"]).choices = [
            (end.value, end.label) for end in ends
        ]
