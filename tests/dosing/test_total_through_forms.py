"""DOMAIN 4's example through the ward's own pages: 60 kg, 300 mg q12h x 14 d, 7,980 mg."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dosing.models import Administration, Order
from dosing.rules.totals import DeliveredDose, Delivery, total_dose
from enrollment.models import Participant
from tests import factories
from tests.dosing.conftest import at
from trial_site.roles import Role

MISSED, STOPPED = 9, 17  # of the 28


def record(client: Client, order: Order, slot: dt.datetime, number: int) -> None:
    url = reverse(
        "dosing:record" if number in {MISSED, STOPPED} else "dosing:give", args=[order.pk, slot]
    )
    form = {"entry_key": str(uuid4())}
    if number == MISSED:
        form |= {"status": "not_given", "why": "absent"}
    if number == STOPPED:
        form |= {
            "status": "partial",
            "given_at": f"{slot:%Y-%m-%dT%H:%M}",
            "volume_ml": "60",
            "of_ml": "100",
            "why": "adverse_event",
        }
    assert client.post(url, form).headers["Location"].startswith("/dosing/")


@pytest.mark.requirement("R10")
def test_26_whole_doses_one_missed_and_one_stopped_at_60_percent(
    order: Order,
) -> None:
    nurse = factories.user(Role.NURSE, order.participant.site)
    slots = [at(8) + dt.timedelta(hours=12 * number) for number in range(28)]
    for number, slot in enumerate(slots):
        with time_machine.travel(slot + dt.timedelta(minutes=5), tick=False):
            client = Client()  # a session ends long before the next dose
            client.force_login(nurse)
            record(client, order, slot, number)
    participant = Participant.objects.get(pk=order.participant_id)
    doses = [
        DeliveredDose(row.given_at or row.slot_at, row.amount, Delivery(row.status), row.course)
        for row in Administration.objects.in_force().filter(participant=participant)
    ]
    total = total_dose(doses, day0=participant.day0_at, withdrawal=None, weight_kg=Decimal(60))
    assert (total.full, total.partial, total.missed) == (26, 1, 1)
    assert (total.mg, total.mg_per_kg) == (Decimal(7980), Fraction(133))
    assert not any(row.warnings for row in Administration.objects.all())
