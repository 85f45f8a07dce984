"""What the pages below the sheet have in common."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dosing.models import Order
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


def about(order: Order, sentence: Message) -> str:
    """``PKU-005, Interleukin-2: Given: 1 million IU``."""
    name = order.get_drug_display()
    return f"{order.participant.subject}, {name}: {sentence.render(_)}"


def to_sheet(subject: str, day: dt.date) -> HttpResponse:
    """The sheet of the day, at the participant."""
    query = "" if day == clock.today() else f"?date={day.isoformat()}"
    return redirect(f"{reverse('dosing:sheet')}{query}#{subject}")


def to_orders(subject: str) -> HttpResponse:
    """The page of all orders of one participant."""
    return redirect("dosing:orders", subject)


def saved(request: StaffRequest, outcome: Outcome[Any], done: str | None) -> None:
    """Say what a save did; the same form sent twice is no mistake."""
    if outcome.record is None:
        messages.info(request, _("This was saved already"))
    else:
        messages.success(request, str(done))


def participant_of(request: StaffRequest, subject: str) -> Participant:
    visible = Participant.objects.visible_to(request.user).with_arm()
    participant: Participant = get_object_or_404(
        visible.select_related("screening"), subject=subject
    )
    return participant
