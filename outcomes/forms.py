"""What the investigator decides about samples, what anybody says about a flag, and data cuts."""

from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from enrollment.forms.fields import DayField
from enrollment.forms.participation import ReasonForm, SignForm
from outcomes.choices import Candidate
from outcomes.follow_up import OpenFlag
from outcomes.rules.attention import last_snooze
from oversight.forms import EntryForm
from trial_site import clock

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


class FlagAnswerForm(EntryForm):
    """What somebody says about flags: that they are known, or when to ask again.

    ``versions`` are the flags as they were seen: ``12:1 13:2``.
    """

    ACKNOWLEDGE, SNOOZE, AGAIN = "acknowledge", "snooze", "again"

    versions = forms.CharField(widget=forms.HiddenInput)
    answer = forms.ChoiceField(label=_("What about it?"), widget=forms.RadioSelect)
    until = forms.DateField(
        label=_("Snoozed until"),
        help_text=_("Only where it is snoozed"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "num"}),
        required=False,
    )
    why = forms.CharField(
        label=_("Why?"),
        help_text=_("Stands beside the flag; never the patient’s name"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
    )

    def __init__(self, data: Any = None, *, row: OpenFlag) -> None:
        shown = " ".join(f"{key}:{version}" for key, version in row.versions.items())
        super().__init__(data, initial={"versions": shown})
        self._shown = shown
        last = last_snooze(row.kind, row.window_closes, clock.today())
        choices = [(self.ACKNOWLEDGE, gettext("Acknowledge: it is known and stays in the list"))]
        if last:
            words = gettext("Snooze: off the worklists until a day, %(last)s at the latest")
            choices.append((self.SNOOZE, words % {"last": last.isoformat()}))
        if row.is_quiet:
            choices.append((self.AGAIN, gettext("Ask again: back onto the worklists")))
        cast(forms.ChoiceField, self.fields["answer"]).choices = choices
        if not last:
            del self.fields["until"]

    def clean_versions(self) -> dict[int, int]:
        try:
            pairs = (pair.split(":") for pair in self.cleaned_data["versions"].split())
            return {int(key): int(version) for key, version in pairs}
        except ValueError:
            raise forms.ValidationError(gettext("Open this page again")) from None

    def clean(self) -> dict[str, Any]:
        super().clean()
        snoozed, day = (
            self.cleaned_data.get("answer") == self.SNOOZE,
            self.cleaned_data.get("until"),
        )
        if snoozed and not day and "until" not in self.errors:
            self.add_error("until", gettext("Enter a day"))
        if not snoozed and day:
            self.add_error("until", gettext("Only what is snoozed has a day: empty this"))
        return self.cleaned_data

    def take_up(self) -> None:
        """After a refusal: the flags as they are now, so that the answer can be given again."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data[self.add_prefix("versions")] = self._shown
        self.data = data


class FreezeForm(SignForm):
    """The end of which day is frozen, what the cut is called, and the password."""

    day = DayField(required=True, widget=forms.HiddenInput)
    title = forms.CharField(
        label=_("Title"),
        help_text=_("What the data cut is for, such as “Interim analysis”"),
        max_length=80,
    )
    field_order = ("day", "title", "password")


class WithdrawCutForm(ReasonForm, SignForm):
    """Why a cut is not to be used, and the password."""

    field_order = ("why", "password")
