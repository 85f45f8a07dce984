"""Participants: the list, and how a participation ended."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from enrollment import selectors
from enrollment.actions.participation import begin_rescue, end_participation
from enrollment.forms.participation import DispositionForm, ReasonForm, ends_of
from enrollment.states import State
from enrollment.views.common import GET_OR_POST, participant_crumbs, posted, tell
from oversight.forms import attempt
from trial_site.http import StaffRequest


@GET_OR_POST
def disposition(request: StaffRequest, subject: str) -> HttpResponse:
    """How and why a participation ended."""
    participant = get_object_or_404(selectors.participant_pages(request.user), subject=subject)
    form = DispositionForm(posted(request), ends=ends_of(participant.state))
    if request.method == "POST" and not participant.has_ended and form.is_valid():
        after, why = State(form.cleaned_data["after"]), form.cleaned_data["why"]
        saved = attempt(
            form,
            lambda: end_participation(
                participant, after=after, why=why, by=request.user, key=form.key
            ),
        )
        if saved:
            tell(request, saved, _("The end of the participation is recorded."))
            return redirect("enrollment:disposition", subject)
    context = {
        "form": form,
        "participant": participant,
        "moves": participant.screening.moves.select_related("by"),
        "crumbs": participant_crumbs(participant),
        "here": _("End of participation"),
    }
    return render(request, "enrollment/disposition.html", context)


@GET_OR_POST
def rescue(request: StaffRequest, subject: str) -> HttpResponse:
    """Begin rescue treatment in follow-up; the dosing room ends it, with its orders."""
    participant = get_object_or_404(selectors.participant_pages(request.user), subject=subject)
    if participant.state == State.RESCUE:
        return redirect("dosing:rescue-end", subject)
    if participant.state != State.FOLLOW_UP:
        messages.info(request, _("Rescue treatment belongs to the follow-up."))
        return redirect("enrollment:disposition", subject)
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        why = form.cleaned_data["why"]
        saved = attempt(
            form, lambda: begin_rescue(participant, why=why, by=request.user, key=form.key)
        )
        if saved:
            tell(request, saved, _("Rescue treatment has begun: order ganciclovir."))
            return redirect("dosing:orders", subject)
    context = {
        "form": form,
        "participant": participant,
        "crumbs": participant_crumbs(participant),
        "here": _("Rescue treatment"),
    }
    return render(request, "enrollment/rescue.html", context)
