"""What the laboratory types."""

from labs.forms.filters import ResultFilter
from labs.forms.plates import CytotoxicityForm
from labs.forms.specimen import SpecimenForm
from labs.forms.values import PcrForm, ResultCorrectionForm, SafetyForm, attempt_entry

__all__ = [
    "CytotoxicityForm",
    "PcrForm",
    "ResultCorrectionForm",
    "ResultFilter",
    "SafetyForm",
    "SpecimenForm",
    "attempt_entry",
]
