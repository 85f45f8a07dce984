"""The search of the audit trail."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from oversight.changes import model_name
from oversight.verification import tracked_models


def _kinds() -> list[tuple[str, Any]]:
    labels = [model._meta.label_lower for model in tracked_models()]
    return [("", _("Every kind")), *((label, model_name(label)) for label in labels)]


class AuditSearchForm(forms.Form):
    text = forms.CharField(label=_("Record or person"), required=False, max_length=60)
    model = forms.ChoiceField(label=_("Kind of record"), required=False, choices=_kinds)
    day = forms.DateField(
        label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def criteria(self) -> dict[str, Any]:
        """What to search for; what cannot be read is left out and marked at its field."""
        if self.is_bound:
            self.is_valid()
            return {name: value for name, value in self.cleaned_data.items() if value}
        return {}
