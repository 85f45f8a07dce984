"""The worklist, the casebook, the outcomes and the follow-up list."""

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from enrollment.models import Participant
from outcomes import casebook as book
from outcomes import dashboard as board
from outcomes import downloads
from outcomes import worklist as work
from outcomes.analysis import allocated
from outcomes.figures.render import pdf, svg
from outcomes.figures.theme import Theme
from outcomes.pages import ENDPOINTS, figure_cards
from trial_site import clock
from trial_site.http import StaffRequest
from trial_site.protocol import current

FLAGS_A_PAGE = 50
DRAWINGS = {"svg": (svg, "image/svg+xml"), "pdf": (pdf, "application/pdf")}


@require_GET
def worklist(request: StaffRequest) -> HttpResponse:
    """What is due, late or blocked for this role; ``?state=`` shows one group."""
    groups = work.groups(request.user)
    state = request.GET.get("state", "")
    shown = [group for group in groups if group.total and state in ("", group.state)]
    context = {
        "groups": groups,
        "shown": shown,
        "state": state,
        "today": clock.today(),
        "total": sum(group.total for group in groups),
    }
    return render(request, "outcomes/worklist.html", context)


@require_GET
def casebook(request: StaffRequest, subject: str) -> HttpResponse:
    """One timeline of everything about one participant; ``?kind=`` narrows it."""
    people = Participant.objects.visible_to(request.user)
    participant = get_object_or_404(
        people.select_related("allocation", "screening", "site"), subject=subject
    )
    kind = request.GET.get("kind", "")
    context = {
        "participant": participant,
        "days": book.days(participant, request.user, kind if kind in book.KINDS else ""),
        "kinds": book.KINDS.items(),
        "kind": kind,
        "summary": book.summary(participant),
        "actions": book.actions(participant, request.user),
        "today": clock.today(),
    }
    return render(request, "outcomes/casebook.html", context)


@require_GET
def dashboard(request: StaffRequest) -> HttpResponse:
    """The endpoints by arm, every participant drawn."""
    overview = board.overview(request.user)
    context = {
        **overview,
        "today": clock.today(),
        "cards": figure_cards(overview),
        "protocol": current(),
    }
    return render(request, "outcomes/dashboard.html", context)


@require_GET
def endpoint(request: StaffRequest, name: str) -> HttpResponse:
    """The rows that one number was computed from."""
    if name not in ENDPOINTS:
        raise Http404
    page = ENDPOINTS[name]
    context = {
        "rows": page.rows(allocated(request.user)),
        "outcome": current().outcome(page.outcome),
        "name": name,
    }
    return render(request, page.template, context)


@require_GET
def endpoint_download(request: StaffRequest, name: str) -> HttpResponse:
    """The same rows as CSV."""
    if name not in downloads.TABLES:
        raise Http404
    response = HttpResponse(
        downloads.endpoint_csv(name, allocated(request.user)),
        content_type="text/csv; charset=utf-8",
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


@require_GET
def figure(request: StaffRequest, name: str, form: str) -> HttpResponse:
    """A figure as JSON, SVG or PDF; ``?theme=`` light or dark, ``?size=`` wide or narrow."""
    if name not in board.FIGURES:
        raise Http404
    look: dict[str, Any] = {
        "theme": Theme.DARK if request.GET.get("theme") == Theme.DARK else Theme.LIGHT,
        "narrow": request.GET.get("size") == "narrow",
    }
    if form == "json":
        text = board.figure_json(request.user, name, **look)
        return HttpResponse(text, content_type="application/json")
    draw, kind = DRAWINGS[form]
    return HttpResponse(board.drawing(request.user, name, draw, **look), content_type=kind)


@require_GET
def follow_up(request: StaffRequest) -> HttpResponse:
    """The open flags by urgency; ``?state=`` late, due or soon."""
    rows = [work.flag_row(flag, request.user) for flag in work.open_flags(request.user)]
    state = request.GET.get("state", "")
    shown = [row for row in rows if state in ("", row.state)]
    counts = [(key, label, sum(row.state == key for row in rows)) for key, label in work.URGENCIES]
    context = {
        "page_obj": Paginator(shown, FLAGS_A_PAGE).get_page(request.GET.get("page")),
        "counts": counts,
        "state": state,
        "total": len(rows),
    }
    return render(request, "outcomes/follow_up.html", context)
