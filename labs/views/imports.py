"""Files of a laboratory: brought, looked at row by row, confirmed, accounted for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from enrollment.lists import Address, filters
from enrollment.views.common import tell_errors
from labs.actions import imports as actions
from labs.forms import ConfirmForm, DiscardForm, FileForm
from labs.importing.files import UNUSABLE, discarded_because, progress
from labs.importing.listing import files_visible_to, outcomes_of, refused_lines
from labs.importing.preview import ASKED, preview
from labs.models import ImportFile, ImportRow
from labs.permissions import IMPORT_RESULTS, MAP_FILES
from labs.views.pages import page
from oversight.downloads import download
from oversight.forms import attempt
from trial_site.http import StaffRequest

FILES_A_PAGE, ROWS_A_PAGE = 25, 50
QUESTIONS_SHOWN = 10
Status, Outcome = ImportFile.Status, ImportRow.Outcome


@require_http_methods(["GET", "POST"])
def files(request: StaffRequest) -> HttpResponse:
    """The files that were brought, and the form to bring one."""
    form = FileForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        taken = attempt(
            form,
            lambda: actions.take_file(
                form.cleaned_data["laboratory"],
                name=form.cleaned_data["file"].name,
                content=form.content,
                by=request.user,
                key=form.key,
            ),
        )
        if taken and taken.record:
            return redirect("labs:import-mapping", taken.record.pk)
        if taken:
            messages.info(request, _("This was saved already"))
            return redirect("labs:import")
    every = Paginator(files_visible_to(request.user), FILES_A_PAGE)
    shown = every.get_page(request.GET.get("page"))
    outcomes = outcomes_of(shown)
    rows = [(file, outcomes[file.pk]) for file in shown]
    may_bring = MAP_FILES.allows(request.user)
    return page(
        request, "labs/imports.html", form=form, page_obj=shown, rows=rows, may_bring=may_bring
    )


@require_http_methods(["GET", "POST"])
def file(request: StaffRequest, pk: int) -> HttpResponse:
    """One file: what its rows would do, how far they are, or what became of them."""
    found = get_object_or_404(files_visible_to(request.user), pk=pk)
    if request.method == "POST":
        _confirm(request, found)
        return redirect("labs:import-file", pk)
    how_far = progress(found)
    context = {
        "file": found,
        "form": ConfirmForm(file=found),
        "progress": how_far,
        "is_any_refused": bool(how_far.by_outcome[Outcome.REFUSED]),
        "discarded_because": discarded_because(found) if found.status == Status.DISCARDED else "",
        "may_map": MAP_FILES.allows(request.user),
        "may_import": IMPORT_RESULTS.allows(request.user),
    }
    if found.status == Status.UPLOADED and found.mapping:
        context |= _previewed(request, found)
    return page(request, "labs/import_file.html", crumbs=_crumbs(), **context)


def _confirm(request: StaffRequest, found: ImportFile) -> None:
    """Let the rows be written; where that is refused, the page says why beside the rows as now."""
    form = ConfirmForm(request.POST, file=found)
    confirmed = form.is_valid() and attempt(
        form,
        lambda: actions.confirm_import(
            found,
            takes_doubtful=form.cleaned_data["takes_doubtful"],
            version=form.cleaned_data["record_version"],
            by=request.user,
            key=form.key,
        ),
    )
    if not confirmed:
        tell_errors(request, form)


def _previewed(request: StaffRequest, found: ImportFile) -> dict[str, Any]:
    """The rows that the address asks for, and how many there are of each outcome."""
    try:
        judged = preview(found, request.user)
    except UNUSABLE as error:
        return {"unusable": error.message}
    chosen = request.GET.get("outcome", "")
    choices = [
        (Outcome.WRITTEN.value, _("To be imported")),
        (ASKED, _("To be confirmed")),
        *((one.value, one.label) for one in Outcome if one is not Outcome.WRITTEN),
    ]
    counts = judged.counts
    asked = judged.of(ASKED)
    lines = Paginator(judged.of(chosen), ROWS_A_PAGE).get_page(request.GET.get("page"))
    address = Address(request.GET)
    return {
        "page_obj": lines,
        "counts": counts,
        "total": len(judged.lines),
        "outcomes": filters("outcome", choices, counts, chosen, address),
        "asked": asked[:QUESTIONS_SHOWN],
        "more_asked": max(0, len(asked) - QUESTIONS_SHOWN),
        "all_asked": address(outcome=ASKED),
    }


@require_http_methods(["GET", "POST"])
def discard(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a file aside unread, with a reason; the same bytes may be brought again."""
    waiting = files_visible_to(request.user).filter(status=Status.UPLOADED)
    found = get_object_or_404(waiting, pk=pk)
    form = DiscardForm(request.POST or None, file=found)
    if request.method == "POST" and form.is_valid():
        discarded = attempt(
            form,
            lambda: actions.discard_file(
                found,
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                by=request.user,
            ),
        )
        if discarded:
            messages.success(request, _("The file was put aside; nothing of it was written"))
            return redirect("labs:import-file", pk)
    crumbs = [*_crumbs(), (found.name, reverse("labs:import-file", args=[pk]))]
    here = _("Put aside")
    return page(
        request, "labs/import_discard.html", crumbs=crumbs, here=here, form=form, file=found
    )


@require_GET
def refused(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The refused rows with their reasons, to be mended and sent again."""
    found = get_object_or_404(files_visible_to(request.user), pk=pk)
    try:
        lines = refused_lines(found)
    except UNUSABLE as error:
        messages.error(request, error.message.render(_))
        return redirect("labs:import-file", pk)
    return download(
        lines,
        name=f"refused-{found.pk}.csv",
        by=request.user,
        imported=found.name,
        sha256=found.sha256,
    )


def _crumbs() -> list[tuple[str, str]]:
    return [(_("Labs"), reverse("labs:index")), (_("Import"), reverse("labs:import"))]
