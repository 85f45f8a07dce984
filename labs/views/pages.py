"""What the laboratory's pages share."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from trial_site.http import StaffRequest


def page(request: StaffRequest, template: str, **context: object) -> HttpResponse:
    """A page below the list of results."""
    crumbs = [(_("Labs"), reverse("labs:index"))]
    return render(request, template, {"crumbs": crumbs, **context})
