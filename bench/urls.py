"""The bare site: its login, and its one page."""

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path

from trial_site.models import Site


@login_required
def bare(request: HttpRequest, code: str) -> HttpResponse:
    """Session, user, one indexed SELECT, a small template."""
    return render(request, "bench/bare.html", {"site": get_object_or_404(Site, code=code)})


urlpatterns = [
    path("bare/<str:code>/", bare),
    path("accounts/login/", LoginView.as_view(template_name="bench/login.html")),
]
