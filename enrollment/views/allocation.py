"""A participant's allocation: what will happen, the one click, its receipt, an error noted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment import allocations, selectors
from enrollment.actions.allocation import allocate as allocate_participant
from enrollment.actions.allocation import assign as assign_arm
from enrollment.actions.allocation import note_allocation_error
from enrollment.actions.gates import consent_problem, site_problem
from enrollment.actions.screening import judge
from enrollment.forms.allocation import AssignForm, ErrorForm
from enrollment.forms.participation import PressForm
from enrollment.models import AllocationPlan, Participant
from enrollment.permissions import NOTE_ERROR, READ_LIST
from enrollment.views.cards import blocking, cards
from enrollment.views.common import GET_OR_POST, participant_crumbs, posted, tell
from oversight.forms import EntryForm, attempt
from trial_site import clock
from trial_site.http import StaffRequest
from trial_site.protocol import current
from trial_site.protocol.definition import AllocationMode


@GET_OR_POST
def allocate(request: StaffRequest, subject: str) -> HttpResponse:
    """Before the click: whether it can be made.  Afterwards, for ever: the receipt."""
    participant = _participant(request, subject)
    form = PressForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form, lambda: allocate_participant(participant, by=request.user, key=form.key)
        )
        if done:
            tell(request, done, _("The participant is allocated."))
            return redirect("enrollment:allocation-receipt", subject)
    return _before(request, participant, form, AllocationMode.RANDOMISED)


@GET_OR_POST
def assign(request: StaffRequest, subject: str) -> HttpResponse:
    """The investigator chooses the arm, in a trial whose plan is to assign."""
    participant = _participant(request, subject)
    form = AssignForm(posted(request))
    if request.method == "POST" and form.is_valid():
        arm, why = form.cleaned_data["arm"], form.cleaned_data["why"]
        done = attempt(
            form,
            lambda: assign_arm(participant, arm=arm, reason=why, by=request.user, key=form.key),
        )
        if done:
            tell(request, done, _("The arm is assigned."))
            return redirect("enrollment:allocation-receipt", subject)
    return _before(request, participant, form, AllocationMode.ASSIGNED)


def _participant(request: StaffRequest, subject: str) -> Participant:
    found: Participant = get_object_or_404(
        selectors.participant_pages(request.user), subject=subject
    )
    return found


def _before(
    request: StaffRequest, participant: Participant, form: EntryForm, mode: AllocationMode
) -> HttpResponse:
    """What would happen, or the first thing that stands in the way; the receipt if it happened."""
    subject = participant.subject
    if request.method == "POST":  # somebody else may have been quicker
        participant = _participant(request, subject)
    if participant.arm:
        if request.method == "POST":
            messages.info(request, _("This participant is allocated already; this is the receipt."))
        return redirect("enrollment:allocation-receipt", subject)
    context = _offer(participant, mode)
    context |= {
        "form": form,
        "participant": participant,
        "registered": allocations.Registered.now(),
        "crumbs": participant_crumbs(participant),
        "here": _("Allocate"),
    }
    template = "assign" if mode is AllocationMode.ASSIGNED else "allocate"
    return render(request, f"enrollment/{template}.html", context)


def _offer(participant: Participant, mode: AllocationMode) -> dict[str, Any]:
    """Screening values expire, so eligibility is judged as of today."""
    screening, plan = participant.screening, AllocationPlan.objects.first()
    eligibility = judge(screening, clock.today())
    return {
        "screening": screening,
        "consent": screening.latest_consent,
        "eligibility": eligibility,
        "blocking": blocking(cards(current(), eligibility)),
        "gate": site_problem(participant.site, clock.today())
        or consent_problem(screening, clock.today())
        or allocations.problem(plan, screening, mode),
        "list": allocations.stratum_list(plan, screening),
        "arms": current().arms,
        "rule": current().allocation,
    }


@require_GET
def receipt(request: StaffRequest, subject: str) -> HttpResponse:
    """What happened once; it prints on one page."""
    participant = _participant(request, subject)
    if not participant.arm:
        messages.info(request, _("This participant is not allocated."))
        return redirect("outcomes:casebook", subject)
    allocation, entry = allocations.receipt(participant)
    note = getattr(allocation.participant, "allocation_error", None)
    context = {
        "participant": participant,
        "allocation": allocation,
        "entry": entry,
        "error": note,
        "may_note": note is None and NOTE_ERROR.allows(request.user),
        "sees_list": READ_LIST.allows(request.user),
        "registered": allocations.Registered.now(),
        "trial": current().identification,
        "crumbs": participant_crumbs(participant),
        "here": _("Allocation"),
    }
    return render(request, "enrollment/allocation_receipt.html", context)


@GET_OR_POST
def error(request: StaffRequest, subject: str) -> HttpResponse:
    """Note that the allocation was made in error, once; it stands."""
    participant = _participant(request, subject)
    form = ErrorForm(posted(request))
    if request.method == "POST" and form.is_valid():
        what = form.cleaned_data["what"]
        saved = attempt(
            form,
            lambda: note_allocation_error(participant, what=what, by=request.user, key=form.key),
        )
        if saved:
            tell(request, saved, _("The error is noted."))
            return redirect("enrollment:allocation-receipt", subject)
    if not participant.arm or hasattr(participant, "allocation_error"):
        messages.info(request, _("There is nothing to note: not allocated, or noted already."))
        return redirect("enrollment:allocation-receipt", subject)
    context = {
        "form": form,
        "participant": participant,
        "crumbs": participant_crumbs(participant),
        "here": _("Allocated in error"),
    }
    return render(request, "enrollment/allocation_error.html", context)
