"""What the frame around every page needs."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from trial_site import clock
from trial_site.access import may_open
from trial_site.models import User
from trial_site.roles import Role

THEME_COOKIE, THEMES = "theme", ("light", "dark")

# URL name, label, icon; each shown to the roles that may open it, or that work there.
NAVIGATION = [
    ("outcomes:worklist", _("Worklist"), "list"),
    ("enrollment:screening-log", _("Screening"), "form"),
    ("enrollment:participants", _("Participants"), "user"),
    ("dosing:sheet", _("Dosing"), "drop"),
    ("dosing:stock", _("Stock"), "box"),
    ("safety:events", _("Safety"), "alert"),
    ("safety:deviations", _("Deviations"), "block"),
    ("labs:index", _("Labs"), "flask"),
    ("labs:inbox", _("Inbox"), "form"),
    ("labs:import", _("Import"), "box"),
    ("outcomes:dashboard", _("Outcomes"), "chart"),
    ("outcomes:follow-up", _("Follow-up"), "flag"),
    ("enrollment:allocation-list", _("Allocation list"), "lock"),
    ("enrollment:consent-forms", _("Consent forms"), "pen"),
    ("enrollment:sites", _("Sites"), "home"),
    ("oversight:audit", _("Audit trail"), "history"),
    ("oversight:accounts", _("Accounts"), "shield"),
    ("protocol", _("Protocol"), "book"),
]
# Others read these pages too, from the laboratory's own.
WORK_THERE = {"labs:inbox": "labs:specimen-new", "labs:import": "labs:import-mapping"}


@dataclass(frozen=True)
class NavItem:
    url: str
    label: str
    icon: str
    current: bool
    count: int | None = None
    count_late: bool = False


@dataclass(frozen=True)
class Offline:
    """What the scripts need that keep entries without a connection: whose, and the clock's time."""

    user: str  # "" where nobody is signed in
    zone: str
    now: dt.datetime


def site_frame(request: HttpRequest) -> dict[str, Any]:
    """Navigation by role, theme, banner, and who is logged in."""
    user = getattr(request, "user", None)
    person = user if isinstance(user, User) else None
    return {
        "demo": settings.DEMO,
        "demo_accounts": _demo_accounts() if settings.DEMO and not person else [],
        "demo_password": settings.DEMO_PASSWORD if settings.DEMO else "",
        "nav": _navigation(request, person) if person else [],
        "theme": request.COOKIES.get(THEME_COOKIE, THEMES[0]),
        "role_label": person.get_role_display() if person else "",
        "site_label": _site_label(person) if person else "",
        "next_path": request.get_full_path(),
        "offline": _offline(person),
    }


def _offline(user: User | None) -> Offline | None:
    """For whoever records doses, and where nobody is signed in: entries may wait there."""
    if user is not None and not may_open(user, "dosing:give", "POST"):
        return None
    return Offline(user.get_username() if user else "", settings.TIME_ZONE, clock.now())


def _navigation(request: HttpRequest, user: User) -> list[NavItem]:
    shown = [
        (reverse(name), label, icon)
        for name, label, icon in NAVIGATION
        if may_open(user, WORK_THERE.get(name, name))
    ]
    above = [url for url, _label, _icon in shown if url != "/" and request.path.startswith(url)]
    here = max(above, key=len, default=request.path)
    counts = {
        reverse(name): import_string(counting)(user)
        for name, counting in settings.NAVIGATION_COUNTS.items()
        if may_open(user, name)
    }
    return [
        NavItem(url, str(label), icon, url == here, counts.get(url), count_late=True)
        for url, label, icon in shown
    ]


def _site_label(user: User) -> str:
    return ", ".join(site.name for site in user.sites.all())


def _demo_accounts() -> list[tuple[str, str]]:
    return [(role.value, str(role.label)) for role in Role if role is not Role.SYSTEM]
