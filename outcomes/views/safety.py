"""The safety dashboard, its figures and the files of its tables."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from outcomes import safety_board as board
from outcomes.completeness import COMPLETENESS_DAYS
from outcomes.figures.render import pdf, svg
from outcomes.figures.theme import Theme
from outcomes.pages import figure_card
from outcomes.rules.harm import SHIFT_GRADES
from outcomes.safety_downloads import TABLES
from oversight.downloads import csv_lines, download
from trial_site import clock
from trial_site.access import may_open
from trial_site.http import StaffRequest
from trial_site.protocol import current

DRAWINGS = {"svg": (svg, "image/svg+xml"), "pdf": (pdf, "application/pdf")}


@require_GET
def safety(request: StaffRequest) -> HttpResponse:
    """Harm by arm, exposure and blood of every participant; ``?page=`` of very many of them."""
    found = board.board(request.user)
    page = board.exposure_page(found, request.GET.get("page"))
    context = {
        "board": found,
        "page_obj": page,
        "columns": [*SHIFT_GRADES],
        "analytes": board.analytes(),
        "blood": board.blood_rows(board.blood_points(request.user, list(page))),
        "days": found.days[::-1],
        "planned": sum(row.doses.expected for row in found.days),
        "recorded": sum(row.doses.recorded for row in found.days),
        "opens_sheet": may_open(request.user, "dosing:sheet"),
        "opens_events": may_open(request.user, "safety:events"),
        "cards": _cards(page.number),
        "today": clock.today(),
        "protocol": current(),
    }
    return render(request, "outcomes/safety.html", context)


@require_GET
def safety_figure(request: StaffRequest, name: str, page: str, form: str) -> HttpResponse:
    """A figure of one page of participants as JSON, SVG or PDF; ``?theme=``, ``?size=``."""
    if name not in board.FIGURES:
        raise Http404
    look: dict[str, Any] = {
        "theme": Theme.DARK if request.GET.get("theme") == Theme.DARK else Theme.LIGHT,
        "narrow": request.GET.get("size") == "narrow",
        "page": page,
    }
    if form == "json":
        text = board.figure_json(request.user, name, **look)
        return HttpResponse(text, content_type="application/json")
    draw, kind = DRAWINGS[form]
    return HttpResponse(board.drawing(request.user, name, draw, **look), content_type=kind)


@require_GET
def safety_download(request: StaffRequest, name: str) -> HttpResponseBase:
    """One table as CSV."""
    if name not in TABLES:
        raise Http404
    table = TABLES[name]
    lines = csv_lines(table.header, table.rows(request.user))
    return download(lines, name=f"safety-{name}.csv", by=request.user)


def _cards(page: int) -> dict[str, dict[str, Any]]:
    """What ``components/figure_card.html`` needs of each figure."""
    return {
        "swimmer": _card(
            "swimmer",
            page,
            rows="exposure",
            title=_("Exposure, each participant"),
            caption=_(
                "Days on which doses were given, in full or in part; a gap is a day without a "
                "delivered dose. The number behind a lane counts days from the first to the last "
                "dose of the first course."
            ),
            alt=_("One lane a participant: doses, holds, conversion, adverse events, the end."),
        ),
        "blood": _card(
            "blood",
            page,
            rows="blood",
            title=_("Blood over time, each participant"),
            caption=_(
                "Filled circles on a solid line: with interleukin-2. Open squares on a dashed "
                "line: ganciclovir alone. Dashed red: below it the label stops ganciclovir."
            ),
            alt=_("Neutrophils, haemoglobin, platelets and creatinine by day since first dose."),
        ),
        "completeness": _card(
            "completeness",
            page,
            rows="completeness",
            title=_("Completeness of the dosing record"),
            caption=_(
                "Doses planned for each of the last %(days)s days that are over, and how many are "
                "recorded: given, given in part or not given. Dashed: not recorded."
            )
            % {"days": COMPLETENESS_DAYS},
            alt=_("One bar a day: doses planned, and how many of them are recorded."),
        ),
    }


def _card(name: str, page: int, *, rows: str, title: str, caption: str, alt: str) -> dict[str, Any]:
    return figure_card(
        lambda form: reverse("outcomes:safety-figure", args=[name, page, form]),
        title=title,
        caption=caption,
        alt=alt,
        csv=reverse("outcomes:safety-download", args=[rows]),
    )
