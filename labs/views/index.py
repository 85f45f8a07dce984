"""The list of specimens and their results.  None of the laboratory's pages shows an arm."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from labs import selectors
from labs.forms import ResultFilter
from labs.models import LabQuerySet, Specimen
from labs.permissions import ENTER_RESULTS, MAP_FILES, READ_FILES
from labs.readings import lysis_text, read
from trial_site.http import StaffRequest

SPECIMENS_A_PAGE = 25


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


def _row(specimen: Specimen) -> dict[str, object]:
    plates = specimen.cytotoxicity_assays.all()
    return {
        "specimen": specimen,
        "readings": [read(result) for result in specimen.results.all()],
        "plates": [(plate, lysis_text(plate)) for plate in plates],
    }
