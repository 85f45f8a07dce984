"""The form of an order: what it begins with, and the proposal behind it."""

import datetime as dt
from functools import partial
from typing import Any

from django.http import QueryDict

from dosing.forms.orders import GanciclovirOrderForm, Il2OrderForm, OrderForm
from dosing.models import DrugChoice
from dosing.proposals import proposal_for
from dosing.rules.orders import Phase
from dosing.selectors import open_order
from enrollment.models import Participant
from trial_site import clock

PROPOSE = "propose"  # the button that works the proposal out anew and orders nothing


def order_form(participant: Participant, drug: str, data: QueryDict | None) -> OrderForm:
    """The form for ``drug``; sent with ``PROPOSE`` it is not bound and keeps what was typed."""
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    initial: dict[str, Any] = {"starts_at": hour + dt.timedelta(hours=1)}
    replaces = open_order(participant, drug)
    if drug == DrugChoice.IL2:
        return Il2OrderForm(data, replaces=replaces, initial=initial)
    initial["phase"] = (replaces and replaces.phase) or Phase.INDUCTION
    if data is not None and PROPOSE in data:
        initial, data = {**initial, **data.dict()}, None
    return GanciclovirOrderForm(
        data, replaces=replaces, initial=initial, propose=partial(proposal_for, participant)
    )
