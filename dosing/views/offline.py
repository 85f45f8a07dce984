"""Where the bedside’s scripts and the server meet: entries that waited in a browser (ADR 24)."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from oversight.forms import EntryForm
from oversight.selectors import saved_keys
from trial_site.http import StaffRequest
from trial_site.templatetags.fields import error_summary

SENT = "Entry-Sent"  # "now" from an open form, "later" for an entry that waited
LATER = "later"
MOST_KEYS = 100  # asked about at once

View = Callable[..., HttpResponse]


def answers_scripts(view: View) -> View:
    """The view of an entry form also answers a script: saved or not, and what there is to say.

    Whether an entry is saved is read off its one-time key, before and after the view ran: a second
    attempt after a lost answer is told the truth, whoever else recorded what meanwhile.
    """

    @wraps(view)
    def answering(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST" or SENT not in request.headers:
            return view(request, *args, **kwargs)
        if _is_saved(request):
            return JsonResponse({"saved": True, "next": ""})
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            says = [_("No dose is planned at this time any more")]
            return JsonResponse({"saved": False, "says": says})
        if _is_saved(request):
            if request.headers[SENT] == LATER:
                _told(request)  # nobody waits for it: the browser says itself what was sent
            return JsonResponse({"saved": True, "next": response.headers.get("Location", "")})
        return JsonResponse({"saved": False, "says": [*_told(request), *_objections(response)]})

    return answering


def _is_saved(request: StaffRequest) -> bool:
    return bool(saved_keys(_uuids([request.POST.get("entry_key", "")]), by=request.user))


def _told(request: StaffRequest) -> list[str]:
    """The view's messages, which then wait for no page any more."""
    return [str(message) for message in get_messages(request)]


def _objections(response: HttpResponse) -> list[str]:
    """What the form on the page says is wrong or doubtful."""
    context = response.context_data if isinstance(response, TemplateResponse) else None
    form = (context or {}).get("form")
    if not isinstance(form, EntryForm):
        return []
    return [line.text for line in error_summary(form).lines]


def _uuids(texts: Iterable[str]) -> list[UUID]:
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue  # no form had this key
    return found


@require_GET
@never_cache
def waiting(request: StaffRequest) -> HttpResponse:
    """Who is logged in, a token to send with, and which of the entries ``?key=`` are saved."""
    keys = _uuids(request.GET.getlist("key")[:MOST_KEYS])
    saved = saved_keys(keys, by=request.user)
    return JsonResponse(
        {
            "user": request.user.get_username(),
            "token": get_token(request),
            "saved": sorted(map(str, saved)),
        }
    )


@require_GET
def offline(request: StaffRequest) -> HttpResponse:
    """What stands in, without a connection, for every page that is not kept."""
    return render(request, "dosing/offline.html")


@require_GET
@never_cache
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that serves kept pages; its place in the addresses confines it to this room."""
    hours = {"hours": settings.SESSION_ABSOLUTE_HOURS}
    return render(request, "dosing/service-worker.js", hours, content_type="text/javascript")
