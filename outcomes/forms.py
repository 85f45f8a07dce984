"""What the investigator decides about samples."""

from typing import Any, cast

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outcomes.choices import Candidate
from oversight.forms import EntryForm

NONE, RULE = "none", "rule"


class SampleForm(EntryForm):
    """Which sample counts: one of the results, none, or the one that the rule chooses."""

    sample = forms.ChoiceField(label=_("Which sample counts?"), widget=forms.RadioSelect)
    why = forms.CharField(
        label=_("Why?"),
        help_text=_("Stands beside the value on every page and in the report"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
    )

    def __init__(self, *args: Any, candidates: list[Candidate], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["sample"])
        field.choices = [
            (RULE, gettext("What the protocol’s window chooses")),
            *((one.record, f"{one.collected} · {one.value.render(gettext)}") for one in candidates),
            (NONE, gettext("No sample counts")),
        ]

    @property
    def follows_rule(self) -> bool:
        return bool(self.cleaned_data["sample"] == RULE)

    @property
    def record(self) -> str:
        """The row that counts, empty for none."""
        chosen: str = self.cleaned_data["sample"]
        return "" if chosen == NONE else chosen
