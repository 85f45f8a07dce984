"""What is asked at the bedside and by whoever orders."""

from dosing.forms.doses import DoseCorrectionForm, DoseForm, GiveForm, WithdrawForm
from dosing.forms.opening import order_form
from dosing.forms.orders import GanciclovirOrderForm, Il2OrderForm, OrderForm

__all__ = [
    "DoseCorrectionForm",
    "DoseForm",
    "GanciclovirOrderForm",
    "GiveForm",
    "Il2OrderForm",
    "OrderForm",
    "WithdrawForm",
    "order_form",
]
