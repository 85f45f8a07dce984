"""A body weight, and its correction."""

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from dosing.forms.fields import moment, number
from dosing.models import BodyWeight
from oversight.forms import CorrectionForm, EntryForm


class WeightForm(EntryForm):
    kg = number(_("Body weight"), "kg")
    measured_at = moment(_("When was it measured?"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirmed"].label = _("Yes, this is right")

    def values(self) -> dict[str, Any]:
        """What ``record_weight`` takes from this form."""
        named = ("kg", "measured_at", "confirmed")
        return {name: self.cleaned_data[name] for name in named} | {"key": self.key}


class WeightCorrectionForm(WeightForm, CorrectionForm):
    """The same, of a weight that is recorded already."""

    @classmethod
    def of(cls, saved: BodyWeight, data: QueryDict | None) -> "WeightCorrectionForm":
        """The form as it begins: what is saved, and the version that is corrected."""
        initial = {"kg": saved.kg, "measured_at": saved.measured_at}
        return cls(data, initial=initial | {"record_version": saved.version})

    def values(self) -> dict[str, Any]:
        """What ``correct_weight`` takes from this form."""
        return super().values() | {
            "reason": self.cleaned_data["reason"],
            "version": self.cleaned_data["record_version"],
        }
