"""The results in the registry's tables: page, CSV and XML."""

import datetime as dt

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from outcomes.members import set_named, sets
from outcomes.registry import RegistryResults, registry_results
from outcomes.registry.tables import COLUMNS, SECTIONS, lines
from outcomes.registry.xml import document
from outcomes.views.past import may_look_back, record_of
from oversight.downloads import csv_lines, download
from trial_site import clock
from trial_site.access import may_open
from trial_site.http import StaffRequest


@require_GET
@may_look_back
def registry(request: StaffRequest, day: dt.date | None) -> HttpResponse:
    """All four sections; ``?set=`` chooses who is analysed, ``?as_of=`` a day that is over."""
    with record_of(day):
        results = registry_results(request.user, set_named(request.GET.get("set")))
        context = {
            "results": results,
            "sets": sets(),
            "chosen": results.analysis_set,
            "query": request.GET.urlencode(),
            "as_of": day,
            "today": clock.today(),
            "opens_participants": day is None and may_open(request.user, "enrollment:participants"),
            "opens_events": day is None and may_open(request.user, "safety:events"),
            "crumbs": [(_("Outcomes"), reverse("outcomes:dashboard"))],
            "here": _("Results for the registry"),
        }
        return render(request, "outcomes/registry.html", context)


@require_GET
@may_look_back
def registry_csv(request: StaffRequest, name: str, day: dt.date | None) -> HttpResponseBase:
    """One section, or all of them, as the page has it."""
    if name not in SECTIONS:
        raise Http404
    results = _results(request, day)
    return download(
        csv_lines(COLUMNS, lines(results, name)),
        name=f"registry-{name}.csv",
        by=request.user,
        **_details(results, day),
    )


@require_GET
@may_look_back
def registry_xml(request: StaffRequest, day: dt.date | None) -> HttpResponseBase:
    """All of it in the structure of the registry's public records."""
    results = _results(request, day)
    text = document(results, day or clock.today()).decode()
    return download(
        [text],
        name="registry-results.xml",
        by=request.user,
        kind="application/xml",
        **_details(results, day),
    )


def _results(request: StaffRequest, day: dt.date | None) -> RegistryResults:
    """What a file tells; that it was taken is recorded in the present."""
    with record_of(day):
        return registry_results(request.user, set_named(request.GET.get("set")))


def _details(results: RegistryResults, day: dt.date | None) -> dict[str, str]:
    details = {"analysis_set": results.analysis_set}
    return {**details, "as_of": day.isoformat()} if day else details
