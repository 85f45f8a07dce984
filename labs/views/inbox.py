"""The laboratory's inbox.  Its filters stand in the address."""

from __future__ import annotations

from collections import Counter

from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment.lists import Address, Filter, filters
from labs.downloads import inbox_lines
from labs.inbox import Sample, samples
from labs.inbox_rows import BADGES, inbox_rows
from labs.permissions import ENTER_RESULTS
from labs.rules.inbox import OPEN, SampleState
from labs.views.pages import page
from oversight.downloads import download
from trial_site.http import StaffRequest
from trial_site.protocol import current
from trial_site.templatetags.trial import say

SAMPLES_A_PAGE = 50
STATES = {state.value for state in SampleState}


@require_GET
def inbox(request: StaffRequest) -> HttpResponse:
    """Each sample of a planned visit and what became of it, the most urgent first."""
    subject, state, visit = _chosen(request)
    found = samples(request.user, subject=subject)
    of_visit = [sample for sample in found if visit in {"", sample.rule.code}]
    of_state = [sample for sample in found if _is_shown(sample, state)]
    shown = [sample for sample in of_visit if _is_shown(sample, state)]
    listed = Paginator(shown, SAMPLES_A_PAGE).get_page(request.GET.get("page"))
    address = Address(request.GET)
    return page(
        request,
        "labs/inbox.html",
        page_obj=listed,
        rows=inbox_rows(listed),
        states=_states(of_visit, state, address),
        visits=_visits(of_state, visit, address),
        subject=subject,
        state=state,
        visit=visit,
        may_enter=ENTER_RESULTS.allows(request.user),
        here=_("Inbox"),
    )


@require_GET
def inbox_download(request: StaffRequest) -> HttpResponseBase:
    """The same list as CSV, by the same filters."""
    subject, state, visit = _chosen(request)
    shown = [
        sample
        for sample in samples(request.user, subject=subject)
        if visit in {"", sample.rule.code} and _is_shown(sample, state)
    ]
    told = {"participant": subject, "state": state, "visit": visit}
    return download(inbox_lines(shown), name="inbox.csv", by=request.user, **told)


def _chosen(request: StaffRequest) -> tuple[str, str, str]:
    """Participant, state and visit that the address asks for."""
    asked = request.GET
    subject = asked.get("participant", "").strip().upper()
    return subject, asked.get("state", ""), asked.get("visit", "")


def _is_shown(sample: Sample, state: str) -> bool:
    """Without a choice, what still waits for something."""
    return sample.state == state if state in STATES else sample.state in OPEN


def _states(found: list[Sample], chosen: str, address: Address) -> list[Filter]:
    """What waits, then each state; the two that wait for nobody stay out of the first."""
    counts = Counter(sample.state for sample in found)
    waiting = sum(counts[state] for state in OPEN)
    first = Filter(_("Waiting"), waiting, chosen not in STATES, address(state=""))
    return [
        first,
        *(
            Filter(say(BADGES[state][1]), counts[state], chosen == state, address(state=state))
            for state in SampleState
        ),
    ]


def _visits(found: list[Sample], chosen: str, address: Address) -> list[Filter]:
    counts = Counter(sample.rule.code for sample in found)
    named = [(rule.code, say(rule.title)) for rule in current().visits]
    return filters("visit", named, counts, chosen, address)
