"""Vials that people move and count, and what they explain or take back."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from dosing.actions.ledger import Kind, enter, find_discrepancy, locked_lot, put_back
from dosing.models import Discrepancy, Lot, StockEntry
from dosing.permissions import EXPLAIN, KEEP_STOCK
from dosing.rules.vials import is_expired
from dosing.stock import balances, last_entry, out_with
from enrollment.models import Participant
from oversight.recording import ReasonRequired, recorded
from oversight.records import locked
from oversight.refusals import NeedsConfirmation, Refused
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

INWARD = (Kind.RECEIVED, Kind.RETURNED)
OUTWARD = (Kind.WASTED, Kind.SENT_BACK)
RECALLED = Message(gettext_noop("This lot is recalled"))
EXPIRED = Message(gettext_noop("The last day of use of this lot has passed"))
Questions = list[tuple[str, Message]]


def move_vials(
    lot: Lot,
    *,
    kind: str,
    vials: int,
    at: dt.datetime,
    by: User,
    participant: Participant | None = None,
    why: str = "",
    confirmed: bool = True,
    key: UUID | None = None,
) -> StockEntry:
    """Receive more of a lot, take vials back from the ward, waste some, or send some back.

    ``vials`` is a whole number above 0, whichever way they go; ``at`` is when.  ``participant`` is
    who returned them, if not the ward.  Wasting takes a ``why``.  Taking out more than the ledger
    has is recorded, and leaves a discrepancy.  Raises ``Refused``, ``NeedsConfirmation`` unless
    ``confirmed``, ``ReasonRequired``, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    KEEP_STOCK.check(by)
    if kind not in (*INWARD, *OUTWARD):
        raise ValueError(f"{kind} is not entered by hand")
    _check_move(kind, vials, at, why)
    with recorded(by=by, key=key):
        lot = locked_lot(lot, by=by)
        if participant is not None and participant.site_id != lot.site_id:
            raise Refused(Message(gettext_noop("This participant belongs to another site")))
        questions = _questions(lot, kind, vials, participant)
        if questions and not confirmed:
            raise NeedsConfirmation(questions)
        signed = vials if kind in INWARD else -vials
        return enter(lot, kind, signed, by=by, at=at, participant=participant, why=why)


def _check_move(kind: str, vials: int, at: dt.datetime, why: str) -> None:
    if vials < 1:
        raise Refused(Message(gettext_noop("Enter how many vials")))
    if at > clock.now():
        raise Refused(Message(gettext_noop("This moment lies in the future")))
    if kind == Kind.WASTED and not why.strip():
        raise Refused(Message(gettext_noop("Say why the vials are wasted")))


def _questions(lot: Lot, kind: str, vials: int, participant: Participant | None) -> Questions:
    """What is asked before it is saved; nothing here forbids it."""
    found: list[Message] = []
    if kind == Kind.RECEIVED and lot.recalled_at:
        found.append(RECALLED)
    if kind == Kind.RECEIVED and is_expired(lot.expires_on, clock.today()):
        found.append(EXPIRED)
    if kind == Kind.RETURNED and vials > (left := out_with(lot, participant)):
        text = gettext_noop("Vials of this lot out there by the ledger: %(vials)s.")
        found.append(Message(text, {"vials": str(left)}))
    if kind in OUTWARD and vials > (left := balances([lot])[lot.pk]):
        text = gettext_noop("Vials of this lot by the ledger: %(vials)s.")
        found.append(Message(text, {"vials": str(left)}))
    return [("vials", message) for message in found]


def count_lot(
    lot: Lot,
    *,
    counted: int,
    by: User,
    seen: int | None = None,
    why: str = "",
    confirmed: bool = True,
    key: UUID | None = None,
) -> StockEntry:
    """Count the vials of a lot on the shelf, now; a difference becomes an entry and a discrepancy.

    ``seen`` is the last entry (primary key, 0 for none) when the count began: vials that moved
    since are asked about.  Raises ``Refused`` for less than 0, ``NeedsConfirmation`` unless
    ``confirmed``, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    KEEP_STOCK.check(by)
    if counted < 0:
        raise Refused(Message(gettext_noop("Enter how many vials were counted")))
    with recorded(by=by, key=key):
        lot = locked_lot(lot, by=by)
        ledger = balances([lot])[lot.pk]
        questions = _doubts(lot, counted, ledger, seen)
        if questions and not confirmed:
            raise NeedsConfirmation(questions)
        entry = enter(lot, Kind.COUNTED, counted - ledger, by=by, why=why)
        if counted != ledger:
            kind = Discrepancy.Kind.COUNT
            find_discrepancy(entry, kind, ledger=ledger, counted=counted)
        return entry


def _doubts(lot: Lot, counted: int, ledger: int, seen: int | None) -> Questions:
    found: list[Message] = []
    if seen is not None and last_entry(lot) != seen:
        found.append(Message(gettext_noop("Vials moved since the count began: count again.")))
    if counted != ledger:
        text = gettext_noop("By the ledger %(ledger)s, counted %(counted)s.")
        found.append(Message(text, {"ledger": str(ledger), "counted": str(counted)}))
    return [("counted", message) for message in found]


def reverse_entry(entry: StockEntry, *, why: str, by: User, key: UUID | None = None) -> StockEntry:
    """Take back an entry that was made wrongly, by an entry of its own.

    A discrepancy that it had found and that nobody explained yet is explained by ``why``.  What a
    dose took out follows the dose and is refused here, as is what is reversed already or reverses.
    Raises ``Refused``, ``ReasonRequired``, ``AlreadyRecorded``, ``PermissionDenied``.
    """
    KEEP_STOCK.check(by)
    if not why.strip():
        raise ReasonRequired(entry)
    with recorded(by=by, reason=why.strip(), key=key):
        lot = locked_lot(entry.lot, by=by)
        if refusal := reversal_refusal(entry):
            raise Refused(refusal)
        made = put_back(lot, entry, by=by, why=why)
        for found in Discrepancy.objects.filter(entry=entry, explained_at=None):
            _explain(found, why, by)
        return made


def reversal_refusal(entry: StockEntry) -> Message | None:
    """Why ``entry`` cannot be reversed by hand, if it cannot."""
    if entry.kind == Kind.DISPENSED or entry.administration_id is not None:
        return Message(gettext_noop("It belongs to a dose: correct the dose instead"))
    if entry.kind == Kind.REVERSED:
        return Message(gettext_noop("This entry reverses another one"))
    if StockEntry.objects.filter(reverses=entry).exists():
        return Message(gettext_noop("This entry is reversed already"))
    return None


def explain_discrepancy(
    discrepancy: Discrepancy,
    *,
    explanation: str,
    version: int,
    by: User,
    key: UUID | None = None,
) -> Discrepancy:
    """Say how ledger and shelf came to disagree.

    Raises ``Refused`` without words or where it is explained already, ``StaleRecord``,
    ``AlreadyRecorded``, ``PermissionDenied``.
    """
    EXPLAIN.check(by)
    if not explanation.strip():
        raise Refused(Message(gettext_noop("Explain the difference")))
    with recorded(by=by, reason=explanation.strip(), key=key):
        locked_lot(discrepancy.lot, by=by)
        found: Discrepancy = locked(Discrepancy.objects.filter(pk=discrepancy.pk), version=version)
        if found.explained_at is not None:
            raise Refused(Message(gettext_noop("This discrepancy is explained already")))
        _explain(found, explanation, by)
        return found


def _explain(found: Discrepancy, explanation: str, by: User) -> None:
    found.explanation = explanation.strip()
    found.explained_at = clock.now()
    found.explained_by = by
    found.save()
