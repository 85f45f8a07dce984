"""The site's stock as it is read: balances, lots that may be used, a lot by what was scanned."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Max, Q, Sum

from dosing.models import Lot, StockEntry
from dosing.rules import vials
from dosing.rules.scanned import Unreadable, read_scan
from enrollment.models import Participant
from trial_site import clock
from trial_site.models import Site

_WARD = (StockEntry.Kind.DISPENSED, StockEntry.Kind.RETURNED)  # to the ward, and back from it


@dataclass(frozen=True)
class LotStock:
    """A lot and the whole vials that the ledger has of it."""

    lot: Lot
    balance: int


def balances(lots: Iterable[Lot]) -> dict[int, int]:
    """The vials of each lot by the ledger, by primary key, in one query; 0 without an entry."""
    keys = [lot.pk for lot in lots]
    sums = StockEntry.objects.filter(lot__in=keys).order_by().values_list("lot")
    return dict.fromkeys(keys, 0) | dict(sums.annotate(Sum("vials")))


def last_entry(lot: Lot) -> int:
    """The last entry of a lot (primary key), 0 without one: whether its ledger moved since."""
    return int(lot.entries.aggregate(last=Max("pk"))["last"] or 0)


def out_with(lot: Lot, participant: Participant | None = None) -> int:
    """The vials of a lot that left for doses and were not returned, by the ledger.

    Of all, or of what went to and came from one participant.
    """
    moved = Q(kind__in=_WARD) | Q(reverses__kind__in=_WARD)
    entries = lot.entries.filter(moved)
    if participant is not None:
        entries = entries.filter(participant=participant)
    return -int(entries.aggregate(vials=Sum("vials"))["vials"] or 0)


def usable_lots(site: Site | int, drug: str, on: dt.date) -> list[LotStock]:
    """The lots of ``drug`` to give on the day ``on``, the first to expire first.

    Neither recalled nor expired, and by the ledger not used up.  What was given from another lot
    all the same is recorded by its number (``find_lot``).
    """
    lots = list(Lot.objects.filter(site=site, drug=drug, recalled_at=None, expires_on__gte=on))
    left = balances(lots)
    lots.sort(key=lambda lot: (lot.expires_on, lot.number))
    return [LotStock(lot, left[lot.pk]) for lot in lots if left[lot.pk] > 0]


def find_lot(site: Site | int, drug: str, typed: str) -> Lot | None:
    """The site's lot of ``drug`` that was typed or scanned, used up, expired or recalled too.

    Capitals make no difference unless two lots differ in nothing else.  ``None`` for one that is
    not in stock and for a code that cannot be read.
    """
    try:
        number = read_scan(typed, on=clock.today()).lot
    except Unreadable:
        return None
    if not number:
        return None
    found = list(Lot.objects.filter(site=site, drug=drug, number__iexact=number))
    exact = [lot for lot in found if lot.number == number]
    return next(iter(exact or (found if len(found) == 1 else [])), None)


def expected_vials(amount: Decimal, lot: Lot) -> int:
    """The whole vials of ``lot`` that ``amount`` (in its unit) takes."""
    return vials.expected_vials(amount, lot.content)
