"""What the investigator orders for a simulated patient: what the label proposes."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from dosing.actions.orders import order_drug
from dosing.models import DrugChoice, Order
from dosing.proposals import proposal_for
from dosing.rules.orders import Phase
from enrollment.models import Participant
from simulation.people import Staff
from trial_site.protocol import current
from trial_site.protocol.definition import Frequency
from trial_site.roles import Role


def at(day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour, minute), timezone.get_default_timezone())


def order_drugs(participant: Participant, staff: Staff, day: dt.date, *, il2: bool) -> list[Order]:
    """Ganciclovir from eight o'clock of ``day`` on, and two hours later interleukin-2."""
    orders = [order_ganciclovir(participant, staff, at(day, 8))]
    if il2:
        orders.append(
            order_drug(
                participant,
                drug=DrugChoice.IL2,
                amount=current().il2.dose_miu,
                frequency=Frequency.EVERY_24_HOURS,
                starts_at=at(day, 10),
                by=staff[Role.INVESTIGATOR],
            )
        )
    return orders


def order_ganciclovir(participant: Participant, staff: Staff, starts_at: dt.datetime) -> Order:
    """Raises ``RuntimeError`` where nothing can be proposed."""
    proposal, steps = proposal_for(participant, phase=Phase.INDUCTION)
    if proposal is None:
        raise RuntimeError(f"No dose can be proposed: {steps}")
    return order_drug(
        participant,
        drug=DrugChoice.GANCICLOVIR,
        amount=proposal.mg,
        frequency=proposal.frequency,
        starts_at=starts_at,
        by=staff[Role.INVESTIGATOR],
    )
