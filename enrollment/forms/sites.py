"""Forms of a site: its ethics approval, and its recruitment target."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.forms.fields import column_field
from enrollment.models import SiteApproval
from oversight.forms import CorrectionForm, EntryForm
from trial_site.protocol import VERSIONS, current

APPROVAL_FIELDS = ("number", "approved_on", "expires_on", "protocol_version")


def _day(label: Any, **kwargs: Any) -> forms.DateField:
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "num"})
    return forms.DateField(label=label, widget=widget, **kwargs)


class ApprovalForm(EntryForm):
    number = column_field(SiteApproval, "number", label=_("Number of the approval"))
    approved_on = _day(_("Approved on"))
    expires_on = _day(_("Expires on"), help_text=_("The last day on which it is valid"))
    protocol_version = forms.ChoiceField(label=_("Protocol version"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["protocol_version"]
        field.choices = [(version, version) for version in VERSIONS]
        field.initial = current().version

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        approved, expires = data.get("approved_on"), data.get("expires_on")
        if approved and expires and expires < approved:
            self.add_error("expires_on", gettext("An approval expires after it is given"))
        return data

    @property
    def answers(self) -> dict[str, Any]:
        """What the action takes."""
        return {name: self.cleaned_data[name] for name in APPROVAL_FIELDS}


class CorrectApprovalForm(ApprovalForm, CorrectionForm):
    """An approval as it should read, and why."""


class TargetForm(EntryForm):
    participants = forms.IntegerField(label=_("Participants to allocate"), min_value=1)
    starts_on = _day(_("Recruitment starts"))
    ends_on = _day(_("Recruitment ends"))
    reason = forms.CharField(
        label=_("Why is the target changed?"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
    )

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        starts, ends = data.get("starts_on"), data.get("ends_on")
        if starts and ends and ends <= starts:
            self.add_error("ends_on", gettext("Recruitment ends after it starts"))
        return data

    @property
    def answers(self) -> dict[str, Any]:
        """What the action takes."""
        return {
            "participants": self.cleaned_data["participants"],
            "starts_on": self.cleaned_data["starts_on"],
            "ends_on": self.cleaned_data["ends_on"],
            "reason": self.cleaned_data.get("reason", ""),
        }
