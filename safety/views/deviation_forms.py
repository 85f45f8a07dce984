"""What people decide about deviations: record, decline, assess, correct, take back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from enrollment.models import Participant
from enrollment.selectors import participant_pages
from enrollment.views.common import GET_OR_POST, posted, tell
from labs.prefill import subjects_to_choose
from oversight.forms import attempt
from safety.actions import deviations as actions
from safety.actions.records import mark_in_error
from safety.departures import Offer, conduct
from safety.deviation_list import DeviationLine, deviations
from safety.forms.deviations import (
    AcceptForm,
    AssessForm,
    CorrectDeviationForm,
    DeclineForm,
    DeviationForm,
    InErrorForm,
)
from safety.models import Deviation
from safety.permissions import RECORD_DEVIATION
from safety.views.deviations import crumbs
from trial_site.http import StaffRequest


@GET_OR_POST
def new(request: StaffRequest) -> HttpResponse:
    """A deviation that somebody noticed."""
    initial = {"participant": request.GET.get("participant", "")}
    form = DeviationForm(posted(request), user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        participant = form.cleaned_data["participant"]
        saved = attempt(
            form,
            lambda: actions.record_deviation(
                participant, by=request.user, key=form.key, **form.values()
            ),
        )
        if saved:
            tell(request, saved, _("The deviation is recorded; the investigator assesses it."))
            return redirect("safety:deviations")
    subjects = subjects_to_choose(request.user)
    here = _("New deviation")
    return _page(request, "safety/deviation_new.html", here, form=form, subjects=subjects)


@GET_OR_POST
def accept(request: StaffRequest, subject: str, source: str) -> HttpResponse:
    """What a rule offers, with its evidence: record it, or go on to decline it."""
    participant = _participant(request, subject)
    form = AcceptForm(posted(request))
    if request.method == "POST" and form.is_valid():
        description = form.cleaned_data["description"]
        saved = attempt(
            form,
            lambda: actions.accept_offer(
                participant, source=source, description=description, by=request.user, key=form.key
            ),
        )
        if saved:
            tell(request, saved, _("The deviation is recorded; the investigator assesses it."))
            return redirect("safety:deviations")
    return _of_offer(request, "safety/deviation_accept.html", participant, source, form)


@GET_OR_POST
def decline(request: StaffRequest, subject: str, source: str) -> HttpResponse:
    """Why what a rule offers is no deviation."""
    participant = _participant(request, subject)
    form = DeclineForm(posted(request))
    if request.method == "POST" and form.is_valid():
        why = form.cleaned_data["why"]
        saved = attempt(
            form,
            lambda: actions.decline_deviation(
                participant, source=source, why=why, by=request.user, key=form.key
            ),
        )
        if saved:
            tell(request, saved, _("The offer is declined; the log keeps the reason."))
            return redirect("safety:deviations")
    return _of_offer(request, "safety/deviation_decline.html", participant, source, form)


@GET_OR_POST
def assess(request: StaffRequest, pk: int) -> HttpResponse:
    """Minor or major, what it means, what is done about it."""
    deviation = _deviation(request, pk)
    form = AssessForm(posted(request), deviation=deviation)
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: actions.assess_deviation(
                deviation, by=request.user, key=form.key, **form.values()
            ),
        )
        if saved:
            tell(request, saved, _("The assessment is saved."))
            return redirect("safety:deviation", pk)
    return _of_deviation(
        request, "safety/deviation_assess.html", deviation, form, _("Assess a deviation")
    )


@GET_OR_POST
def correct(request: StaffRequest, pk: int) -> HttpResponse:
    """What happened, said anew with a reason."""
    deviation = _deviation(request, pk)
    form = CorrectDeviationForm(posted(request), deviation=deviation)
    if request.method == "POST" and form.is_valid():
        saved = attempt(
            form,
            lambda: actions.correct_deviation(
                deviation, by=request.user, key=form.key, **form.values()
            ),
        )
        if saved:
            tell(request, saved, _("The correction is saved; the investigator assesses it anew."))
            return redirect("safety:deviation", pk)
    return _of_deviation(
        request, "safety/deviation_correct.html", deviation, form, _("Correct a deviation")
    )


@GET_OR_POST
def in_error(request: StaffRequest, pk: int) -> HttpResponse:
    """Mark a deviation as entered in error, once."""
    deviation = get_object_or_404(deviations(request.user), pk=pk)
    form = InErrorForm(posted(request), version=deviation.version)
    if request.method == "POST" and form.is_valid():
        answers = form.cleaned_data
        saved = attempt(
            form,
            lambda: mark_in_error(
                deviation,
                allowed=RECORD_DEVIATION,
                reason=answers["reason"],
                version=answers["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            tell(request, saved, _("The deviation is marked as entered in error."))
            return redirect("safety:deviation", pk)
    if deviation.retracted_at is not None:
        return redirect("safety:deviation", pk)
    here = _("Entered in error")
    return _of_deviation(request, "safety/deviation_in_error.html", deviation, form, here)


def _participant(request: StaffRequest, subject: str) -> Participant:
    people = participant_pages(request.user)
    found: Participant = get_object_or_404(people, subject=subject)
    return found


def _deviation(request: StaffRequest, pk: int) -> Deviation:
    """One that stands: what was entered in error is only read."""
    standing = deviations(request.user).in_force()
    found: Deviation = get_object_or_404(standing, pk=pk)
    return found


def _of_offer(
    request: StaffRequest, template: str, participant: Participant, source: str, form: Any
) -> HttpResponse:
    """The page of an offer; without one any more, back to the list."""
    offers = conduct(request.user, participant).offers
    offer: Offer | None = next((one for one in offers if one.found.source == source), None)
    if offer is None:
        messages.info(
            request, _("This is not offered any more: it was corrected, recorded or declined.")
        )
        return redirect("safety:deviations")
    here = participant.subject
    return _page(request, template, here, offer=offer, participant=participant, form=form)


def _of_deviation(
    request: StaffRequest, template: str, deviation: Deviation, form: Any, here: str
) -> HttpResponse:
    seen = conduct(request.user, deviation.participant)
    line = DeviationLine(deviation, seen.still_holds(deviation))
    return _page(request, template, here, deviation=deviation, line=line, form=form)


def _page(request: StaffRequest, template: str, here: str, **context: Any) -> HttpResponse:
    return render(request, template, {"crumbs": crumbs(), "here": here, **context})
