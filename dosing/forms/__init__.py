"""What is asked at the bedside and by whoever orders."""

from dosing.forms.decisions import KeepForm, WithdrawForm
from dosing.forms.doses import DoseForm, GiveForm
from dosing.forms.holds import HoldForm
from dosing.forms.observations import (
    ReactionCorrectionForm,
    ReactionForm,
    RetractForm,
    VitalSignsCorrectionForm,
    VitalSignsForm,
)
from dosing.forms.opening import order_form
from dosing.forms.orders import GanciclovirOrderForm, Il2OrderForm, OrderForm
from dosing.forms.unplanned import UnplannedForm, correction_form
from dosing.forms.weights import WeightCorrectionForm, WeightForm

__all__ = [
    "DoseForm",
    "GanciclovirOrderForm",
    "GiveForm",
    "HoldForm",
    "Il2OrderForm",
    "KeepForm",
    "OrderForm",
    "ReactionCorrectionForm",
    "ReactionForm",
    "RetractForm",
    "UnplannedForm",
    "VitalSignsCorrectionForm",
    "VitalSignsForm",
    "WeightCorrectionForm",
    "WeightForm",
    "WithdrawForm",
    "correction_form",
    "order_form",
]
