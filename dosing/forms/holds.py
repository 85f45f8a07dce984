"""Why a drug is held: a result of the participant's own, or words."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dosing.forms.fields import offer
from dosing.models import Hold
from dosing.wording import result_text
from labs.models import Result
from oversight.forms import EntryForm


class HoldForm(EntryForm):
    """``results`` are those that can be the cause; without any, none is offered."""

    why = forms.ChoiceField(label=_("Why is the drug held?"), widget=forms.RadioSelect)
    result = forms.ChoiceField(
        label=_("Which result?"),
        help_text=_("Only if a laboratory result is the reason"),
        widget=forms.RadioSelect,
        required=False,
    )
    note = forms.CharField(
        label=_("Explanation"),
        help_text=_(
            "Shown at the bedside; needed unless a result says it. Never the patient’s name"
        ),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
        required=False,
    )

    def __init__(self, *args: Any, results: Iterable[Result], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.results = {str(row.pk): row for row in results}
        reasons = Hold.Reason.choices if self.results else Hold.Reason.choices[1:]
        offer(self, "why", reasons)
        named = [(pk, result_text(row).render(gettext)) for pk, row in self.results.items()]
        offer(self, "result", named)
        if not self.results:
            del self.fields["result"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        by_result = cleaned.get("why") == Hold.Reason.RESULT
        if by_result and not cleaned.get("result") and "result" not in self.errors:
            self.add_error("result", _("Choose the result that caused the hold"))
        if cleaned.get("why") and not by_result and not cleaned.get("note", "").strip():
            self.add_error("note", _("Say why the drug is held"))
        return cleaned

    def values(self) -> dict[str, Any]:
        """What ``hold_drug`` takes from this form."""
        chosen = self.cleaned_data.get("result")
        return {
            "why": self.cleaned_data["why"],
            "result": self.results[chosen] if chosen else None,
            "note": self.cleaned_data["note"],
            "key": self.key,
        }
