"""The simulated pharmacy: what arrives before the first patient, and a count at the end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from dosing.actions.lots import receive_lot
from dosing.actions.movements import count_lot, explain_discrepancy, move_vials
from dosing.models import Discrepancy, DrugChoice, Lot, StockEntry
from dosing.rules.vials import LotFacts
from dosing.stock import balances
from trial_site import clock
from trial_site.models import Site, User

LASTS_DAYS = 600
VIALS_EACH = 80  # for one participant, rescue treatment included
SHELF = {
    DrugChoice.GANCICLOVIR: LotFacts(
        product="Ganciclovir for injection",
        number="GCV-2107",
        content=Decimal(500),
        diluent_ml=Decimal(10),
        expires_on=dt.date.max,
        storage="Below 25 °C",
    ),
    DrugChoice.IL2: LotFacts(
        product="Recombinant human interleukin-2",
        number="IL2-0412",
        content=Decimal(1),
        diluent_ml=Decimal(1),
        expires_on=dt.date.max,
        storage="2–8 °C",
    ),
}


def stocked(site: Site, participants: int, by: User) -> Mapping[str, Lot]:
    """One lot of each drug, received now, enough for everybody; what is there already stays."""
    found = {lot.drug: lot for lot in Lot.objects.filter(site=site)}
    for drug, label in SHELF.items():
        if drug not in found:
            found[drug] = _received(site, drug, label, VIALS_EACH * participants, by)
    return found


def _received(site: Site, drug: str, label: LotFacts, vials: int, by: User) -> Lot:
    facts = replace(label, expires_on=clock.today() + dt.timedelta(days=LASTS_DAYS))
    return receive_lot(site, drug=drug, facts=facts, vials=vials, at=clock.now(), by=by)


def count_shelf(lots: Mapping[str, Lot], by: User) -> None:
    """A broken vial is wasted, and a count finds one missing, which is explained."""
    ganciclovir = lots[DrugChoice.GANCICLOVIR]
    wasted = StockEntry.Kind.WASTED
    move_vials(ganciclovir, kind=wasted, vials=1, at=clock.now(), why="Broken", by=by)
    for drug, lot in sorted(lots.items()):
        entry = count_lot(lot, counted=_on_shelf(lot, drug), by=by)
        for found in Discrepancy.objects.filter(entry=entry):
            explain_discrepancy(
                found,
                explanation="Drawn up for a dose that was refused at the bedside, then thrown away",
                version=found.version,
                by=by,
            )


def _on_shelf(lot: Lot, drug: str) -> int:
    """What the ledger says, less one vial of interleukin-2."""
    ledger = balances([lot])[lot.pk]
    return ledger - 1 if drug == DrugChoice.IL2 and ledger else ledger
