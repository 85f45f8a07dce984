"""What an investigator decided about a result."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from labs.models import Acknowledgement
from oversight.forms import CorrectionForm

_DECISION: Any = Acknowledgement._meta.get_field("decision")


class AcknowledgeForm(CorrectionForm):
    """Opened on one version of a result, like a correction; nothing of it is changed."""

    reason = None  # type: ignore[assignment]  # as Django takes an inherited field away

    decision = forms.CharField(
        label=_("What was decided?"),
        help_text=_("For example: ganciclovir held, count repeated tomorrow"),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=_DECISION.max_length,
    )
