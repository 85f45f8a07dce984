"""Participants: the list, the planned visits, and how a participation ended."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment import selectors
from enrollment.actions.participation import end_participation, record_visit
from enrollment.forms import DispositionForm, VisitForm
from enrollment.lists import columns, filters
from enrollment.models import Visit
from enrollment.states import State
from enrollment.views.common import GET_OR_POST, PAGE_SIZE, participant_crumbs, posted, tell
from oversight.forms import attempt
from trial_site.access import may_open
from trial_site.http import StaffRequest
from trial_site.roles import SEES_ARM


@require_GET
def participants(request: StaffRequest) -> HttpResponse:
    """Everybody in the trial at the user's sites; filter and order stay in the address."""
    state, order = request.GET.get("state", ""), request.GET.get("sort", "")
    found = selectors.participants(request.user, state=state, order=order)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "lines": [(participant, selectors.treatment_day(participant)) for participant in page],
        "filters": filters(State.choices, selectors.participant_counts(request.user), state),
        "columns": columns(order, shows_arm=SEES_ARM.allows(request.user)),
        "shows_arm": SEES_ARM.allows(request.user),
        "opens_casebook": may_open(request.user, "outcomes:casebook"),
    }
    return render(request, "enrollment/participants.html", context)


@require_GET
def visits(request: StaffRequest, subject: str) -> HttpResponse:
    """The planned visits with their windows."""
    participant = get_object_or_404(selectors.participant_pages(request.user), subject=subject)
    context = {
        "participant": participant,
        "lines": selectors.visit_lines(participant),
        "crumbs": participant_crumbs(participant),
        "here": _("Visits"),
    }
    return render(request, "enrollment/visits.html", context)


@GET_OR_POST
def visit_record(request: StaffRequest, subject: str, code: str) -> HttpResponse:
    """Record one visit as done or missed, once."""
    participant = get_object_or_404(selectors.participant_pages(request.user), subject=subject)
    visit = get_object_or_404(participant.visits, code=code)
    form = VisitForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done_on = form.cleaned_data["done_on"]
        saved = attempt(
            form, lambda: record_visit(visit, done_on=done_on, by=request.user, key=form.key)
        )
        if saved:
            tell(request, saved, _("The visit is recorded."))
            return redirect("enrollment:visits", subject)
    if visit.status != Visit.Status.PLANNED:
        messages.info(request, _("This visit is recorded already."))
        return redirect("enrollment:visits", subject)
    visits_page = (_("Visits"), reverse("enrollment:visits", args=[subject]))
    context = {
        "form": form,
        "participant": participant,
        "line": selectors.visit_line(participant, visit),
        "crumbs": [*participant_crumbs(participant), visits_page],
        "here": visit.code,
    }
    return render(request, "enrollment/visit_record.html", context)


@GET_OR_POST
def disposition(request: StaffRequest, subject: str) -> HttpResponse:
    """How and why a participation ended."""
    participant = get_object_or_404(selectors.participant_pages(request.user), subject=subject)
    form = DispositionForm(posted(request), participant=participant)
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
        "moves": participant.moves.select_related("by"),
        "crumbs": participant_crumbs(participant),
        "here": _("End of participation"),
    }
    return render(request, "enrollment/disposition.html", context)
