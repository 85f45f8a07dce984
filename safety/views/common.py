"""What the room's pages share."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from safety import selectors
from safety.models import AdverseEvent
from trial_site.http import StaffRequest


def page(request: StaffRequest, template: str, here: str, **context: Any) -> HttpResponse:
    """A page below the list of events; below its event where the context has one."""
    crumbs = [(_("Safety"), reverse("safety:events"))]
    event = context.get("event")
    if event is not None and here != title_of(event):
        crumbs.append((title_of(event), reverse("safety:event", args=[event.pk])))
    return render(request, template, {"crumbs": crumbs, "here": here, **context})


def title_of(event: AdverseEvent) -> str:
    return f"{event.participant.subject} · {event.term}"


def event_in_force(request: StaffRequest, pk: int) -> AdverseEvent:
    """An event of the user's sites that was not taken back; else the page does not exist."""
    found: AdverseEvent = get_object_or_404(selectors.event_pages(request.user).in_force(), pk=pk)
    return found
