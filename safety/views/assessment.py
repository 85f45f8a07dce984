"""What is decided about an event: its cause, and whether it is serious."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from enrollment.views.common import GET_OR_POST, posted, tell
from oversight.forms import attempt
from safety.actions import events as actions
from safety.forms.assessment import AssessForm, SeriousForm
from safety.selectors import drugs_given
from safety.views.common import event_in_force, page
from trial_site.http import StaffRequest


@GET_OR_POST
def event_assess(request: StaffRequest, pk: int) -> HttpResponse:
    """The investigator's: relation to each drug, what was done with it, expected or not."""
    found = event_in_force(request, pk)
    form = AssessForm(posted(request), event=found, given=drugs_given(found.participant))
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: actions.assess_event(
                found,
                assessment=form.assessment(),
                reason=form.cleaned_data.get("reason", ""),
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            tell(request, saved, _("The event is assessed"))
            return redirect("safety:event", pk)
    return page(request, "safety/event_assess.html", _("Assess"), form=form, event=found)


@GET_OR_POST
def event_serious(request: StaffRequest, pk: int) -> HttpResponse:
    """Why an event is serious, and since when somebody knew: its clocks start there."""
    found = event_in_force(request, pk)
    form = SeriousForm(posted(request), event=found)
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: actions.change_seriousness(
                found,
                serious=form.seriousness(),
                reason=form.cleaned_data["reason"],
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            tell(request, saved, _("Saved; the clocks run from there"))
            return redirect("safety:event", pk)
    return page(request, "safety/event_serious.html", _("Seriousness"), form=form, event=found)
