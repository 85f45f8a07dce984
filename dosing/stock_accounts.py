"""Accountability: what became of every vial, by lot and by participant, and both as CSV."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Max, Min, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from dosing.models import Administration, Lot, StockEntry
from dosing.stock_lots import LedgerLine, LotLine, doses_of, lot_lines
from oversight.downloads import csv_lines
from trial_site.models import User

Kind = StockEntry.Kind
KINDS = (Kind.RECEIVED, Kind.DISPENSED, Kind.RETURNED, Kind.WASTED, Kind.SENT_BACK, Kind.COUNTED)

_LOT = ("site", "drug", "product", "lot", "content", "unit", "expires_on", "storage")
LOT_COLUMNS = (
    *_LOT,
    *(kind.value for kind in KINDS),
    *("balance", "open_discrepancies", "recalled_at", "recall_reason"),
)
PARTICIPANT_COLUMNS = (
    *("site", "participant", "drug", "product", "lot", "doses", "first_dose", "last_dose"),
    *("vials_dispensed", "vials_returned", "vials_out"),
)
LEDGER_COLUMNS = (
    *("lot", "entry", "at", "movement", "vials", "balance", "participant", "dose_planned"),
    *("reverses", "by", "why", "discrepancy", "explanation"),
)
RECIPIENT_COLUMNS = (
    *("lot", "participant", "planned", "given_at", "status", "amount", "unit", "vials"),
    *("lot_typed", "recorded_at"),
)


# --- by lot -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class LotAccount:
    """A lot with the vials of each kind of movement; what was reversed counts for nothing."""

    line: LotLine
    vials: Mapping[str, int]

    @property
    def cells(self) -> list[int]:
        """In the order of ``KINDS``."""
        return [self.vials.get(kind, 0) for kind in KINDS]


def lot_accounts(lots: QuerySet[Lot]) -> list[LotAccount]:
    """The account of each lot, in three queries.  The cells of each add up to its balance."""
    lines = lot_lines(lots)
    sums: dict[int, dict[str, int]] = defaultdict(dict)
    rows = _by_kind(StockEntry.objects.filter(lot__in=[line.lot.pk for line in lines]), "lot")
    for lot, kind, vials in rows:
        sums[lot][kind] = vials
    return [LotAccount(line, sums[line.lot.pk]) for line in lines]


def _by_kind(entries: QuerySet[Any, Any], *names: str) -> Iterable[tuple[Any, ...]]:
    """The vials by ``names`` and kind; a reversal belongs to the kind that it takes back."""
    named = entries.order_by().annotate(own_kind=Coalesce("reverses__kind", "kind"))
    sums: QuerySet[Any, Any] = named.values_list(*names, "own_kind").annotate(Sum("vials"))
    return sums


# --- by participant ---------------------------------------------------------------------------


@dataclass
class ParticipantAccount:
    """What one participant, or the ward (no subject), had of one lot and brought back."""

    subject: str
    lot: Lot
    dispensed: int = 0
    returned: int = 0
    doses: int = 0
    first: dt.datetime | None = None
    last: dt.datetime | None = None

    @property
    def out(self) -> int:
        return self.dispensed - self.returned


def participant_accounts(user: User, drug: str = "") -> list[ParticipantAccount]:
    """By participant, then lot; in three queries.  The ward's returns come last."""
    lots = {lot.pk: lot for lot in lots_of(user, drug)}
    found: dict[tuple[str, int], ParticipantAccount] = {}

    def account(subject: str | None, lot: int) -> ParticipantAccount:
        key = (subject or "", lot)
        return found.setdefault(key, ParticipantAccount(subject or "", lots[lot]))

    entries = StockEntry.objects.filter(lot__in=lots)
    for subject, lot, kind, vials in _by_kind(entries, "participant__subject", "lot"):
        if kind == Kind.DISPENSED:
            account(subject, lot).dispensed = -vials
        elif kind == Kind.RETURNED:
            account(subject, lot).returned = vials
    for subject, lot, doses, first, last in _doses(lots):
        one = account(subject, lot)
        one.doses, one.first, one.last = doses, first, last
    rows = [one for one in found.values() if one.dispensed or one.returned or one.doses]
    return sorted(
        rows, key=lambda one: (not one.subject, one.subject, one.lot.drug, one.lot.number)
    )


def _doses(lots: Iterable[int]) -> Iterable[tuple[Any, ...]]:
    rows: QuerySet[Any, Any] = Administration.objects.in_force().filter(lot__in=lots).order_by()
    given = rows.exclude(status=Administration.Status.NOT_GIVEN)
    named = given.values_list("participant__subject", "lot")
    counts: QuerySet[Any, Any] = named.annotate(Count("pk"), Min("given_at"), Max("given_at"))
    return counts


def lots_of(user: User, drug: str = "") -> QuerySet[Lot]:
    """The lots of the user's sites, of one drug or of both."""
    lots: QuerySet[Lot] = Lot.objects.visible_to(user).select_related("site")
    return lots.filter(drug=drug) if drug else lots


# --- CSV --------------------------------------------------------------------------------------


def lot_csv(accounts: Iterable[LotAccount]) -> Iterator[str]:
    return csv_lines(LOT_COLUMNS, map(_lot_row, accounts))


def _lot_row(account: LotAccount) -> tuple[Any, ...]:
    line, lot = account.line, account.line.lot
    return (
        *(lot.site.code, lot.drug, lot.product, lot.number, lot.content, lot.unit),
        *(lot.expires_on.isoformat(), lot.storage, *account.cells),
        *(line.balance, line.open_discrepancies, _moment(lot.recalled_at), lot.recall_reason),
    )


def participant_csv(accounts: Iterable[ParticipantAccount]) -> Iterator[str]:
    return csv_lines(PARTICIPANT_COLUMNS, map(_participant_row, accounts))


def _participant_row(account: ParticipantAccount) -> tuple[Any, ...]:
    lot = account.lot
    return (
        *(lot.site.code, account.subject, lot.drug, lot.product, lot.number, account.doses),
        *(_moment(account.first), _moment(account.last)),
        *(account.dispensed, account.returned, account.out),
    )


def ledger_csv(lines: Iterable[LedgerLine]) -> Iterator[str]:
    return csv_lines(LEDGER_COLUMNS, map(_ledger_row, lines))


def _ledger_row(line: LedgerLine) -> tuple[Any, ...]:
    entry, found = line.entry, line.discrepancy
    dose = entry.administration
    return (
        *(entry.lot.number, entry.pk, _moment(entry.at), entry.kind, entry.vials, line.balance),
        entry.participant.subject if entry.participant else None,
        _moment(dose.slot_at) if dose else None,
        *(entry.reverses_id, entry.by.get_username(), entry.why),
        *((found.kind, found.explanation) if found else (None, None)),
    )


def recipient_csv(lot: Lot) -> Iterator[str]:
    """Every dose of a lot that was given, as it is told to those who ask after a recall."""
    return csv_lines(RECIPIENT_COLUMNS, (_dose_row(lot, dose) for dose in doses_of(lot)))


def _dose_row(lot: Lot, dose: Administration) -> tuple[Any, ...]:
    return (
        *(lot.number, dose.participant.subject, _moment(dose.slot_at), _moment(dose.given_at)),
        *(dose.status, dose.amount, dose.unit, dose.vials, dose.lot_number),
        _moment(dose.recorded_at),
    )


def _moment(at: dt.datetime | None) -> str | None:
    """With its offset, so that it reads the same everywhere."""
    return timezone.localtime(at).isoformat() if at else None
