"""Visits: the calendar of one participant, the week of a site, and what becomes of a visit."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment import selectors
from enrollment import visits as reading
from enrollment.actions.visits import add_unscheduled_visit, correct_visit, record_visit
from enrollment.forms.visits import CorrectVisitForm, UnscheduledForm, VisitForm
from enrollment.ics import calendar_of
from enrollment.models import Participant
from enrollment.rules.calendar import DAYS_A_WEEK, monday, week_name, week_named
from enrollment.views.common import GET_OR_POST, participant_crumbs, posted, tell
from oversight.downloads import download
from oversight.forms import attempt
from trial_site import clock
from trial_site.access import may_open
from trial_site.http import StaffRequest

A_WEEK = dt.timedelta(days=DAYS_A_WEEK)


@require_GET
def visits(request: StaffRequest, subject: str) -> HttpResponse:
    """Every visit with its window and what became of it, as a list and as months."""
    participant = _participant(request, subject)
    lines = reading.visit_lines(participant)
    context = {
        "lines": lines,
        "months": reading.months(lines),
        "may_record": may_open(request.user, "enrollment:visit-record"),
    }
    return _page(request, "enrollment/visits.html", participant, _("Visits"), **context)


@GET_OR_POST
def record(request: StaffRequest, subject: str, code: str) -> HttpResponse:
    """Record one visit as done or missed, once."""
    participant = _participant(request, subject)
    visit = get_object_or_404(participant.visits, code=code)
    form = VisitForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done_on, why = form.cleaned_data["done_on"], form.cleaned_data["why"]
        saved = attempt(
            form,
            lambda: record_visit(visit, done_on=done_on, why=why, by=request.user, key=form.key),
        )
        if saved:
            tell(request, saved, _("The visit is recorded."))
            return redirect("enrollment:visits", subject)
    line = reading.line_of(visit, ended_on=reading.end_day(participant))
    if not line.is_open:
        closed = _("This visit is not due any more.")
        recorded = _("This visit is recorded already.")
        messages.info(request, recorded if line.can_be_corrected else closed)
        return redirect("enrollment:visits", subject)
    context = {"form": form, "line": line}
    return _page(request, "enrollment/visit_record.html", participant, visit.code, **context)


@GET_OR_POST
def new(request: StaffRequest, subject: str) -> HttpResponse:
    """Record a visit that nobody planned."""
    participant = _participant(request, subject)
    form = UnscheduledForm(posted(request))
    if request.method == "POST" and form.is_valid():
        done_on, why = form.cleaned_data["done_on"], form.cleaned_data["why"]
        saved = attempt(
            form,
            lambda: add_unscheduled_visit(
                participant, done_on=done_on, why=why, by=request.user, key=form.key
            ),
        )
        if saved:
            tell(request, saved, _("The visit is recorded."))
            return redirect("enrollment:visits", subject)
    here = _("Unscheduled visit")
    return _page(request, "enrollment/visit_new.html", participant, here, form=form)


@GET_OR_POST
def correct(request: StaffRequest, subject: str, code: str) -> HttpResponse:
    """Correct a recorded visit, with a reason."""
    participant = _participant(request, subject)
    visit = get_object_or_404(participant.visits, code=code)
    line = reading.line_of(visit, ended_on=reading.end_day(participant))
    form = CorrectVisitForm(posted(request), visit=visit)
    if request.method == "POST" and form.is_valid():
        saved = attempt(form, lambda: correct_visit(visit, by=request.user, **form.answers))
        if saved:
            tell(request, saved, _("The visit is corrected."))
            return redirect("enrollment:visits", subject)
    if not line.can_be_corrected:
        messages.info(request, _("This visit is not recorded yet."))
        return redirect("enrollment:visits", subject)
    context = {"form": form, "line": line}
    return _page(request, "enrollment/visit_correct.html", participant, visit.code, **context)


@require_GET
def card(request: StaffRequest, subject: str) -> HttpResponse:
    """One page for the participant's hand: when to come, and what is done then."""
    participant = _participant(request, subject)
    lines = [line for line in reading.visit_lines(participant) if line.is_on_card]
    context = {"lines": lines, "today": clock.today()}
    return _page(request, "enrollment/visit_card.html", participant, _("Visit card"), **context)


@require_GET
def file(request: StaffRequest, subject: str) -> StreamingHttpResponse:
    """The visits of one participant, for a calendar program."""
    lines = reading.visit_lines(_participant(request, subject))
    return _calendar(request, lines, f"visits-{subject}")


@require_GET
def week(request: StaffRequest) -> HttpResponse:
    """Who comes this week, and whose window opens or closes."""
    begins, site = _week(request)
    days = reading.week(request.user, begins, site=site)
    context = {
        "days": days,
        "begins": begins,
        "ends": days[-1].day,
        "week": week_name(begins),
        "before": week_name(begins - A_WEEK),
        "after": week_name(begins + A_WEEK),
        "is_this_week": begins == monday(clock.today()),
        "total": sum(len(day.entries) for day in days),
        "site": site,
        "sites": request.user.sites.order_by("code"),
        "may_record": may_open(request.user, "enrollment:visit-record"),
    }
    return render(request, "enrollment/visits_week.html", context)


@require_GET
def week_file(request: StaffRequest) -> StreamingHttpResponse:
    """The visits of a week, or all that are still to be done, for a calendar program."""
    begins, site = _week(request)
    if "week" not in request.GET:
        return _calendar(request, reading.site_visits(request.user, site=site), "visits")
    days = reading.week(request.user, begins, site=site)
    of_week = {entry.line.visit.pk: entry.line for day in days for entry in day.entries}
    return _calendar(request, of_week.values(), f"visits-{week_name(begins)}")


def _participant(request: StaffRequest, subject: str) -> Participant:
    people = selectors.participant_pages(request.user)
    found: Participant = get_object_or_404(people, subject=subject)
    return found


def _week(request: StaffRequest) -> tuple[dt.date, str]:
    """The Monday and the site that the address asks for: this week's, and every site."""
    named = week_named(request.GET.get("week", ""))
    site = request.GET.get("site", "")
    known = request.user.sites.filter(code=site).exists()
    return named or monday(clock.today()), site if known else ""


def _calendar(
    request: StaffRequest, lines: Iterable[reading.VisitLine], name: str
) -> StreamingHttpResponse:
    return download(
        [calendar_of(lines)],
        name=f"{name}.ics",
        by=request.user,
        kind="text/calendar",
        asked=request.GET.dict(),
    )


def _page(
    request: StaffRequest, template: str, participant: Participant, here: str, **context: Any
) -> HttpResponse:
    """A page of one participant's visits, below the list of them."""
    crumbs = participant_crumbs(participant)
    if template != "enrollment/visits.html":
        crumbs.append((_("Visits"), reverse("enrollment:visits", args=[participant.subject])))
    frame = {"participant": participant, "crumbs": crumbs, "here": here}
    return render(request, template, frame | context)
