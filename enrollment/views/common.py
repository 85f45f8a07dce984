"""What the room's views share."""

from typing import Any

from django.contrib import messages
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from enrollment.models import Participant, Screening
from oversight.forms import EntryForm, Outcome
from trial_site.http import StaffRequest

PAGE_SIZE = 50
GET_OR_POST = require_http_methods(["GET", "POST"])


def posted(request: StaffRequest) -> Any:
    """The data of a form; ``None`` before it is sent."""
    return request.POST if request.method == "POST" else None


def tell(request: StaffRequest, outcome: Outcome[Any], done: str) -> None:
    """Say what a save did; the same form sent twice is no mistake."""
    if outcome.record is None:
        messages.info(request, gettext("This was saved already."))
    else:
        messages.success(request, done)


def tell_errors(request: StaffRequest, form: EntryForm) -> None:
    """For a button without a page of its own: why nothing was done."""
    for errors in form.errors.values():
        for error in errors:
            messages.warning(request, str(error))


def screening_crumbs(screening: Screening | None = None) -> list[tuple[str, str]]:
    crumbs = [(gettext("Screening log"), reverse("enrollment:screening-log"))]
    if screening:
        page = reverse("enrollment:screening", args=[screening.number])
        crumbs.append((screening.number, page))
    return crumbs


def participant_crumbs(participant: Participant) -> list[tuple[str, str]]:
    return [
        (gettext("Participants"), reverse("enrollment:participants")),
        (participant.subject, reverse("outcomes:casebook", args=[participant.subject])),
    ]
