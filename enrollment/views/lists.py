"""The screening log and the list of participants, on the page and as CSV.

What narrows and orders a list is in its address; a download holds what the same address shows.
"""

from statistics import median
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from enrollment import selectors
from enrollment.downloads import log_lines, participant_lines
from enrollment.lists import Address, Filter, Heading, ScreeningLine, filters, heading
from enrollment.log import ASSESSED, EXCLUDED_FLOW, ScreeningLog, Wanted
from enrollment.models import Screening
from enrollment.permissions import SCREEN
from enrollment.rules.places import Place
from enrollment.states import State
from enrollment.views.common import PAGE_SIZE
from oversight.downloads import download
from trial_site.access import may_open
from trial_site.http import StaffRequest
from trial_site.protocol import current
from trial_site.roles import SEES_ARM

FLOW_LABELS = {
    ASSESSED: _("Assessed for eligibility"),
    EXCLUDED_FLOW: _("Excluded"),
    Place.SCREENING.value: _("Still in screening"),
    Place.WAITING.value: _("Eligible, not allocated yet"),
    Place.FAILED.value: _("Excluded: criteria not met"),
    Place.WITHDREW.value: _("Excluded: withdrew consent before allocation"),
    Place.LOST.value: _("Excluded: lost before allocation"),
    Place.DIED.value: _("Excluded: died before allocation"),
    Place.STOPPED.value: _("Excluded: stopped before allocation"),
    Place.ALLOCATED.value: _("Allocated"),
}


@require_GET
def log(request: StaffRequest) -> HttpResponse:
    """Every screening of the user's sites, or those that the address asks for."""
    sites = _sites(request)
    found = ScreeningLog(request.user, Wanted.read(request.GET, set(sites)))
    wanted, address = found.wanted, Address(request.GET)
    page = Paginator(found.rows, PAGE_SIZE).get_page(request.GET.get("page"))
    days = found.days
    context = {
        "page_obj": page,
        "lines": [ScreeningLine.of(screening) for screening in page],
        "wanted": wanted,
        "keeps": _kept(request, "q"),
        "flow": FLOW_LABELS.get(wanted.flow),
        "without_flow": address(flow=""),
        "without_all": address(flow="", status="", reason="", site="", q=""),
        "statuses": filters(
            "status", Screening.Status.choices, found.statuses, wanted.status, address, reason=""
        ),
        "sites": filters("site", sites.items(), found.sites, wanted.site, address)
        if len(sites) > 1
        else [],
        "reasons": _reasons(found, address),
        "without_reason": address(reason=""),
        "headings": _log_headings(wanted.sort, address),
        "days": sorted(days),
        "median_days": median(days) if days else None,
        "download": address(),
        "may_screen": SCREEN.allows(request.user),
    }
    return render(request, "enrollment/screening_log.html", context)


@require_GET
def log_download(request: StaffRequest) -> StreamingHttpResponse:
    """The screenings that the address asks for, all of them."""
    found = ScreeningLog(request.user, Wanted.read(request.GET, set(_sites(request))))
    return download(
        log_lines(found.rows), name="screening-log.csv", by=request.user, asked=request.GET.dict()
    )


@require_GET
def participants(request: StaffRequest) -> HttpResponse:
    """Everybody in the trial at the user's sites, or those whom the address asks for."""
    asked, sites = _asked(request), _sites(request)
    found = selectors.participants(request.user, **asked)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    sees_arm, address = SEES_ARM.allows(request.user), Address(request.GET)
    context = {
        "page_obj": page,
        "lines": [(participant, selectors.treatment_day(participant)) for participant in page],
        "keeps": _kept(request, "q"),
        "text": asked["text"],
        "states": _choices(request, asked, "state", State.choices),
        "arms": _choices(request, asked, "arm", _arms()) if sees_arm else [],
        "sites": _choices(request, asked, "site", sites.items()) if len(sites) > 1 else [],
        "headings": _participant_headings(request, address),
        "shows_arm": sees_arm,
        "download": address(),
        "opens_casebook": may_open(request.user, "outcomes:casebook"),
        "opens_visits": may_open(request.user, "enrollment:visits-week"),
    }
    return render(request, "enrollment/participants.html", context)


@require_GET
def participants_download(request: StaffRequest) -> StreamingHttpResponse:
    """The participants whom the address asks for, all of them."""
    return download(
        participant_lines(
            selectors.participants(request.user, **_asked(request)),
            shows_arm=SEES_ARM.allows(request.user),
        ),
        name="participants.csv",
        by=request.user,
        asked=request.GET.dict(),
    )


# --- what the two lists share -----------------------------------------------------------------


def _sites(request: StaffRequest) -> dict[str, str]:
    return {
        code: code for code in request.user.sites.order_by("code").values_list("code", flat=True)
    }


def _kept(request: StaffRequest, *changed: str) -> list[tuple[str, str]]:
    """What a form that sends ``changed`` has to send along."""
    return [
        (name, str(value))
        for name, value in request.GET.dict().items()
        if name not in {*changed, "page"}
    ]


# --- the log ----------------------------------------------------------------------------------


def _reasons(found: ScreeningLog, address: Address) -> list[tuple[str, str, int, str, bool]]:
    """``(id, title, count, link, chosen)`` of each criterion that failed, in the protocol's order;
    those of a former version of the protocol come last, under their id alone."""
    titles = {criterion.id: criterion.title for criterion in current().criteria}
    order = [*titles, *sorted(found.reasons.keys() - titles.keys())]
    chosen = found.wanted.reason
    return [
        (
            key,
            titles.get(key, ""),
            found.reasons[key],
            address(reason=key, status=Screening.Status.FAILED.value),
            key == chosen,
        )
        for key in order
        if found.reasons[key] or key == chosen
    ]


def _log_headings(sort: str, address: Address) -> list[Heading]:
    return [
        heading("number", _("Number"), sort, address),
        heading("status", _("Verdict"), sort, address),
        Heading(_("Stands")),
        Heading(_("Blocked by")),
        heading("started", _("Started"), sort, address),
        heading("consent", _("Consent"), sort, address),
        heading("days", _("Days to allocation"), sort, address, is_number=True),
        Heading(_("Site")),
    ]


# --- the participants -------------------------------------------------------------------------


def _asked(request: StaffRequest) -> dict[str, str]:
    """What the address asks for; a state or an arm that does not exist is left out."""
    known = {"state": State.values, "arm": dict(_arms())}
    asked = {name: request.GET.get(name, "") for name in ("state", "arm", "site")}
    asked |= {name: "" for name, values in known.items() if asked[name] not in values}
    return {
        **asked,
        "text": request.GET.get("q", "").strip(),
        "order": request.GET.get("sort", ""),
    }


def _choices(request: StaffRequest, asked: dict[str, str], name: str, choices: Any) -> list[Filter]:
    """The values of ``name``, counted among those whom the rest of the address asks for."""
    column = {"state": "state", "arm": "allocation__arm", "site": "site__code"}[name]
    others = selectors.participants(request.user, **asked | {name: ""})
    counts = selectors.counted(others, column)
    return filters(name, choices, counts, asked[name], Address(request.GET))


def _arms() -> list[tuple[str, Any]]:
    return [(arm.code.value, _(arm.short_label)) for arm in current().arms]


def _participant_headings(request: StaffRequest, address: Address) -> list[Heading]:
    sort = request.GET.get("sort", "") or "subject"
    labels = {
        "subject": _("Subject"),
        "state": _("State"),
        "arm": _("Arm"),
        "first-dose": _("First dose"),
        "site": _("Site"),
    }
    if not SEES_ARM.allows(request.user):
        del labels["arm"]
    return [heading(name, label, sort, address) for name, label in labels.items()]
