"""A whole PCR run on one page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from labs import actions
from labs.forms import RunForm, attempt_run
from labs.views.pages import page
from trial_site.http import StaffRequest
from trial_site.protocol import current


@require_http_methods(["GET", "POST"])
def pcr_run(request: StaffRequest) -> HttpResponse:
    """Enter the results of a run; ``more`` adds rows and saves nothing."""
    if "more" in request.POST:
        form = RunForm.with_more_rows(request.POST.dict(), request.user)
        return page(request, "labs/pcr_run.html", form=form)
    form = RunForm(request.POST or None, user=request.user, address=request.GET)
    if form.is_valid():
        outcome = attempt_run(
            form,
            lambda confirmed: actions.record_run(
                form.run, by=request.user, confirmed=confirmed, key=form.key
            ),
        )
        if outcome and outcome.record:
            n = len(outcome.record)
            saved = ngettext("%(n)s result saved", "%(n)s results saved", n)
            messages.success(request, saved % {"n": n})
        elif outcome:
            messages.info(request, _("This was saved already"))
        if outcome:
            return redirect(f"{reverse('labs:index')}?analyte={current().pcr.analyte}")
    return page(request, "labs/pcr_run.html", form=form)
