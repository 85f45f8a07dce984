"""Results that need an investigator: seen, and decided about."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from labs import alerts, selectors
from labs.actions.critical import acknowledge
from labs.forms.alerts import AcknowledgeForm
from labs.readings import read
from labs.views.pages import page
from oversight.forms import attempt
from trial_site.http import StaffRequest


@require_http_methods(["GET", "POST"])
def result_acknowledge(request: StaffRequest, pk: int) -> HttpResponse:
    """A result that needs a look: why, what it holds, earlier values, and what was decided."""
    found = get_object_or_404(selectors.results_visible_to(request.user), pk=pk)
    form = AcknowledgeForm(request.POST or None, initial={"record_version": found.version})
    if form.is_valid():
        saved = attempt(
            form,
            lambda: acknowledge(
                found,
                decision=form.cleaned_data["decision"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            done = _("Acknowledged for %(subject)s") % {"subject": found.participant}
            messages.success(request, done if saved.record else _("This was saved already"))
            return redirect("outcomes:worklist")
        found.refresh_from_db()
    return page(
        request,
        "labs/result_acknowledge.html",
        form=form,
        result=found,
        reading=read(found),
        alert=alerts.alert_of(found),
        others=[read(other) for other in alerts.other_values(found)],
        acknowledgements=alerts.acknowledgements_of(found),
    )
