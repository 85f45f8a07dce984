"""The form of an order: what it begins with, and the proposal behind it."""

import datetime as dt
from functools import partial

from django.http import QueryDict

from dosing.forms import GanciclovirOrderForm, Il2OrderForm, OrderForm
from dosing.models import DrugChoice
from dosing.proposals import proposal_for
from dosing.rules.orders import Phase
from dosing.selectors import open_order
from enrollment.models import Participant
from trial_site import clock

PROPOSE = "propose"  # the button that works the proposal out anew and orders nothing


def order_form(participant: Participant, drug: str, data: QueryDict | None) -> OrderForm:
    """The form for ``drug``; sent with ``PROPOSE`` it is not bound and keeps what was typed."""
    asks = data is not None and PROPOSE in data
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    options = {
        "data": None if asks else data,
        "replaces": open_order(participant, drug),
        "initial": {"starts_at": hour + dt.timedelta(hours=1)},
    }
    if drug == DrugChoice.IL2:
        return Il2OrderForm(**options)
    options["initial"] |= {
        "phase": Phase.INDUCTION,
        "weight_kg": participant.screening.answers.weight_kg,
    }
    if asks and data is not None:
        options["initial"] |= data.dict()
    return GanciclovirOrderForm(propose=partial(proposal_for, participant), **options)
