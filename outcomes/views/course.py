"""The course of one analyte in one participant: figure, table and files."""

import json

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment.models import Participant
from labs.selectors import participant_named
from outcomes import course as book
from outcomes.figures.course import course_figure
from outcomes.figures.render import pdf, svg
from outcomes.figures.theme import Theme
from outcomes.pages import figure_card
from oversight.downloads import csv_lines, download
from trial_site.access import may_open
from trial_site.http import StaffRequest
from trial_site.protocol import current
from trial_site.protocol.definition import Analyte
from trial_site.roles import SEES_ARM

ROWS_A_PAGE = 50
DRAWINGS = {"svg": (svg, "image/svg+xml"), "pdf": (pdf, "application/pdf")}


@require_GET
def course(request: StaffRequest, subject: str) -> HttpResponse:
    """``?analyte=`` chooses; the first that was measured without it."""
    participant = _participant(request, subject)
    measured = book.measured(participant)
    chosen = _chosen(request.GET.get("analyte", ""), measured)
    context = {
        "participant": participant,
        "measured": measured,
        "analyte": chosen,
        "opens_casebook": may_open(request.user, "outcomes:casebook"),
    }
    if chosen:
        rows = book.rows(participant, chosen)
        context |= {
            "page_obj": Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page")),
            "assays": book.assays(rows),
            "card": _card(subject, chosen, sees_doses=SEES_ARM.allows(request.user)),
        }
    return render(request, "outcomes/course.html", context)


@require_GET
def course_file(request: StaffRequest, subject: str, analyte: str, form: str) -> HttpResponseBase:
    """The figure as JSON, SVG or PDF (``?theme=``, ``?size=``), or its results as CSV."""
    participant = _participant(request, subject)
    found = _analyte(analyte)
    if form == "csv":
        lines = csv_lines(book.COLUMNS, map(book.cells, book.rows(participant, found)))
        name = f"{subject}-{found.code}.csv"
        return download(lines, name=name, by=request.user, participant=subject)
    spec = course_figure(
        book.course(participant, found, request.user),
        theme=Theme.DARK if request.GET.get("theme") == Theme.DARK else Theme.LIGHT,
        narrow=request.GET.get("size") == "narrow",
        translate=_,
    )
    if form == "json":
        return HttpResponse(json.dumps(spec), content_type="application/json")
    draw, kind = DRAWINGS[form]
    return HttpResponse(draw(spec), content_type=kind)


def _participant(request: StaffRequest, subject: str) -> Participant:
    found = participant_named(subject, request.user)
    if found is None:
        raise Http404
    return found


def _analyte(code: str) -> Analyte:
    found = next((analyte for analyte in current().analytes if analyte.code == code), None)
    if found is None:
        raise Http404
    return found


def _chosen(code: str, measured: list[book.Measured]) -> Analyte | None:
    if code:
        return _analyte(code)
    return measured[0].analyte if measured else None


def _card(subject: str, analyte: Analyte, *, sees_doses: bool) -> dict[str, object]:
    name = _(analyte.name)
    below = _("Below it doses and visits.") if sees_doses else _("Below it visits.")
    return figure_card(
        lambda form: reverse("outcomes:course-file", args=[subject, analyte.code, form]),
        title=f"{name} · {subject}",
        caption=_("Each result links to its page; limits of normal are shaded.") + f" {below}",
        alt=_("%(analyte)s of %(subject)s over time; the table below says the same.")
        % {"analyte": name, "subject": subject},
        csv=reverse("outcomes:course-file", args=[subject, analyte.code, "csv"]),
    )
