"""Idle and absolute session limits (R18).  Where the person was is kept, so work goes on there."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

STARTED, SEEN = "session_started", "session_seen"
SEEN_EVERY_SECONDS = 60  # how often a busy session's stamp is written again


class SessionLimitsMiddleware:
    """Ends a session that lay idle, or that is simply old; the login page takes over."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = timezone.now().timestamp()
            started = request.session.setdefault(STARTED, now)
            seen = request.session.setdefault(SEEN, now)
            idle = now - seen > settings.SESSION_IDLE_MINUTES * 60
            old = now - started > settings.SESSION_ABSOLUTE_HOURS * 3600
            if idle or old:
                logout(request)
            elif now - seen > SEEN_EVERY_SECONDS:
                request.session[SEEN] = now
        return self.get_response(request)
