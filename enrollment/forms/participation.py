"""Short forms: a pressed button, a signature, the end of a participation."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from enrollment.states import ENDED, MOVES, State
from oversight.forms import EntryForm


class PressForm(EntryForm):
    """A button that changes a record: pressed once, on the version that was shown."""

    record_version = forms.IntegerField(widget=forms.HiddenInput, required=False)


class SignForm(PressForm):
    """A button that signs: the password again (R15)."""

    password = forms.CharField(
        label=_("Your password"),
        help_text=_("Signing asks for it again, whoever is logged in"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
    )


class ReasonForm(EntryForm):
    """A decision with its reason."""

    why = forms.CharField(
        label=_("Why?"),
        help_text=_("In the words of the record; never the patient’s name"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
    )


class DispositionForm(ReasonForm):
    """How a participation or a screening ends: ``ends`` are those that are possible now.

    Withdrawn consent is not among them: it has a page of its own.
    """

    after = forms.ChoiceField(label=_("How did it end?"), widget=forms.RadioSelect)
    field_order = ("after", "why")

    def __init__(self, data: Any = None, *, ends: Iterable[State]) -> None:
        super().__init__(data)
        cast(forms.ChoiceField, self.fields["after"]).choices = [
            (end.value, end.label) for end in ends
        ]


def ends_of(state: str) -> list[State]:
    """The ends that a person may choose in ``state``."""
    return [end for end in MOVES[State(state)] if end in ENDED - {State.WITHDREW}]
