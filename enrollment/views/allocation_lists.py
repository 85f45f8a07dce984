"""The trial's allocation: its plan, its sealed lists, closing, and what is published then."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment import allocations
from enrollment.actions.allocation_lists import (
    close_allocation,
    generate_allocation_lists,
    import_allocation_lists,
    plan_allocation,
    publish_list,
)
from enrollment.forms.allocation import CloseForm, GenerateForm, ImportForm, PlanForm
from enrollment.permissions import PLAN_ALLOCATION
from enrollment.views.common import GET_OR_POST, posted, tell
from oversight.downloads import csv_lines, download
from oversight.forms import attempt
from oversight.refusals import Refused
from trial_site.http import StaffRequest
from trial_site.protocol import current


@require_GET
def allocation_list(request: StaffRequest) -> HttpResponse:
    """The plan, and the commitments of the lists; never what they hold."""
    context = {
        "standing": allocations.standing(),
        "registered": allocations.Registered.now(),
        "rule": current().allocation,
        "may_plan": PLAN_ALLOCATION.allows(request.user),
    }
    return render(request, "enrollment/allocation_list.html", context)


@GET_OR_POST
def plan(request: StaffRequest) -> HttpResponse:
    """Mode and factor, until somebody is allocated."""
    now = allocations.standing()
    initial = {"mode": now.mode, "factor": now.plan.factor if now.plan else ""}
    form = PlanForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        saved = attempt(
            form,
            lambda: plan_allocation(
                mode=answers["mode"],
                factor=answers["factor"],
                reason=answers["why"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            tell(request, saved, _("The plan is recorded."))
            return redirect("enrollment:allocation-list")
    return _page(request, "plan", form, _("Plan the allocation"))


@GET_OR_POST
def generate(request: StaffRequest) -> HttpResponse:
    """A sealed list for each stratum."""
    form = GenerateForm(posted(request))
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        made = attempt(
            form,
            lambda: generate_allocation_lists(
                length=answers["length"],
                block_sizes=answers["block_sizes"],
                by=request.user,
                key=form.key,
            ),
        )
        if made:
            tell(request, made, _("The list is sealed, and its hash is published here."))
            return redirect("enrollment:allocation-list")
    return _page(request, "generate", form, _("Generate the list"))


@GET_OR_POST
def import_list(request: StaffRequest) -> HttpResponse:
    """A statistician's own list, sealed in the same way."""
    files = request.FILES if request.method == "POST" else None
    form = ImportForm(posted(request), files)
    if request.method == "POST" and form.is_valid():
        made = attempt(
            form,
            lambda: import_allocation_lists(
                file=form.content,
                confirmed=form.cleaned_data["confirmed"],
                by=request.user,
                key=form.key,
            ),
        )
        if made:
            tell(request, made, _("The list is sealed, and its hash is published here."))
            return redirect("enrollment:allocation-list")
    return _page(request, "import", form, _("Import a list"))


@GET_OR_POST
def close(request: StaffRequest) -> HttpResponse:
    """The end of allocation, for good."""
    form = CloseForm(posted(request))
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        closed = attempt(
            form,
            lambda: close_allocation(
                reason=answers["why"],
                confirmed=answers["confirmed"],
                by=request.user,
                key=form.key,
            ),
        )
        if closed:
            tell(request, closed, _("Allocation is closed; the lists can be downloaded."))
            return redirect("enrollment:allocation-list")
    return _page(request, "close", form, _("Close allocation"))


def _page(request: StaffRequest, name: str, form: Any, title: str) -> HttpResponse:
    context = {
        "form": form,
        "standing": allocations.standing(),
        "rule": current().allocation,
        "title": title,
        "crumbs": [(_("Allocation"), reverse("enrollment:allocation-list"))],
        "here": title,
    }
    return render(request, f"enrollment/allocation_{name}.html", context)


@require_GET
def published(request: StaffRequest, stratum: str) -> HttpResponse:
    """The file that was committed to, byte for byte; before closing it does not exist."""
    try:
        file = publish_list(stratum, by=request.user)
    except Refused:
        raise Http404 from None
    response = HttpResponse(file, content_type="text/csv; charset=utf-8")
    name = f"{current().identification.registry_id}-list-{stratum}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_GET
def register(request: StaffRequest) -> StreamingHttpResponse:
    """Every allocation that was made, as CSV, with the registry's contradiction on each line."""
    rows = allocations.register(request.user)
    return download(csv_lines(allocations.COLUMNS, rows), name="allocations.csv", by=request.user)
