"""Forms of the room: field shape and cross-field checks; domain types come out."""

from enrollment.forms.participation import ConsentForm, DispositionForm, PressForm, VisitForm
from enrollment.forms.screening import EditScreeningForm, NewScreeningForm, ScreeningForm

__all__ = [
    "ConsentForm",
    "DispositionForm",
    "EditScreeningForm",
    "NewScreeningForm",
    "PressForm",
    "ScreeningForm",
    "VisitForm",
]
