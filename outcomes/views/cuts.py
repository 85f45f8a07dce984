"""Data cuts: the list, freezing, signing, withdrawing, and what differs since."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from dosing.day import day_bounds
from enrollment.forms.participation import SignForm
from outcomes.cuts import actions as act
from outcomes.cuts.changes import CHANGED, LATE, count_since, later_entries, value_differences
from outcomes.cuts.checking import check, frozen, seal_problems
from outcomes.cuts.content import item_label, together, value_label
from outcomes.cuts.review import review
from outcomes.forms import FreezeForm, WithdrawCutForm
from outcomes.models import DataCut
from outcomes.permissions import COUNTERSIGN_CUT, FREEZE_CUT
from outcomes.views.past import past_day
from oversight.changes import model_name, with_changes
from oversight.downloads import csv_lines, download
from oversight.forms import attempt
from oversight.selectors import as_csv
from oversight.signing import sign
from trial_site import clock
from trial_site.http import StaffRequest
from trial_site.roles import Role

ROWS_A_PAGE = 50
VALUES_HEADER = ("subject", "item", "frozen", "now")


def _cut(request: StaffRequest, number: int) -> DataCut:
    rows = DataCut.objects.visible_to(request.user).select_related("made_by", "withdrawn_by")
    found: DataCut = get_object_or_404(rows, number=number)
    return found


def _crumbs(*more: tuple[str, str]) -> dict[str, Any]:
    outcomes = (_("Outcomes"), reverse("outcomes:dashboard"))
    return {"crumbs": [outcomes, (_("Data cuts"), reverse("outcomes:cuts")), *more]}


def _of(cut: DataCut) -> tuple[str, str]:
    return str(cut), reverse("outcomes:cut", args=[cut.number])


@require_GET
def cuts(request: StaffRequest) -> HttpResponse:
    """Every cut of the user's sites, the newest first, with its signatures."""
    rows = DataCut.objects.visible_to(request.user).select_related("made_by")
    page = Paginator(rows.prefetch_related("signatures"), ROWS_A_PAGE)
    context = {
        "page_obj": page.get_page(request.GET.get("page")),
        "may_freeze": FREEZE_CUT.allows(request.user),
        "crumbs": _crumbs()["crumbs"][:1],
        "here": _("Data cuts"),
    }
    return render(request, "outcomes/cuts.html", context)


@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """What would be frozen at the end of ``?day=``, yesterday without one; then frozen."""
    yesterday = clock.today() - dt.timedelta(days=1)
    day = past_day(request.POST.get("day") or request.GET.get("day", "")) or yesterday
    cutoff = day_bounds(day)[1] - dt.timedelta.resolution
    form = FreezeForm(request.POST or None, initial={"day": day})
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            lambda: act.freeze(
                _end(form.cleaned_data["day"]),
                title=form.cleaned_data["title"],
                signature=sign(request, request.user, form.cleaned_data["password"]),
                by=request.user,
                key=form.key,
            ),
        )
        if made:
            messages.success(request, _("Frozen and signed") if made.record else _saved_already())
            return redirect(_of(made.record)[1] if made.record else "outcomes:cuts")
    context = {
        **_crumbs(),
        "here": _("Freeze"),
        "form": form,
        "day": day,
        "cutoff": cutoff,
        "last_day": yesterday,
        "review": review(request.user, cutoff),
    }
    return render(request, "outcomes/cut_new.html", context)


def _end(day: dt.date) -> dt.datetime:
    return day_bounds(day)[1] - dt.timedelta.resolution


def _saved_already() -> str:
    return _("This was saved already")


@require_GET
def cut(request: StaffRequest, cut: int) -> HttpResponse:
    """One cut with its signatures and frozen values; ``?check=1`` reads the past again."""
    found = _cut(request, cut)
    signatures = list(found.signatures.all())
    values = together(frozen(found))
    day = timezone.localdate(found.cutoff)
    context = {
        **_crumbs(),
        "here": str(found),
        "cut": found,
        "signatures": signatures,
        "problems": seal_problems(found),
        "check": check(found) if request.GET.get("check") == "1" else None,
        "values": [
            (subject, [(item_label(i), value_label(v)) for i, v in sorted(row.items()) if v])
            for subject, row in sorted(values.items())
        ],
        "since": count_since(found, request.user),
        "day": day if _end(day) == found.cutoff else None,
        "may_sign": COUNTERSIGN_CUT.allows(request.user)
        and not found.withdrawn_at
        and all(one.signed_by_id != request.user.pk for one in signatures),
        "may_withdraw": FREEZE_CUT.allows(request.user) and not found.withdrawn_at,
    }
    return render(request, "outcomes/cut.html", context)


@require_http_methods(["GET", "POST"])
def sign_too(request: StaffRequest, cut: int) -> HttpResponse:
    """Another signature below a cut."""
    found = _cut(request, cut)
    form = SignForm(request.POST or None)

    def save() -> object:
        proof = sign(request, request.user, form.cleaned_data["password"])
        return act.countersign(found, signature=proof, by=request.user, key=form.key)

    meaning = str(act.MEANINGS[Role(request.user.role)].label)
    return _signed(request, found, form, save, _("Sign"), meaning, "outcomes/cut_sign.html")


@require_http_methods(["GET", "POST"])
def withdraw(request: StaffRequest, cut: int) -> HttpResponse:
    """A cut that is not to be used, and why."""
    found = _cut(request, cut)
    form = WithdrawCutForm(request.POST or None)

    def save() -> object:
        proof = sign(request, request.user, form.cleaned_data["password"])
        why = form.cleaned_data["why"]
        return act.withdraw_cut(found, why=why, signature=proof, by=request.user, key=form.key)

    template = "outcomes/cut_withdraw.html"
    return _signed(request, found, form, save, _("Withdraw"), "", template)


def _signed(
    request: StaffRequest,
    found: DataCut,
    form: SignForm,
    save: Callable[[], object],
    here: str,
    meaning: str,
    template: str,
) -> HttpResponse:
    """A form that ends in a signature on one cut."""
    back = _of(found)[1]
    if request.method == "POST" and form.is_valid():
        saved = attempt(form, save)
        if saved:
            done = _("%(cut)s: signed") % {"cut": found}
            messages.success(request, done if saved.record else _saved_already())
            return redirect(back)
    context = {
        **_crumbs(_of(found)),
        "here": here,
        "cut": found,
        "form": form,
        "meaning": meaning,
        "back_url": back,
    }
    return render(request, template, context)


@require_GET
def differences(request: StaffRequest, cut: int) -> HttpResponse:
    """What was recorded since about the time before; ``?kind=`` and ``?text=`` narrow it."""
    found = _cut(request, cut)
    kind, text = request.GET.get("kind", ""), request.GET.get("text", "")
    entries = later_entries(found, request.user, kind=kind, text=text)
    page = Paginator(entries, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        **_crumbs(_of(found)),
        "here": _("Differences since"),
        "cut": found,
        "kind": kind,
        "kinds": [(CHANGED, _("Changes")), (LATE, _("Late entries"))],
        "text": text,
        "page_obj": page,
        "rows": [
            (entry, model_name(entry.model), made) for entry, made in with_changes(page.object_list)
        ],
        "values": [
            (row.subject, item_label(row.item), value_label(row.then), value_label(row.now))
            for row in value_differences(found, request.user)
        ],
    }
    return render(request, "outcomes/cut_differences.html", context)


@require_GET
def values_csv(request: StaffRequest, cut: int) -> StreamingHttpResponse:
    """Every value that is not what was frozen, as CSV."""
    found = _cut(request, cut)
    rows = value_differences(found, request.user)
    lines = csv_lines(VALUES_HEADER, ((r.subject, r.item, r.then, r.now) for r in rows))
    return download(lines, name=f"{found}-values.csv", by=request.user, cut=found.number)


@require_GET
def changes_csv(request: StaffRequest, cut: int) -> StreamingHttpResponse:
    """Every change and late entry since the cut-off, as CSV."""
    found = _cut(request, cut)
    kind, text = request.GET.get("kind", ""), request.GET.get("text", "")
    lines = as_csv(later_entries(found, request.user, kind=kind, text=text))
    return download(lines, name=f"{found}-changes.csv", by=request.user, cut=found.number)
