"""The analysis sets: who belongs where and why, and the primary endpoint in each."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from outcomes.analysis import allocated
from outcomes.sets import analysed, set_summaries
from trial_site.http import StaffRequest
from trial_site.protocol import current


@require_GET
def sets(request: StaffRequest) -> HttpResponse:
    """Every allocated participant, in or out of each set, with every reason."""
    rows = analysed(allocated(request.user))
    context = {
        "rows": rows,
        "summaries": set_summaries(rows),
        "rule": current().analysis,
        "crumbs": [(_("Outcomes"), reverse("outcomes:dashboard"))],
        "here": _("Analysis sets"),
    }
    return render(request, "outcomes/sets.html", context)
