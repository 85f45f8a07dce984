"""Lots as pages read them: how each stands, its ledger line by line, and who received it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from django.db.models import Count, Q, QuerySet

from dosing.models import Administration, Discrepancy, Lot, StockEntry
from dosing.rules.scanned import read_scan
from dosing.rules.vials import LotState, lot_state
from dosing.stock import balances
from dosing.wording import dose_text, drug_name
from enrollment.models import Participant
from trial_site import clock
from trial_site.messages import Message
from trial_site.models import User
from trial_site.protocol.definition import gettext_noop

# How a lot stands: the kind of its badge, and the word in it.
BADGES = {
    LotState.RECALLED: ("blocked", gettext_noop("Recalled")),
    LotState.EXPIRED: ("late", gettext_noop("Expired")),
    LotState.EXPIRES_SOON: ("due", gettext_noop("Expires soon")),
    LotState.USABLE: ("met", gettext_noop("In use")),
}
USED_UP = ("done", gettext_noop("Used up"))


@dataclass(frozen=True)
class LotLine:
    """A lot with its balance by the ledger and the discrepancies that nobody explained yet."""

    lot: Lot
    balance: int
    open_discrepancies: int
    today: dt.date

    @property
    def state(self) -> LotState:
        lot = self.lot
        return lot_state(lot.expires_on, on=self.today, is_recalled=lot.recalled_at is not None)

    @property
    def badge(self) -> tuple[str, str]:
        """An empty lot is no longer looked after, unless it is recalled."""
        is_gone = self.balance == 0 and self.state is not LotState.RECALLED
        return USED_UP if is_gone else BADGES[self.state]

    @property
    def drug(self) -> Message:
        return drug_name(self.lot.drug)

    @property
    def content(self) -> Message:
        return dose_text(self.lot.content, self.lot.unit)

    @property
    def is_worth_a_look(self) -> bool:
        return self.balance != 0 or self.open_discrepancies > 0 or self.state is LotState.RECALLED


def lots_visible_to(user: User) -> QuerySet[Lot]:
    found: QuerySet[Lot] = Lot.objects.visible_to(user)
    return found.select_related("site", "recalled_by", "followed_up_by")


def lot_lines(lots: QuerySet[Lot]) -> list[LotLine]:
    """The lots with what the ledger says of them, in two queries: what is in stock comes first."""
    waiting = Count("discrepancies", filter=Q(discrepancies__explained_at=None))
    found = list(lots.annotate(open_discrepancies=waiting).order_by("drug", "expires_on", "number"))
    left, today = balances(found), clock.today()
    lines = [LotLine(lot, left[lot.pk], lot.open_discrepancies, today) for lot in found]
    return sorted(lines, key=lambda line: not line.is_worth_a_look)


def lots_scanned(user: User, typed: str) -> tuple[str, list[Lot]]:
    """The number that was typed or scanned, and the user's lots that have it, of either drug.

    Raises ``Unreadable``.
    """
    number = read_scan(typed, on=clock.today()).lot
    found = lots_visible_to(user).filter(number__iexact=number) if number else []
    return number, list(found)


# --- the ledger -------------------------------------------------------------------------------


@dataclass(frozen=True)
class LedgerLine:
    """An entry, and the balance of the lot after it."""

    entry: StockEntry
    balance: int

    @property
    def reversed_by(self) -> StockEntry | None:
        return getattr(self.entry, "reversed_by", None)

    @property
    def discrepancy(self) -> Discrepancy | None:
        return getattr(self.entry, "discrepancy", None)

    @property
    def can_be_reversed(self) -> bool:
        """By hand: what a dose took out follows the dose."""
        entry = self.entry
        is_movement = entry.kind != StockEntry.Kind.REVERSED and entry.administration_id is None
        return is_movement and self.reversed_by is None


def ledger_lines(lot: Lot) -> list[LedgerLine]:
    """Every entry of a lot in the order of the ledger, in one query."""
    related = ("by", "participant", "administration", "reverses", "reversed_by", "discrepancy")
    entries = list(lot.entries.select_related(*related).order_by("pk"))
    running = accumulate(entry.vials for entry in entries)
    return [LedgerLine(entry, balance) for entry, balance in zip(entries, running, strict=True)]


def entries_visible_to(user: User) -> QuerySet[StockEntry]:
    found: QuerySet[StockEntry] = StockEntry.objects.visible_to(user)
    return found.select_related("lot__site", "participant")


def discrepancies_visible_to(user: User) -> QuerySet[Discrepancy]:
    found: QuerySet[Discrepancy] = Discrepancy.objects.visible_to(user)
    return found.select_related("lot__site", "entry", "found_by", "explained_by")


def open_discrepancies(lot: Lot) -> list[Discrepancy]:
    return list(lot.discrepancies.filter(explained_at=None).select_related("found_by"))


# --- who received it --------------------------------------------------------------------------


@dataclass(frozen=True)
class Recipient:
    """A participant who received a lot, with the doses that were given of it, the first first."""

    subject: str
    doses: list[Administration]

    @property
    def first(self) -> dt.datetime | None:
        return self.doses[0].given_at

    @property
    def last(self) -> dt.datetime | None:
        return self.doses[-1].given_at

    @property
    def vials(self) -> int:
        return sum(dose.vials or 0 for dose in self.doses)


def recipients(lot: Lot) -> list[Recipient]:
    """Who received the lot, in one query; also of doses whose label was only typed."""
    doses: dict[str, list[Administration]] = {}
    for dose in doses_of(lot):
        doses.setdefault(dose.participant.subject, []).append(dose)
    return [Recipient(subject, own) for subject, own in sorted(doses.items())]


def recipient_counts(lots: Collection[Lot]) -> dict[int, int]:
    """How many participants received each lot (primary key), in one query."""
    if not lots:
        return {}
    labels = {(lot.site_id, lot.drug, lot.number.casefold()): lot.pk for lot in lots}
    typed = Q(lot=None, participant__site__in={lot.site_id for lot in lots}) & ~Q(lot_number="")
    doses = _delivered().filter(Q(lot__in=lots) | typed)
    names = ("participant", "lot", "participant__site", "drug", "lot_number")
    received: dict[int | None, set[int]] = defaultdict(set)
    for participant, pk, site, drug, number in doses.values_list(*names).distinct():
        received[pk or labels.get((site, drug, number.casefold()))].add(participant)
    return {lot.pk: len(received[lot.pk]) for lot in lots}


def participants_of(lot: Lot) -> dict[str, Participant]:
    """Who may bring vials of the lot back, by subject number: those who received it."""
    return {dose.participant.subject: dose.participant for dose in doses_of(lot)}


def doses_of(lot: Lot) -> Iterable[Administration]:
    """The doses in force that were given of a lot, whole or in part, in the order of time."""
    typed = Q(lot=None, lot_number__iexact=lot.number, participant__site=lot.site_id)
    doses = _delivered().filter(Q(lot=lot) | typed, drug=lot.drug)
    return doses.select_related("participant").order_by("given_at", "pk")


def _delivered() -> QuerySet[Any]:
    rows: QuerySet[Any] = Administration.objects.in_force()
    return rows.exclude(status=Administration.Status.NOT_GIVEN).order_by()
