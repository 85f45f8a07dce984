"""The stock as it is read: lots, the ledger of one, and what became of every vial."""

from __future__ import annotations

from collections import Counter

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dosing import stock_accounts as accounts
from dosing import stock_lots as reading
from dosing.models import DrugChoice, Lot
from dosing.permissions import EXPLAIN, KEEP_STOCK, RECALL
from dosing.rules.scanned import Unreadable
from dosing.rules.vials import EXPIRES_SOON
from dosing.stock import balances
from enrollment.lists import Address, Filter, filters
from oversight.downloads import download
from trial_site import clock
from trial_site.access import may_open
from trial_site.http import StaffRequest
from trial_site.messages import Message

LONGEST_SCAN = 200
ENTRIES_A_PAGE = 50
BY_PARTICIPANT = "participant"


def crumbs(lot: Lot | None = None) -> list[tuple[str, str]]:
    """The way to a page below the stock, or below one lot."""
    way = [(_("Stock"), reverse("dosing:stock"))]
    return [*way, (lot.number, reverse("dosing:stock-lot", args=[lot.pk]))] if lot else way


@require_GET
def stock(request: StaffRequest) -> HttpResponse:
    """The lots of the user's sites; what is scanned leads to its lot."""
    typed, drug = request.GET.get("scan", "")[:LONGEST_SCAN], _drug(request)
    number, found, unreadable = "", None, None
    if typed.strip():
        try:
            number, found = reading.lots_scanned(request.user, typed)
        except Unreadable as broken:
            unreadable = broken.message
    if found and len(found) == 1:
        return redirect("dosing:stock-lot", found[0].pk)
    lots = reading.lots_visible_to(request.user)
    shown = lots.filter(number__iexact=number) if found else lots
    lines = reading.lot_lines(shown)
    context = {
        "lines": [line for line in lines if drug in {"", line.lot.drug}],
        "drugs": _drugs(Counter(line.lot.drug for line in lines), drug, request),
        "typed": typed,
        "unknown": number if found == [] else "",
        "unreadable": unreadable,
        "soon_days": EXPIRES_SOON.days,
        "shows_sites": len({line.lot.site_id for line in lines}) > 1,
        "may_keep": KEEP_STOCK.allows(request.user),
    }
    return render(request, "dosing/stock.html", context)


@require_GET
def lot(request: StaffRequest, pk: int) -> HttpResponse:
    """One lot: how it stands, its ledger with the newest entry first, and who received it."""
    found = get_object_or_404(reading.lots_visible_to(request.user), pk=pk)
    ledger = reading.ledger_lines(found)
    waiting = reading.open_discrepancies(found)
    context = {
        "line": reading.LotLine(found, balances([found])[found.pk], len(waiting), clock.today()),
        "lot": found,
        "page_obj": Paginator(ledger[::-1], ENTRIES_A_PAGE).get_page(request.GET.get("page")),
        "waiting": waiting,
        "recipients": reading.recipients(found),
        "may_keep": KEEP_STOCK.allows(request.user),
        "may_explain": EXPLAIN.allows(request.user),
        "may_recall": RECALL.allows(request.user),
        "may_open_history": may_open(request.user, "oversight:history"),
        "crumbs": crumbs(),
        "here": found.number,
    }
    return render(request, "dosing/stock_lot.html", context)


@require_GET
def accountability(request: StaffRequest) -> HttpResponse:
    """What became of every vial, by lot or by participant, to be read, taken out or printed."""
    drug, by = _drug(request), request.GET.get("by", "")
    by_participant = by == BY_PARTICIPANT
    context = {
        "by_participant": by_participant,
        "drug": drug,
        "drugs": _drugs(_drug_counts(request), drug, request),
        "kinds": accounts.KINDS,
        "now": clock.now(),
        "crumbs": crumbs(),
        "here": _("Accountability"),
    }
    if by_participant:
        context["participants"] = accounts.participant_accounts(request.user, drug)
    else:
        context["lots"] = accounts.lot_accounts(accounts.lots_of(request.user, drug))
    return render(request, "dosing/stock_accountability.html", context)


@require_GET
def accountability_download(request: StaffRequest) -> HttpResponseBase:
    """The same report as CSV."""
    drug, by = _drug(request), request.GET.get("by", "")
    if by == BY_PARTICIPANT:
        lines = accounts.participant_csv(accounts.participant_accounts(request.user, drug))
        name = "accountability-participants.csv"
    else:
        lines = accounts.lot_csv(accounts.lot_accounts(accounts.lots_of(request.user, drug)))
        name = "accountability-lots.csv"
    return download(lines, name=name, by=request.user, drug=drug)


@require_GET
def ledger_download(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The ledger of one lot as CSV, in its order."""
    found = get_object_or_404(reading.lots_visible_to(request.user), pk=pk)
    lines = accounts.ledger_csv(reading.ledger_lines(found))
    return download(lines, name=f"ledger-{pk}.csv", by=request.user, lot=found.number)


@require_GET
def recipients_download(request: StaffRequest, pk: int) -> HttpResponseBase:
    """Who received a lot, dose by dose, as CSV."""
    found = get_object_or_404(reading.lots_visible_to(request.user), pk=pk)
    lines = accounts.recipient_csv(found)
    return download(lines, name=f"recipients-{pk}.csv", by=request.user, lot=found.number)


def _drug(request: StaffRequest) -> str:
    """The drug that the address asks for; empty for both."""
    asked = request.GET.get("drug", "")
    return asked if asked in DrugChoice.values else ""


def _drug_counts(request: StaffRequest) -> Counter[str]:
    return Counter(accounts.lots_of(request.user).values_list("drug", flat=True))


def _drugs(counts: Counter[str], chosen: str, request: StaffRequest) -> list[Filter]:
    return filters("drug", DrugChoice.choices, counts, chosen, Address(request.GET))


def told(message: Message) -> str:
    """A rule's sentence in the reader's language."""
    return message.render(_)
