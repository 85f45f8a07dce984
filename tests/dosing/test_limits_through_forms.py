"""Each limit of DOMAIN 4 and 5 through the ward's form: below, at, above; asked, kept, recorded."""

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from dosing.models import Administration, Order
from tests import factories
from tests.dosing.conftest import Blood, at
from tests.dosing.test_views_bedside import Login, key
from trial_site.roles import Role

TEN_PERCENT = "away from"
UNUSUAL = "is unusual"


def recorded(client: Client, order: Order, slot: dt.datetime, **values: str) -> list[str]:
    """What was asked about a dose, which is recorded whatever it was; ``refused`` alone if not."""
    url = reverse("dosing:record", args=[order.pk, slot])
    form = key() | {"status": "given", "confirmed": "on"} | values
    if client.post(url, form).status_code != 302:
        return ["refused"]
    saved = Administration.objects.get(slot_at=slot, drug=order.drug)
    return [warning["text"] for warning in saved.warnings]


@pytest.mark.parametrize(
    ("amount", "asks"),
    [
        ("269.9", [TEN_PERCENT]),
        ("270", []),
        ("300", []),
        ("330", []),
        ("330.1", [TEN_PERCENT]),
        ("29.9", [UNUSUAL, TEN_PERCENT]),
        ("30", [TEN_PERCENT]),
        ("600", [TEN_PERCENT]),
        ("600.1", [UNUSUAL, TEN_PERCENT]),
        ("6000", [UNUSUAL, TEN_PERCENT]),
        ("6000.1", ["refused"]),
        ("0", ["refused"]),
        ("", ["refused"]),
    ],
)
def test_milligrams(order: Order, login: Login, amount: str, asks: list[str]) -> None:
    said = recorded(login(Role.NURSE), order, at(8), given_at="2026-03-18T08:05", amount=amount)
    assert len(said) == len(asks)
    assert all(part in text for part, text in zip(asks, said, strict=True))


@pytest.mark.parametrize(
    ("ended", "asks"),
    [("08:54", 1), ("08:55", 0), ("09:05", 0), ("09:35", 0), ("09:36", 1), ("", 0)],
)
def test_minutes_of_an_infusion(order: Order, login: Login, ended: str, asks: int) -> None:
    end = ended and f"2026-03-18T{ended}"
    values = {"given_at": "2026-03-18T08:05", "amount": "300", "ended_at": end}
    said = recorded(login(Role.NURSE), order, at(8), **values)
    assert len(said) == asks
    assert "refused" not in said


@pytest.mark.parametrize(("given_at", "asks"), [("15:59", 1), ("16:00", 0), ("16:01", 0)])
def test_eight_hours_between_infusions(
    order: Order, login: Login, given_at: str, asks: int
) -> None:
    factories.dose(order, at(8))
    with time_machine.travel(at(20, 30), tick=False):
        client = login(Role.NURSE)
        moment = f"2026-03-18T{given_at}"
        said = recorded(client, order, at(20), given_at=moment, amount="300")
    assert len(said) == asks
    assert "refused" not in said


@pytest.mark.parametrize(
    ("given_at", "asks"), [("01:59", 1), ("02:00", 0), ("08:00", 0), ("14:00", 0), ("14:01", 1)]
)
def test_eighteen_to_thirty_hours_between_injections(
    il2_order: Order, login: Login, given_at: str, asks: int
) -> None:
    factories.dose(il2_order, at(8), injection_site="arm_left")
    with time_machine.travel(at(15, day=19), tick=False):
        values = {"given_at": f"2026-03-19T{given_at}", "amount": "1"}
        client = login(Role.NURSE)
        said = recorded(client, il2_order, at(8, day=19), injection_site="arm_right", **values)
    assert len(said) == asks
    assert "refused" not in said


@pytest.mark.parametrize(
    ("amount", "asks"),
    [
        ("0.99", 1),
        ("1", 0),
        ("1.0", 0),
        ("1.01", 1),
        ("22", 1),
        ("22.01", ["refused"]),
        ("0", ["refused"]),
        ("", ["refused"]),
    ],
)
def test_million_iu(il2_order: Order, login: Login, amount: str, asks: int | list[str]) -> None:
    values = {"given_at": "2026-03-18T08:05", "amount": amount, "injection_site": "arm_left"}
    said = recorded(login(Role.NURSE), il2_order, at(8), **values)
    assert (said if isinstance(asks, list) else len(said)) == asks


@pytest.mark.parametrize(
    ("counts", "asks"),
    [
        ({"anc": "0.49"}, 1),
        ({"anc": "0.5"}, 0),
        ({"hemoglobin": "79.9"}, 1),
        ({"hemoglobin": "80"}, 0),
        ({"platelets": "24.9"}, 1),
        ({"platelets": "25"}, 0),
        ({}, 0),
    ],
)
def test_counts_that_hold(
    order: Order, login: Login, blood: Blood, counts: dict[str, str], asks: int
) -> None:
    if counts:
        blood(order.participant, **counts)
    values = {"given_at": "2026-03-18T08:05", "amount": "300"}
    said = recorded(login(Role.NURSE), order, at(8), **values)
    assert len(said) == asks
    assert "refused" not in said
