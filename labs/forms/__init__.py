"""What the laboratory types."""

from labs.forms.corrections import ResultCorrectionForm
from labs.forms.cytometer import CytometerFileForm
from labs.forms.elisa import ElisaForm
from labs.forms.filters import ResultFilter
from labs.forms.flow import FlowForm
from labs.forms.imports import ConfirmForm, DiscardForm, FileForm
from labs.forms.mapping import MappingForm
from labs.forms.panels import PcrForm, SafetyForm
from labs.forms.plates import CytotoxicityForm, PlateCorrectionForm, PlateForm, RepeatRunForm
from labs.forms.reasons import ChooseRunForm, FinaliseForm, InErrorForm, ReasonForm
from labs.forms.run import RunForm, attempt_run
from labs.forms.specimen import SpecimenForm
from labs.forms.values import attempt_entry

__all__ = [
    "ChooseRunForm",
    "ConfirmForm",
    "CytometerFileForm",
    "CytotoxicityForm",
    "DiscardForm",
    "ElisaForm",
    "FileForm",
    "FinaliseForm",
    "FlowForm",
    "InErrorForm",
    "MappingForm",
    "PcrForm",
    "PlateCorrectionForm",
    "PlateForm",
    "ReasonForm",
    "RepeatRunForm",
    "ResultCorrectionForm",
    "ResultFilter",
    "RunForm",
    "SafetyForm",
    "SpecimenForm",
    "attempt_entry",
    "attempt_run",
]
