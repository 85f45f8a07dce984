"""What is entered about the stock: lots, vials in and out, counts, explanations, recalls."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dosing.actions import lots as lot_actions
from dosing.actions import movements as actions
from dosing.forms import stock as forms
from dosing.models import DrugChoice, Lot, StockEntry
from dosing.rules.scanned import Scanned, Unreadable, read_scan
from dosing.stock import last_entry
from dosing.stock_lots import (
    discrepancies_visible_to,
    entries_visible_to,
    lots_scanned,
    lots_visible_to,
    participants_of,
)
from dosing.views.common import form_page
from dosing.views.stock import LONGEST_SCAN, crumbs, told
from oversight.forms import EntryForm, Outcome, attempt
from trial_site import clock
from trial_site.http import StaffRequest

Kind = StockEntry.Kind
TITLES = {
    Kind.RECEIVED: gettext_lazy("Receive more"),
    Kind.RETURNED: gettext_lazy("Return to stock"),
    Kind.WASTED: gettext_lazy("Waste vials"),
    Kind.SENT_BACK: gettext_lazy("Send back to the sponsor"),
}


@form_page
def receive(request: StaffRequest, drug: str) -> HttpResponse:
    """Receive a lot that is new here; the box can be scanned."""
    if drug not in DrugChoice.values:
        raise Http404
    scanned, unreadable, known = _scan(request, drug)
    if known is not None:
        messages.info(request, _("Lot %(lot)s is in stock: receive more") % {"lot": known.number})
        return redirect("dosing:stock-receive-more", known.pk)
    form = forms.ReceiveForm(request.POST or None, drug=drug, user=request.user, scanned=scanned)
    if form.is_valid():
        given = form.cleaned_data
        outcome = attempt(
            form,
            lambda: lot_actions.receive_lot(
                given["site"],
                drug=drug,
                facts=form.facts(),
                vials=given["vials"],
                at=given["at"],
                why=given["why"],
                confirmed=given["confirmed"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return _saved(request, outcome, _("The lot is in stock."), outcome.record)
    title = _("Receive %(drug)s") % {"drug": DrugChoice(drug).label}
    return _page(request, form, title, scans=True, scanned=scanned, unreadable=unreadable)


def _scan(request: StaffRequest, drug: str) -> tuple[Scanned | None, str, Lot | None]:
    """What ``?scan=`` says, or why it cannot be read, and the lot if the site has it."""
    typed = request.GET.get("scan", "").strip()[:LONGEST_SCAN]
    if not typed or request.method != "GET":
        return None, "", None
    try:
        scanned = read_scan(typed, on=clock.today())
        _number, found = lots_scanned(request.user, typed)
    except Unreadable as broken:
        return None, told(broken.message), None
    own = [lot for lot in found if lot.drug == drug]
    return scanned, "", own[0] if len(own) == 1 else None


@form_page
def move(request: StaffRequest, pk: int, kind: str) -> HttpResponse:
    """Receive more of a lot, return, waste or send back vials of it."""
    lot = _lot(request, pk)
    whose = participants_of(lot) if kind == Kind.RETURNED else {}
    form = forms.MoveForm(request.POST or None, kind=kind, subjects=whose)
    if form.is_valid():
        given = form.cleaned_data
        outcome = attempt(
            form,
            lambda: actions.move_vials(
                lot,
                kind=kind,
                vials=given["vials"],
                at=given["at"],
                why=given["why"],
                participant=whose.get(given.get("participant", "")),
                confirmed=given["confirmed"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return _saved(request, outcome, _moved(kind, given["vials"]), lot)
    return _page(request, form, TITLES[Kind(kind)], lot)


def _moved(kind: str, vials: int) -> str:
    texts = {
        Kind.RECEIVED: ngettext("%(vials)s vial received.", "%(vials)s vials received.", vials),
        Kind.RETURNED: ngettext("%(vials)s vial returned.", "%(vials)s vials returned.", vials),
        Kind.WASTED: ngettext("%(vials)s vial wasted.", "%(vials)s vials wasted.", vials),
        Kind.SENT_BACK: ngettext("%(vials)s vial sent back.", "%(vials)s vials sent back.", vials),
    }
    return texts[Kind(kind)] % {"vials": vials}


@form_page
def count(request: StaffRequest, pk: int) -> HttpResponse:
    """Count a lot; the page does not say what the ledger expects."""
    lot = _lot(request, pk)
    form = forms.CountForm(request.POST or None, initial={"seen": last_entry(lot)})
    if form.is_valid():
        given = form.cleaned_data
        outcome = attempt(
            form,
            lambda: actions.count_lot(
                lot,
                counted=given["counted"],
                seen=given["seen"],
                why=given["why"],
                confirmed=given["confirmed"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return _saved(request, outcome, _("The count is saved."), lot)
        form.begin_again(last_entry(lot))
    return _page(request, form, _("Count"), lot)


@form_page
def correct(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct what was read from the label."""
    lot = _lot(request, pk)
    form = forms.CorrectLotForm.of(lot, request.POST or None)
    if form.is_valid():
        outcome = attempt(
            form,
            lambda: lot_actions.correct_lot(
                lot,
                facts=form.facts(),
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return _saved(request, outcome, _("The lot is corrected."), lot)
    return _page(request, form, _("Correct the lot"), lot)


@form_page
def reverse_entry(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back an entry that was made wrongly."""
    entry = get_object_or_404(entries_visible_to(request.user), pk=pk)
    form = forms.ReverseForm(request.POST or None)
    if form.is_valid():
        why = form.cleaned_data["reason"]
        outcome = attempt(
            form,
            lambda: actions.reverse_entry(entry, why=why, by=request.user, key=form.key),
        )
        if outcome:
            return _saved(request, outcome, _("The entry is reversed."), entry.lot)
    return _page(request, form, _("Reverse an entry"), entry.lot, entry=entry)


@form_page
def explain(request: StaffRequest, pk: int) -> HttpResponse:
    """Explain why ledger and shelf disagree."""
    found = get_object_or_404(discrepancies_visible_to(request.user), pk=pk)
    form = forms.ExplainForm(request.POST or None, initial={"record_version": found.version})
    if form.is_valid():
        given = form.cleaned_data
        outcome = attempt(
            form,
            lambda: actions.explain_discrepancy(
                found,
                explanation=given["explanation"],
                version=given["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return _saved(request, outcome, _("The discrepancy is explained."), found.lot)
    return _page(request, form, _("Explain a discrepancy"), found.lot, discrepancy=found)


@form_page
def recall(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a lot out of use; its page then says who received it."""
    label, done = _("Why is the lot recalled?"), _("The lot is recalled: it is out of use.")
    return _recall(request, pk, lot_actions.recall_lot, _("Recall the lot"), label, done)


@form_page
def lift_recall(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a lot back into use that was recalled by mistake."""
    label, done = _("Why was the recall a mistake?"), _("The recall is lifted.")
    return _recall(request, pk, lot_actions.lift_recall, _("Lift the recall"), label, done)


def _recall(
    request: StaffRequest, pk: int, act: Any, title: str, label: str, done: str
) -> HttpResponse:
    lot = _lot(request, pk)
    initial = {"record_version": lot.version}
    form = forms.RecallForm(request.POST or None, label=label, initial=initial)
    if form.is_valid():
        outcome = attempt(
            form,
            lambda: act(
                lot,
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return _saved(request, outcome, done, lot)
    return _page(request, form, title, lot)


@form_page
def follow_up(request: StaffRequest, pk: int) -> HttpResponse:
    """Say what was done for those who received a recalled lot."""
    lot = _lot(request, pk)
    form = forms.FollowUpForm(request.POST or None, initial={"record_version": lot.version})
    if form.is_valid():
        outcome = attempt(
            form,
            lambda: lot_actions.follow_up_recall(
                lot,
                follow_up=form.cleaned_data["follow_up"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if outcome:
            return _saved(request, outcome, _("The recall is followed up."), lot)
    return _page(request, form, _("Follow up the recall"), lot)


def _lot(request: StaffRequest, pk: int) -> Lot:
    lot: Lot = get_object_or_404(lots_visible_to(request.user), pk=pk)
    return lot


def _saved(
    request: StaffRequest, outcome: Outcome[Any], done: str, lot: Lot | None
) -> HttpResponse:
    if outcome.record is None:
        messages.info(request, _("This was saved already"))
    else:
        messages.success(request, f"{lot}: {done}" if lot else done)
    return redirect("dosing:stock-lot", lot.pk) if lot else redirect("dosing:stock")


def _page(
    request: StaffRequest, form: EntryForm, title: Any, lot: Lot | None = None, **more: Any
) -> HttpResponse:
    context = {"form": form, "title": title, "here": title, "lot": lot, "crumbs": crumbs(lot)}
    return render(request, "dosing/stock_form.html", context | more)
