"""Lots in stock, as tests need them."""

import datetime as dt
from decimal import Decimal
from typing import Any

from dosing.actions.ledger import settle
from dosing.actions.lots import receive_lot
from dosing.actions.movements import move_vials
from dosing.models import Administration, DrugChoice, Lot, Order, StockEntry
from dosing.rules.vials import LotFacts
from enrollment.actions.locks import locked_participant
from oversight.recording import recorded
from tests import factories
from trial_site import clock
from trial_site.models import Site, User
from trial_site.roles import Role

GANCICLOVIR = {
    "product": "Cymevene, Roche",
    "number": "GCV-2601",
    "content": Decimal(500),
    "expires_on": dt.date(2027, 3, 31),
    "storage": "Below 25 °C",
}
IL2 = {
    "product": "rhIL-2, Sihuan",
    "number": "IL-0417",
    "content": Decimal(1),
    "expires_on": dt.date(2026, 12, 31),
    "storage": "2–8 °C",
    "diluent_ml": Decimal("1.0"),
}


def facts(drug: str = DrugChoice.GANCICLOVIR, **changes: Any) -> LotFacts:
    values: dict[str, Any] = IL2 if drug == DrugChoice.IL2 else GANCICLOVIR
    return LotFacts(**values | changes)


def nurse_of(site: Site) -> User:
    return factories.user(Role.NURSE, site)


def lot(site: Site, drug: str = DrugChoice.GANCICLOVIR, *, vials: int = 20, **changes: Any) -> Lot:
    """A lot of the site, received now by its nurse."""
    return receive_lot(
        site,
        drug=drug,
        facts=facts(drug, **changes),
        vials=vials,
        at=clock.now(),
        by=nurse_of(site),
    )


def move(lot: Lot, kind: str, vials: int, **changes: Any) -> StockEntry:
    values: dict[str, Any] = {"at": clock.now(), "why": "As the test needs it"} | changes
    return move_vials(lot, kind=kind, vials=vials, by=nurse_of(lot.site), **values)


def from_lot(order: Order, slot_at: dt.datetime, lot: Lot, vials: int = 1) -> Administration:
    """A dose recorded at ``slot_at`` as ordered, of this lot, which the ledger dispensed."""
    dose = factories.dose(order, slot_at)
    return take_from(dose, lot, vials, by=nurse_of(lot.site))


def take_from(dose: Administration, lot: Lot, vials: int = 1, *, by: User) -> Administration:
    """Say of which lot a dose was, as its correction does: participant first, then the lot."""
    with recorded(by=by, reason="The lot of the dose"):
        locked_participant(dose.participant, by=by)
        dose = Administration.objects.get(pk=dose.pk)
        dose.lot, dose.vials = lot, vials
        dose.save()
        settle(dose, by=by, why="The lot of the dose")
    return dose
