"""The ledger of the stock: what each movement of vials adds to it.

The balance is never stored.  Entries of one lot are made one at a time, under a lock on its row,
and an entry that leaves the ledger below 0 leaves a discrepancy to be explained.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied

from dosing.models import Administration, Discrepancy, Lot, StockEntry
from dosing.stock import balances
from enrollment.models import Participant
from oversight.recording import ReasonRequired, recorded
from oversight.records import locked
from trial_site import clock
from trial_site.models import User

Kind = StockEntry.Kind


def dispense(administration: Administration, *, by: User) -> StockEntry | None:
    """Take the vials of a dose out of its lot; nothing without a lot or vials.

    Runs inside the caller's ``recorded``, which holds the participant: participant, then lot.
    """
    if administration.lot_id is None or not administration.vials:
        return None
    lot = locked_lots([administration.lot_id])[administration.lot_id]
    return enter(
        lot,
        Kind.DISPENSED,
        -administration.vials,
        by=by,
        at=administration.given_at,
        administration=administration,
        participant=administration.participant,
    )


def take_back(administration: Administration, *, by: User, why: str) -> list[StockEntry]:
    """Reverse what a dose took out of the stock and was not put back yet, if anything.

    Runs inside the caller's ``recorded``, as ``dispense`` does.  The lots that it comes from and
    the one it names now are locked together, so that two corrections never wait in a circle:
    name the new lot first.
    """
    if not why.strip():
        raise ReasonRequired(administration)
    entries = list(_dispensed(administration))
    if not entries:
        return []
    named = [administration.lot_id] if administration.lot_id else []
    lots = locked_lots([*(entry.lot_id for entry in entries), *named])
    return [put_back(lots[entry.lot_id], entry, by=by, why=why) for entry in entries]


def settle(administration: Administration, *, by: User, why: str) -> None:
    """Make the ledger agree with a dose that was corrected or retracted.

    Nothing where lot and vials are as they were dispensed.  Runs inside the caller's ``recorded``.
    """
    is_out = administration.retracted_at is None and administration.delivered
    vials = administration.vials or 0
    wanted = [(administration.lot_id, -vials)] if is_out and administration.lot_id and vials else []
    if [(entry.lot_id, entry.vials) for entry in _dispensed(administration)] == wanted:
        return
    take_back(administration, by=by, why=why)
    if wanted:
        dispense(administration, by=by)


def locked_lots(keys: Iterable[int]) -> dict[int, Lot]:
    """The rows of several lots, locked in the order of their primary keys."""
    rows = Lot.objects.filter(pk__in=set(keys)).order_by("pk").select_for_update(of=("self",))
    return {lot.pk: lot for lot in rows}


def locked_lot(lot: Lot, *, by: User, version: int | None = None) -> Lot:
    """The lot's row under a lock, if ``by`` works at its site.

    Raises ``PermissionDenied``: to other sites the lot does not exist; ``StaleRecord``.
    """
    try:
        found: Lot = locked(Lot.objects.visible_to(by).filter(pk=lot.pk), version=version)
    except Lot.DoesNotExist:
        raise PermissionDenied(f"{by} does not work at the site of this lot") from None
    return found


def enter(
    lot: Lot,
    kind: str,
    vials: int,
    *,
    by: User,
    at: dt.datetime | None = None,
    administration: Administration | None = None,
    participant: Participant | None = None,
    reverses: StockEntry | None = None,
    why: str = "",
) -> StockEntry:
    """Add one entry of ``vials`` (in above 0, out below) to a lot that the caller has locked.

    ``at`` is when they moved, now by default.  Vials that leave a ledger below 0 make a discrepancy
    unless one is open already, which has then to explain these as well.
    """
    with recorded(by=by):
        entry = StockEntry(
            site_id=lot.site_id,
            lot=lot,
            kind=kind,
            vials=vials,
            at=at or clock.now(),
            administration=administration,
            participant=participant,
            reverses=reverses,
            why=why.strip(),
            by=by,
        )
        entry.save()
        ledger = balances([lot])[lot.pk]
        if vials < 0 and ledger < 0 and not _is_open(lot):
            find_discrepancy(entry, Discrepancy.Kind.NEGATIVE, ledger=ledger)
        return entry


def put_back(lot: Lot, entry: StockEntry, *, by: User, why: str) -> StockEntry:
    """Reverse ``entry`` of a locked ``lot`` by an entry of its own."""
    return enter(
        lot,
        Kind.REVERSED,
        -entry.vials,
        by=by,
        administration=entry.administration,
        participant=entry.participant,
        reverses=entry,
        why=why,
    )


def find_discrepancy(
    entry: StockEntry, kind: str, *, ledger: int, counted: int | None = None
) -> Discrepancy:
    """Put down that ledger and shelf disagree at ``entry``, to be explained."""
    found = Discrepancy(
        site_id=entry.site_id,
        lot=entry.lot,
        entry=entry,
        kind=kind,
        ledger=ledger,
        counted=counted,
        found_at=clock.now(),
        found_by=entry.by,
    )
    found.save()
    return found


def _dispensed(administration: Administration) -> Iterable[StockEntry]:
    """What the dose took out of the stock and was not reversed."""
    rows = StockEntry.objects.filter(
        administration=administration, kind=Kind.DISPENSED, reversed_by=None
    )
    return rows.select_related("participant").order_by("pk")


def _is_open(lot: Lot) -> bool:
    """Whether a ledger below 0 waits for its explanation already."""
    kind = Discrepancy.Kind.NEGATIVE
    return bool(lot.discrepancies.filter(kind=kind, explained_at=None).exists())
