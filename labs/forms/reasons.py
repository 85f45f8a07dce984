"""A saved record becomes final, in error, or the run that counts, by nothing but a reason."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from labs.models import CytotoxicityAssay, Result
from oversight.forms import CorrectionForm


def _reason(label: Any, help_text: Any, *, most: int = 500) -> forms.CharField:
    words = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=label, help_text=help_text, widget=words, max_length=most)


class ReasonForm(CorrectionForm):
    """The reason, and the version that the form was opened on."""

    def __init__(self, *args: Any, record: Result | CytotoxicityAssay, **kwargs: Any) -> None:
        super().__init__(*args, initial={"record_version": record.version}, **kwargs)


class InErrorForm(ReasonForm):
    reason = _reason(
        _("Why was it entered in error?"),
        _("For example: another participant’s tube. Kept with the values"),
    )


class FinaliseForm(ReasonForm):
    reason = _reason(
        _("How was it confirmed?"), _("For example: the laboratory’s final report of today")
    )


class ChooseRunForm(ReasonForm):
    reason = _reason(
        _("Why does this run count?"), _("Shown with every run of the specimen"), most=200
    )
