"""The CONSORT flow with its lists, and recruitment against its target."""

import json
from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET

from enrollment.states import State
from outcomes import flow as counted
from outcomes import recruitment as recruited
from outcomes.figures.flow import draw
from outcomes.figures.render import pdf, pdf_of, svg
from outcomes.figures.theme import Theme
from outcomes.permissions import READ_FLOW, READ_OUTCOMES
from trial_site import clock
from trial_site.http import StaffRequest
from trial_site.protocol import current

ROWS_A_PAGE = 50
SVG, PDF = "image/svg+xml", "application/pdf"
FORMS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "json": (json.dumps, "application/json"),
    "svg": (svg, SVG),
    "pdf": (pdf, PDF),
}


@require_GET
def flow(request: StaffRequest) -> HttpResponse:
    """The diagram, each line leading to its list, and the same numbers as a table."""
    mode = counted.mode()
    diagram = counted.diagram(counted.flow(request.user), mode)
    wide, narrow = (
        draw(diagram, theme=Theme.LIGHT, narrow=narrow, links=True) for narrow in (False, True)
    )
    context = {
        "diagram": diagram,
        "wide": mark_safe(wide),  # noqa: S308 - our own drawing, which escapes every text
        "narrow": mark_safe(narrow),  # noqa: S308
        "here": "",
        "opens_dashboard": READ_OUTCOMES.allows(request.user),
        "today": clock.today(),
        "mode": mode,
        "protocol": current(),
    }
    return render(request, "outcomes/flow.html", context)


@require_GET
def flow_figure(request: StaffRequest, form: str) -> HttpResponse:
    """The diagram as a file, SVG or PDF, always in light colours."""
    if form not in ("svg", "pdf"):
        raise Http404
    found = counted.diagram(counted.flow(request.user), counted.mode())
    text = draw(found, theme=Theme.LIGHT)
    body: Any = text if form == "svg" else pdf_of(text)
    return _file(body, SVG if form == "svg" else PDF, f"flow.{form}")


@require_GET
def participants(request: StaffRequest) -> HttpResponse:
    """The allocated participants whom one box of the diagram counts."""
    arm, step = request.GET.get("arm", ""), request.GET.get("step", "")
    if step not in counted.STEPS or arm not in {"", *(one.code for one in current().arms)}:
        raise Http404
    rows = counted.rows(request.user, arm=arm, step=step)
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": page,
        "lines": [
            (
                row,
                State(row.state).label,
                counted.step_label(row.patient.treatment),
                counted.step_label(row.patient.analysis),
            )
            for row in page
        ],
        "opens_dashboard": READ_OUTCOMES.allows(request.user),
        "total": len(rows),
        "arm": arm,
        "step": counted.step_label(step),
    }
    return render(request, "outcomes/flow_participants.html", context)


@require_GET
def recruitment(request: StaffRequest) -> HttpResponse:
    """Each site's promise and what came of it, drawn and in numbers."""
    found = recruited.recruitment(request.user)
    context = {
        "found": found,
        "card": recruited.figure_card() if found.is_drawn else None,
        "today": clock.today(),
        "opens_flow": READ_FLOW.allows(request.user),
    }
    return render(request, "outcomes/recruitment.html", context)


@require_GET
def recruitment_figure(request: StaffRequest, form: str) -> HttpResponse:
    """The figure as JSON, SVG or PDF; ``?theme=`` light or dark, ``?size=`` wide or narrow."""
    theme = Theme.DARK if request.GET.get("theme") == Theme.DARK else Theme.LIGHT
    narrow = request.GET.get("size") == "narrow"
    if form not in FORMS:
        raise Http404
    write, kind = FORMS[form]
    return HttpResponse(
        recruited.drawing(request.user, write, theme=theme, narrow=narrow), content_type=kind
    )


def _file(body: Any, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
