"""Pages that belong to no room."""

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string
from django.views.decorators.http import require_GET, require_POST
from django.views.i18n import set_language

from trial_site.context import THEME_COOKIE, THEMES
from trial_site.protocol import current


@require_GET
def protocol(request: HttpRequest) -> HttpResponse:
    """The protocol and its decisions, in words."""
    return render(request, "trial_site/protocol.html", {"protocol": current()})


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie: it is the browser's matter, not the trial's."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, request.is_secure()):
        target = "/"
    response = redirect(target)
    chosen = request.POST.get("theme")
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE, chosen, max_age=31_536_000, httponly=True, samesite="Lax",
            secure=request.is_secure(),
        )  # fmt: skip
    return response


def language(request: HttpRequest) -> HttpResponse:
    """Change the language of the pages, and of the mails to whoever is signed in."""
    chosen = request.POST.get("language", "")
    if request.user.is_authenticated and chosen in dict(settings.LANGUAGES):
        import_string(settings.REMEMBER_LANGUAGE)(request.user, chosen)
    return set_language(request)


@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "live"})


@require_GET
def ready(request: HttpRequest) -> HttpResponse:
    """The database answers too; a load balancer sends work only then.

    A scheduler that stands still is said, not refused: every page works without it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    cache.set("ready", 1, 5)
    is_well = import_string(settings.SCHEDULER_HEALTH)().is_well
    return JsonResponse({"status": "ready"} | ({} if is_well else {"scheduler": "late"}))
