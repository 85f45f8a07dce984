"""Reports of a serious event: written, frozen, printed."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment.views.common import GET_OR_POST, posted, tell
from oversight.forms import attempt
from safety import selectors
from safety.actions.reports import send_report
from safety.clocks import clocks_of
from safety.forms.assessment import ReportForm
from safety.report_content import content_of
from safety.views.common import event_in_force, page
from safety.wording import with_offset
from trial_site.http import StaffRequest


@GET_OR_POST
def report_new(request: StaffRequest, pk: int) -> HttpResponse:
    """The next report of a serious event; what it will say stands below the form."""
    found = event_in_force(request, pk)
    if not found.is_serious:
        return redirect("safety:event-serious", pk)
    initial = {"event_version": found.version, "recipient": request.GET.get("to", "sponsor")}
    form = ReportForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: send_report(
                found,
                recipient=form.cleaned_data["recipient"],
                narrative=form.cleaned_data["narrative"],
                version=form.cleaned_data["event_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            tell(request, saved, _("The report is kept as sent. Print it and send it now."))
            if saved.record is None:
                return redirect("safety:event", pk)
            return redirect("safety:report", saved.record.pk)
    content = content_of(found)
    context = {"form": form, "event": found, "content": content, "clocks": clocks_of(found)}
    return page(request, "safety/report_new.html", _("New report"), **context)


@require_GET
def report(request: StaffRequest, pk: int) -> HttpResponse:
    """A report as it was sent, to read and to print."""
    found = get_object_or_404(selectors.reports(request.user), pk=pk)
    context = {"report": found, "event": found.event, "sent": with_offset(found.sent_at)}
    return page(request, "safety/report.html", _("Report"), **context)
