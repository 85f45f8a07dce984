"""Deviations: what waits, what is recorded, and the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment.lists import Address, filters
from enrollment.views.common import PAGE_SIZE
from oversight.downloads import download
from safety.departures import conduct, page_of
from safety.deviation_list import (
    STATES,
    DeviationLine,
    csv_of,
    declined,
    deviations,
    grouped,
    lines,
    state_of,
)
from safety.models import Deviation
from safety.permissions import ASSESS_DEVIATION, RECORD_DEVIATION
from trial_site import clock
from trial_site.http import StaffRequest
from trial_site.protocol import current

NAMED = ("participant", "state", "kind", "severity")


@require_GET
def listing(request: StaffRequest) -> HttpResponse:
    """What rules offer first, then what is recorded; the filters stand in the address."""
    asked = _asked(request)
    seen = conduct(request.user)
    offers = [one for one in seen.offers if asked["participant"] in ("", one.subject)]
    found = list(_of_participant(request, asked))
    page = Paginator(_narrowed(found, asked), PAGE_SIZE).get_page(request.GET.get("page"))
    groups = Paginator(grouped(offers), PAGE_SIZE).get_page(request.GET.get("offers"))
    context = {
        "offers": offers,
        "offers_page": groups,
        "page_obj": page,
        "lines": lines(page.object_list, seen),
        "filters": _filters(found, asked, Address(request.GET)),
        "asked": asked,
        "may_record": RECORD_DEVIATION.allows(request.user),
        "may_assess": ASSESS_DEVIATION.allows(request.user),
        "today": clock.today(),
    }
    return render(request, "safety/deviations.html", context)


@require_GET
def listing_download(request: StaffRequest) -> HttpResponseBase:
    """The recorded ones as CSV, by the same filters."""
    asked = _asked(request)
    found = _narrowed(_of_participant(request, asked), asked)
    rows = lines(found, conduct(request.user))
    return download(csv_of(rows), name="deviations.csv", by=request.user, **asked)


@require_GET
def log(request: StaffRequest) -> HttpResponse:
    """Every deviation and every declined offer of the user's sites, for print."""
    found = deviations(request.user).order_by("occurred_on", "pk")
    context = {
        "lines": lines(found, conduct(request.user)),
        "declined": declined(request.user),
        "site_names": ", ".join(site.name for site in request.user.sites.all()),
        "now": clock.now(),
        "crumbs": crumbs(),
        "here": _("Log"),
    }
    return render(request, "safety/deviation_log.html", context)


@require_GET
def page(request: StaffRequest, pk: int) -> HttpResponse:
    """One deviation: what happened, why it is one, what was decided."""
    deviation = get_object_or_404(deviations(request.user), pk=pk)
    participant = deviation.participant
    seen = conduct(request.user, participant)
    source_url = ""
    if deviation.source:
        source_url = page_of(
            deviation.source,
            participant.subject,
            participant.screening.number,
            deviation.occurred_on,
            request.user,
        )
    stands = deviation.retracted_at is None
    context = {
        "line": DeviationLine(deviation, seen.still_holds(deviation)),
        "deviation": deviation,
        "source_url": source_url,
        "may_record": stands and RECORD_DEVIATION.allows(request.user),
        "may_assess": stands and ASSESS_DEVIATION.allows(request.user),
        "crumbs": crumbs(),
        "here": participant.subject,
    }
    return render(request, "safety/deviation.html", context)


def crumbs() -> list[tuple[str, str]]:
    return [(_("Deviations"), reverse("safety:deviations"))]


def _asked(request: StaffRequest) -> dict[str, str]:
    asked = {name: request.GET.get(name, "").strip() for name in NAMED}
    return asked | {"participant": asked["participant"].upper()}


def _of_participant(request: StaffRequest, asked: dict[str, str]) -> Any:
    found = deviations(request.user)
    subject = asked["participant"]
    return found.filter(participant__subject=subject) if subject else found


def _narrowed(found: Iterable[Deviation], asked: dict[str, str]) -> list[Deviation]:
    """In the same order; a state that there is none of narrows nothing."""
    state = asked["state"] if asked["state"] in STATES else ""
    return [
        one
        for one in found
        if state in ("", state_of(one))
        and asked["kind"] in ("", one.kind)
        and asked["severity"] in ("", one.severity)
    ]


def _filters(found: list[Deviation], asked: dict[str, str], address: Address) -> list[Any]:
    """What the list can be narrowed by, with how many there are of each."""
    states = Counter(map(state_of, found))
    kinds = Counter(one.kind for one in found)
    severities = Counter(one.severity for one in found)
    named = [(kind.code, _(kind.name)) for kind in current().safety.deviations]
    severe = Deviation.Severity.choices
    return [
        (_("State"), filters("state", STATES.items(), states, asked["state"], address)),
        (
            _("Severity"),
            filters("severity", severe, severities, asked["severity"], address),
        ),
        (_("Kind"), filters("kind", named, kinds, asked["kind"], address)),
    ]
