"""The report as PDF, the ones that were made, and whether a file is one of them."""

import datetime as dt

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dosing.day import day_bounds
from outcomes.report.issue import cut_off, issue, latest_cut_off, made, recognised
from outcomes.views.past import past_day
from trial_site import clock
from trial_site.http import StaffRequest
from trial_site.protocol import current


@require_GET
def report(request: StaffRequest) -> HttpResponse:
    """Ask for a report; ``?sha256=`` tells whether a file with that hash is one."""
    asked = request.GET.get("sha256", "")
    context = {
        "made": made(request.user),
        "asked": asked,
        "found": recognised(request.user, asked),
        "languages": settings.LANGUAGES,
        "language": get_language(),
        "today": clock.today(),
        "protocol": current(),
        "crumbs": [(_("Outcomes"), reverse("outcomes:dashboard"))],
        "here": _("Report"),
    }
    return render(request, "outcomes/report.html", context)


@require_GET
def report_file(request: StaffRequest) -> HttpResponse:
    """The PDF; ``?as_of=`` a day or a moment that is over, else the last minute that is;
    ``?language=`` of the report, which has no other way to be known."""
    moment, language = _moment(request.GET.get("as_of", "")), request.GET.get("language")
    if moment is None:
        messages.info(request, _("Choose a day that is over"))
    if moment is None or language not in dict(settings.LANGUAGES):
        return redirect("outcomes:report")
    issued = issue(request.user, moment, language)
    response = HttpResponse(issued.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{issued.name}"'
    response["X-Content-SHA256"] = issued.sha256
    return response


def _moment(asked: str) -> dt.datetime | None:
    """The moment that was asked for; None where no report can be of it."""
    if not asked:
        return latest_cut_off()
    if day := past_day(asked):
        return day_bounds(day)[1] - dt.timedelta.resolution
    try:
        return cut_off(dt.datetime.fromisoformat(asked))
    except ValueError:
        return None
