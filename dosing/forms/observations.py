"""What is seen around a dose: vital signs, reactions, and taking an entry back."""

from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dosing.actions.vital_signs import Measured
from dosing.forms.fields import moment, number, offer
from dosing.models import Reaction, VitalSigns
from dosing.rules.reactions import Seen, grade_words
from oversight.forms import CorrectionForm, EntryForm
from trial_site.protocol import current

MOST_WHOLE = 9999  # longer than any vital sign; the protocol's limits say what cannot be


def whole(label: Any, unit: Any) -> forms.IntegerField:
    widget = forms.NumberInput(attrs={"inputmode": "numeric", "unit": unit})
    return forms.IntegerField(
        label=label, widget=widget, required=False, min_value=0, max_value=MOST_WHOLE
    )


class VitalSignsForm(EntryForm):
    """Vital signs before or after a dose; what was not measured stays empty."""

    timing = forms.ChoiceField(
        label=_("When, seen from the dose?"),
        choices=VitalSigns.Timing.choices,
        widget=forms.RadioSelect,
    )
    temperature = number(_("Temperature"), "°C", required=False)
    systolic = whole(_("Blood pressure, systolic"), "mmHg")
    diastolic = whole(_("Diastolic"), "mmHg")
    pulse = whole(_("Pulse"), _("/min"))
    spo2 = whole(_("Oxygen saturation"), "%")
    measured_at = moment(_("When was it measured?"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        codes = [sign.code for sign in current().safety.vital_signs]
        if not self.errors and all(cleaned.get(code) is None for code in codes):
            self.add_error(None, _("Enter at least one vital sign"))
        return cleaned

    def measured(self) -> Measured:
        """What was measured, for the action."""
        values = self.cleaned_data
        codes = [sign.code for sign in current().safety.vital_signs]
        signs = {code: values[code] for code in codes}
        return Measured(timing=values["timing"], at=values["measured_at"], **signs)


class VitalSignsCorrectionForm(VitalSignsForm, CorrectionForm):
    """The same, of what is recorded already."""

    @classmethod
    def of(cls, saved: VitalSigns, data: QueryDict | None) -> "VitalSignsCorrectionForm":
        names = ("timing", "temperature", "systolic", "diastolic", "pulse", "spo2", "measured_at")
        initial = {name: getattr(saved, name) for name in names}
        return cls(data, initial=initial | {"record_version": saved.version})


class ReactionForm(EntryForm):
    """One kind of reaction, with the criteria of its own grades."""

    grade = forms.TypedChoiceField(
        label=_("CTCAE grade"), coerce=int, widget=forms.RadioSelect, choices=()
    )
    diameter_mm = number(_("Diameter"), "mm", required=False)
    onset_at = moment(_("When did it begin?"))
    ended_at = moment(
        _("When did it end?"), required=False, help_text=_("Leave it open while it lasts")
    )
    note = forms.CharField(
        label=_("Note"), widget=forms.Textarea(attrs={"rows": 2}), required=False, max_length=500
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        rule = current().safety
        words = grade_words(kind, rule)
        offer(self, "grade", [(str(n), grade_label(n, words[n])) for n in sorted(words)])
        if not rule.reaction(kind).is_local:
            del self.fields["diameter_mm"]

    def clean_diameter_mm(self) -> Decimal | None:
        diameter: Decimal | None = self.cleaned_data["diameter_mm"]
        if diameter is not None and diameter <= 0:
            raise forms.ValidationError(_("A diameter is above 0 mm"))
        return diameter

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        onset, ended = cleaned.get("onset_at"), cleaned.get("ended_at")
        if onset and ended and ended < onset:
            self.add_error("ended_at", _("A reaction ends after it begins"))
        return cleaned

    def seen(self) -> Seen:
        """The reaction, for the action."""
        values = self.cleaned_data
        return Seen(
            kind=self.kind,
            grade=values["grade"],
            onset_at=values["onset_at"],
            ended_at=values["ended_at"],
            diameter_mm=values.get("diameter_mm"),
            note=values["note"].strip(),
        )


class ReactionCorrectionForm(ReactionForm, CorrectionForm):
    """The same, of what is recorded already."""

    @classmethod
    def of(cls, saved: Reaction, data: QueryDict | None) -> "ReactionCorrectionForm":
        names = ("grade", "diameter_mm", "onset_at", "ended_at", "note")
        initial = {name: getattr(saved, name) for name in names}
        return cls(data, kind=saved.kind, initial=initial | {"record_version": saved.version})


class RetractForm(CorrectionForm):
    """Why what was recorded was never so."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("What was wrong?")
        self.fields["reason"].help_text = _(
            "For example the wrong participant, or a dose that was never given"
        )

    @classmethod
    def of(cls, saved: Any, data: QueryDict | None) -> "RetractForm":
        return cls(data, initial={"record_version": saved.version})


def grade_label(grade: int, words: str) -> str:
    """``1 · Tenderness with or without redness or itching``."""
    return f"{grade} · {gettext(words)}"
