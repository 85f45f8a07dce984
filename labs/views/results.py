"""What was saved: one result, and its correction."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from labs import actions, alerts, selectors
from labs.asked import asked_about
from labs.comparisons import incomparable_to
from labs.corrected import corrections_of
from labs.forms import ResultCorrectionForm, attempt_entry
from labs.permissions import ACKNOWLEDGE, ENTER_RESULTS, READ_FILES
from labs.readings import read
from labs.views.pages import page
from trial_site.http import StaffRequest


@require_GET
def result(request: StaffRequest, pk: int) -> HttpResponse:
    """One result: its value, its verdict, and the others of the same specimen."""
    found = get_object_or_404(selectors.results_visible_to(request.user), pk=pk)
    return page(
        request,
        "labs/result.html",
        reading=read(found),
        result=found,
        siblings=[read(other) for other in selectors.results_of(found.specimen)],
        corrections=corrections_of(found),
        comparison=incomparable_to(found),
        asked=asked_about(found),
        alert=alerts.alert_of(found),
        acknowledgements=alerts.acknowledgements_of(found),
        may_acknowledge=ACKNOWLEDGE.allows(request.user),
        may_enter=ENTER_RESULTS.allows(request.user),
        may_read_files=READ_FILES.allows(request.user),
    )


@require_http_methods(["GET", "POST"])
def result_correct(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct the value of a saved result, with a reason; history keeps the first."""
    found = get_object_or_404(selectors.results_visible_to(request.user).in_force(), pk=pk)
    form = ResultCorrectionForm(request.POST or None, result=found)
    if form.is_valid():
        outcome = attempt_entry(
            form,
            lambda confirmed: actions.correct_result(
                found,
                entry=form.entry(form.analyte),
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                confirmed=confirmed,
                key=form.key,
            ),
        )
        if outcome:
            saved = _("The result was corrected; history keeps the first value")
            messages.success(request, saved if outcome.record else _("This was saved already"))
            return redirect("labs:result", pk)
    return page(request, "labs/result_correct.html", form=form, reading=read(found), result=found)
