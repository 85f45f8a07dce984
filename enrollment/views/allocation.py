"""Allocation: what will happen, the one click, its receipt; and the sealed list's commitment."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment import selectors
from enrollment.actions.allocation import allocate as allocate_participant
from enrollment.actions.screening import judge
from enrollment.forms import PressForm
from enrollment.models import Participant
from enrollment.views.cards import blocking, cards
from enrollment.views.common import GET_OR_POST, participant_crumbs, posted, tell
from oversight.forms import attempt
from trial_site import clock
from trial_site.http import StaffRequest
from trial_site.protocol import current


@GET_OR_POST
def allocate(request: StaffRequest, subject: str) -> HttpResponse:
    """Before the click: whether it can be made.  Afterwards, for ever: the receipt."""
    participant = get_object_or_404(selectors.participant_pages(request.user), subject=subject)
    form = PressForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done = attempt(
            form, lambda: allocate_participant(participant, by=request.user, key=form.key)
        )
        if done:
            tell(request, done, _("The participant is allocated."))
            return redirect("enrollment:allocate", subject)
        participant = selectors.participant_pages(request.user).get(pk=participant.pk)
        if participant.arm:
            messages.info(request, _("This participant is allocated already; this is the receipt."))
            return redirect("enrollment:allocate", subject)
    if participant.arm:
        return _receipt(request, participant)
    return _before(request, participant, form)


def _receipt(request: StaffRequest, participant: Participant) -> HttpResponse:
    allocation = selectors.receipt(participant)
    context = {
        "participant": participant,
        "allocation": allocation,
        "crumbs": participant_crumbs(participant),
        "here": _("Allocation"),
    }
    return render(request, "enrollment/allocation_receipt.html", context)


def _before(request: StaffRequest, participant: Participant, form: PressForm) -> HttpResponse:
    """Screening values expire, so eligibility is judged as of today."""
    screening = participant.screening
    eligibility = judge(screening, clock.today())
    context = {
        "form": form,
        "participant": participant,
        "screening": screening,
        "consent": screening.consent,
        "eligibility": eligibility,
        "blocking": blocking(cards(current(), eligibility)),
        "list": selectors.allocation_list_used()[0],
        "arms": current().arms,
        "rule": current().allocation,
        "crumbs": participant_crumbs(participant),
        "here": _("Allocate"),
    }
    return render(request, "enrollment/allocate.html", context)


@require_GET
def allocation_list(request: StaffRequest) -> HttpResponse:
    """The commitment of the list, never what it holds."""
    found, used = selectors.allocation_list_used()
    context = {"list": found, "used": used, "rule": current().allocation}
    return render(request, "enrollment/allocation_list.html", context)
