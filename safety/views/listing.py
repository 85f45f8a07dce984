"""The list of adverse events, with what is offered and what runs out; the same list as CSV."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment.lists import Address, Filter, Heading, filters, heading
from oversight.downloads import download
from safety import event_list, offers
from safety.downloads import event_lines
from safety.event_list import SERIOUS, STATES, Wanted
from safety.event_rows import clock_rows
from safety.permissions import REPORT_EVENT
from safety.rules.grades import GRADES
from trial_site.http import StaffRequest

EVENTS_A_PAGE = 50


@require_GET
def events(request: StaffRequest) -> HttpResponse:
    """Clocks first, then what is offered, then the events that the address asks for."""
    wanted, address = Wanted.read(request.GET), Address(request.GET)
    counts = event_list.counts(request.user, wanted)
    found = event_list.found(request.user, wanted)
    listed = Paginator(found, EVENTS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_obj": listed,
        "wanted": wanted,
        "keeps": [(n, v) for n, v in request.GET.dict().items() if n not in {"q", "page"}],
        "states": _states(counts["state"], wanted.state, address),
        "grades": filters("grade", _grades(), counts["grade"], wanted.grade, address),
        "seriousness": filters(
            "serious", _labels(SERIOUS), counts["serious"], wanted.serious, address
        ),
        "headings": _headings(wanted.sort, address),
        "download": address(),
        "clocks": clock_rows(request.user),
        "offers": _offers(request),
        "may_report": REPORT_EVENT.allows(request.user),
    }
    return render(request, "safety/events.html", context)


@require_GET
def events_download(request: StaffRequest) -> StreamingHttpResponse:
    """The events that the address asks for, all of them."""
    rows = event_list.found(request.user, Wanted.read(request.GET))
    return download(
        event_lines(rows), name="adverse-events.csv", by=request.user, asked=request.GET.dict()
    )


def _offers(request: StaffRequest) -> list[tuple[offers.Offer, bool]]:
    """Each offer, and whether this person may decline it; only for those who may report."""
    if not REPORT_EVENT.allows(request.user):
        return []
    found = offers.open_offers(request.user)
    return [(offer, offer.declining.allows(request.user)) for offer in found]


def _labels(choices: dict[str, tuple[Any, Any]]) -> list[tuple[str, Any]]:
    return [(name, label) for name, (label, _query) in choices.items()]


def _grades() -> list[tuple[str, str]]:
    return [(str(grade), _("Grade %(grade)s") % {"grade": grade}) for grade in GRADES]


def _states(counts: dict[str, int], chosen: str, address: Address) -> list[Filter]:
    """All, then each state; one event may be in two of them."""
    everything = Filter(_("All"), counts.get("", 0), not chosen, address(state=""))
    each = [
        Filter(label, counts.get(name, 0), chosen == name, address(state=name))
        for name, label in _labels(STATES)
    ]
    return [everything, *each]


def _headings(sort: str, address: Address) -> list[Heading]:
    return [
        heading("participant", _("Participant"), sort, address),
        heading("term", _("Event"), sort, address),
        heading("grade", _("Grade"), sort, address),
        heading("began", _("Began"), sort, address),
        heading("outcome", _("Outcome"), sort, address),
        Heading(_("Related to")),
    ]
