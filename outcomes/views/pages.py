"""The worklist, the casebook and the outcomes."""

import datetime as dt
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from enrollment.actions.gates import consent_problem
from enrollment.models import Participant
from enrollment.permissions import SCREEN
from outcomes import casebook as book
from outcomes import dashboard as board
from outcomes import downloads
from outcomes import worklist as work
from outcomes.figures.render import pdf, svg
from outcomes.figures.theme import Theme
from outcomes.members import members, set_named, sets
from outcomes.pages import ENDPOINTS, figure_cards, levels_card, measured_pages
from outcomes.rules.sets import AnalysisSet
from outcomes.sets import set_name
from outcomes.views.past import may_look_back, record_of
from trial_site import clock
from trial_site.access import may_open
from trial_site.http import StaffRequest
from trial_site.protocol import current

ROWS_A_GROUP, ROWS_A_PAGE, DAYS_A_PAGE = 10, 50, 7
DRAWINGS = {"svg": (svg, "image/svg+xml"), "pdf": (pdf, "application/pdf")}


@require_GET
def worklist(request: StaffRequest) -> HttpResponse:
    """What is due, late or blocked for this role; ``?state=`` shows the whole of one group."""
    groups = {group.state: group for group in work.groups(request.user)}
    chosen = groups.get(request.GET.get("state", ""))
    page = None
    if chosen:
        page = Paginator(chosen.waiting, ROWS_A_PAGE).get_page(request.GET.get("page"))
        rows = work.in_words(page.object_list, request.user)
        shown = [(chosen, rows)] if rows else []
    else:
        shown = work.first_rows(groups.values(), request.user, ROWS_A_GROUP)
    context = {
        "groups": groups.values(),
        "shown": shown,
        "chosen": chosen,
        "page_obj": page,
        "today": clock.today(),
        "total": sum(group.total for group in groups.values()),
        "glance": work.glance(request.user),
        "has_tasks": work.has_tasks(request.user.role),
        "workplaces": work.workplaces(request.user.role),
        "may_screen": SCREEN.allows(request.user),
    }
    return render(request, "outcomes/worklist.html", context)


@require_GET
def casebook(request: StaffRequest, subject: str) -> HttpResponse:
    """One timeline of everything about one participant, seven days a page; ``?kind=`` narrows."""
    try:
        participant = book.participant_named(request.user, subject)
    except Participant.DoesNotExist:
        raise Http404 from None
    kind = request.GET.get("kind", "")
    kind = kind if kind in book.KINDS else ""
    days = Paginator(book.days(participant, request.user, kind), DAYS_A_PAGE)
    context = {
        "participant": participant,
        "page_obj": days.get_page(request.GET.get("page")),
        "kinds": book.KINDS.items(),
        "kind": kind,
        "summary": book.summary(participant),
        "actions": book.actions(participant, request.user),
        "opens_screening": may_open(request.user, "enrollment:screening"),
        "consent_problem": None
        if participant.has_ended
        else consent_problem(participant.screening, clock.today()),
        "today": clock.today(),
    }
    return render(request, "outcomes/casebook.html", context)


@require_GET
@may_look_back
def dashboard(request: StaffRequest, day: dt.date | None) -> HttpResponse:
    """The endpoints by arm, every participant drawn; ``?set=`` chooses who is analysed, ``?as_of=``
    a day that is over."""
    with record_of(day):
        overview = board.overview(request.user, _set_of(request))
        context = {
            **overview,
            "sets": sets(),
            "as_of": day,
            "today": clock.today(),
            "cards": figure_cards(overview),
            "measured": measured_pages(),
            "protocol": current(),
        }
        return render(request, "outcomes/dashboard.html", context)


@require_GET
def endpoint(request: StaffRequest, name: str) -> HttpResponse:
    """The rows that one number was computed from; ``?set=`` chooses who is analysed."""
    if name not in ENDPOINTS:
        raise Http404
    page, chosen = ENDPOINTS[name], _set_of(request)
    people = members(request.user, chosen)
    rows = page.rows(people)
    context = {
        "chosen": chosen,
        "set_name": set_name(chosen),
        "sets": sets(),
        "analysed": len(people),
        "rows": rows,
        "anybody": bool(people),
        "outcome": current().outcome(page.outcome),
        "name": name,
        "may_choose": may_open(request.user, "outcomes:sample"),
        **page.beside(rows),
    }
    if current().outcome(page.outcome).analytes:
        context["card"] = levels_card(name, chosen)
    return render(request, page.template, context)


@require_GET
def endpoint_download(request: StaffRequest, name: str) -> HttpResponse:
    """The same rows as CSV."""
    if name not in downloads.TABLES:
        raise Http404
    chosen = _set_of(request)
    response = HttpResponse(
        downloads.endpoint_csv(name, members(request.user, chosen), chosen),
        content_type="text/csv; charset=utf-8",
    )
    suffix = "" if chosen is AnalysisSet.ALLOCATED else f"-{chosen}"
    response["Content-Disposition"] = f'attachment; filename="{name}{suffix}.csv"'
    return response


@require_GET
def figure(request: StaffRequest, name: str, form: str) -> HttpResponse:
    """A figure as JSON, SVG or PDF; ``?theme=`` light or dark, ``?size=`` wide or narrow, ``?set=``
    of whom."""
    if name not in board.FIGURES:
        raise Http404
    look: dict[str, Any] = {
        "theme": Theme.DARK if request.GET.get("theme") == Theme.DARK else Theme.LIGHT,
        "narrow": request.GET.get("size") == "narrow",
        "chosen": _set_of(request),
    }
    if form == "json":
        text = board.figure_json(request.user, name, **look)
        return HttpResponse(text, content_type="application/json")
    draw, kind = DRAWINGS[form]
    return HttpResponse(board.drawing(request.user, name, draw, **look), content_type=kind)


def _set_of(request: StaffRequest) -> AnalysisSet:
    return set_named(request.GET.get("set"))
