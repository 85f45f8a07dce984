"""What the pages below the sheet have in common."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dosing.models import Administration, DrugChoice, Order
from dosing.wording import what_happened
from enrollment.models import Participant
from oversight.forms import Outcome
from trial_site import clock
from trial_site.http import StaffRequest
from trial_site.messages import Message

form_page = require_http_methods(["GET", "POST"])


def page(request: StaffRequest, template: str, here: str, **context: object) -> HttpResponse:
    """A page below the sheet; ``here`` is its own label in the crumbs."""
    crumbs = [(_("Today’s doses"), reverse("dosing:sheet"))]
    return TemplateResponse(request, template, {"crumbs": crumbs, "here": here, **context})


def about(record: Order | Administration, sentence: Message) -> str:
    """``PKU-005, Interleukin-2: Given: 1 million IU``."""
    name = record.get_drug_display()
    return f"{record.participant.subject}, {name}: {sentence.render(_)}"


def to_sheet(subject: str, day: dt.date) -> HttpResponse:
    """The sheet of the day, at the participant."""
    query = "" if day == clock.today() else f"?date={day.isoformat()}"
    return redirect(f"{reverse('dosing:sheet')}{query}#{subject}")


def done(
    request: StaffRequest, outcome: Outcome[Administration], subject: str, at: dt.datetime
) -> HttpResponse:
    """Back to the sheet of the dose, with what was saved."""
    record = outcome.record
    saved(request, outcome, about(record, what_happened(record)) if record else None)
    return to_sheet(subject, timezone.localdate(at))


def to_orders(subject: str) -> HttpResponse:
    """The page of all orders of one participant."""
    return redirect("dosing:orders", subject)


def saved(request: StaffRequest, outcome: Outcome[Any], done: str | None) -> None:
    """Say what a save did; the same form sent twice is no mistake."""
    if outcome.record is None:
        messages.info(request, _("This was saved already"))
    else:
        messages.success(request, str(done))


def dose_of(request: StaffRequest, pk: int) -> Administration:
    """A dose of the user's sites that stands; 404 for one that is marked as entered in error."""
    visible = Administration.objects.in_force().visible_to(request.user)
    whole = visible.select_related("participant__allocation", "order", "lot")
    dose: Administration = get_object_or_404(whole, pk=pk)
    return dose


def known_drug(drug: str) -> str:
    """``drug`` as the address names it; 404 for one that is no drug of the trial."""
    if drug not in DrugChoice.values:
        raise Http404
    return drug


def participant_of(request: StaffRequest, subject: str) -> Participant:
    visible = Participant.objects.visible_to(request.user).with_arm()
    participant: Participant = get_object_or_404(
        visible.select_related("screening"), subject=subject
    )
    return participant
