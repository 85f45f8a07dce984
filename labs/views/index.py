"""The list of specimens and their results.  None of the laboratory's pages shows an arm."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from labs import selectors
from labs.downloads import result_lines
from labs.forms import ResultFilter
from labs.models import LabQuerySet, Specimen
from labs.permissions import ENTER_RESULTS, MAP_FILES, READ_FILES
from labs.readings import lysis_text, read
from oversight.downloads import download
from trial_site.http import StaffRequest

SPECIMENS_A_PAGE, READINGS_A_ROW = 25, 6


@require_GET
def index(request: StaffRequest) -> HttpResponse:
    """The latest specimens with their results, and the ways to enter more."""
    form = ResultFilter(request.GET, user=request.user)
    found: Sequence[Specimen] | LabQuerySet = ()
    if form.is_valid():
        found = selectors.latest_specimens(request.user, **form.cleaned_data)
    page: Page[Specimen] = Paginator(found, SPECIMENS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page_obj": page,
        "rows": [_row(specimen) for specimen in page],
        "may_enter": ENTER_RESULTS.allows(request.user),
        "may_read_files": READ_FILES.allows(request.user),
        "may_bring_files": MAP_FILES.allows(request.user),
    }
    return render(request, "labs/index.html", context)


@require_GET
def index_download(request: StaffRequest) -> HttpResponseBase:
    """The results of the list as CSV, by the same filter; one that cannot be read is not found."""
    form = ResultFilter(request.GET, user=request.user)
    if not form.is_valid():
        raise Http404
    chosen = form.cleaned_data
    lines = result_lines(selectors.results_listed(request.user, **chosen))
    told = {"participant": str(chosen["participant"] or ""), "analyte": chosen["analyte"]}
    return download(lines, name="results.csv", by=request.user, **told)


def _row(specimen: Specimen) -> dict[str, object]:
    """The severest first: what is left to the specimen's own page is never worse than what is
    shown here."""
    plates = specimen.cytotoxicity_assays.all()
    readings = [read(result) for result in specimen.results.all()]
    readings.sort(key=lambda reading: -(reading.result.grade or 0))
    return {
        "specimen": specimen,
        "readings": readings[:READINGS_A_ROW],
        "more": max(0, len(readings) - READINGS_A_ROW),
        "plates": [(plate, lysis_text(plate)) for plate in plates],
    }
