"""Decisions about the drugs: withdrawn, or kept although the clearance has changed."""

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from dosing.models import Withdrawal
from enrollment.forms.participation import ReasonForm, SignForm


class KeepForm(ReasonForm):
    """The order stays; ``band`` is the one whose computation was looked at."""

    band = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["why"].label = _("Why does the order stay as it is?")

    def show_band(self, band: str) -> None:
        """Let the next save be about the computation that is shown, should it have moved."""
        if self.is_bound:
            data = QueryDict(mutable=True)
            data.update(self.data)
            data["band"] = band
            self.data = data


class WithdrawForm(SignForm):
    """Why the drugs are withdrawn, and the investigator's signature (R15)."""

    why = forms.ChoiceField(
        label=_("Why are the drugs withdrawn?"),
        choices=Withdrawal.Reason.choices,
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("In your words"),
        help_text=_("Kept with the decision; never the patient’s name"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
    )
    field_order = ("why", "note", "password")
