"""The (role, page, method) table, enforced for every request; login by default (R11).

Each room's ``permissions.PAGES`` maps a URL name to ``{method: roles}``.  A page that no table
names is refused to everybody, so a new URL stays closed until somebody has decided.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import ResolverMatch

from trial_site.roles import Role

Methods = Mapping[str, frozenset[Role]]
ANYONE: None = None
"""Marks a page that is open before login (login itself, health checks)."""


@cache
def pages() -> dict[str, Methods | None]:
    """Every room's table in one; a name that two rooms claim is a mistake."""
    table: dict[str, Methods | None] = {}
    for room in settings.ROOMS:
        for name, methods in import_module(f"{room}.permissions").PAGES.items():
            if name in table:
                raise RuntimeError(f"The page {name} is decided twice")
            table[name] = methods
    return table


def methods_of(match: ResolverMatch | None) -> Methods | None:
    """The decided methods of a page; ``ANYONE`` for an open one.  Raises ``KeyError``."""
    return pages()[match.view_name if match else ""]


def decide(match: ResolverMatch | None, method: str) -> frozenset[Role] | None:
    """The roles that may use this page so; ``None`` for a page that is open to anyone.

    Raises ``KeyError`` for a page that no table names, ``LookupError`` for a method it lacks.
    """
    methods = methods_of(match)
    if methods is ANYONE:
        return None
    wanted = "GET" if method in {"HEAD", "OPTIONS"} else method
    if wanted not in methods:
        raise LookupError(method)
    return methods[wanted]


def may_open(user: object, name: str, method: str = "GET") -> bool:
    """Whether a link or button to the page ``name`` leads anywhere for ``user``."""
    methods = pages().get(name, {})
    return methods is ANYONE or getattr(user, "role", None) in methods.get(method, frozenset())


class AccessMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        match = request.resolver_match
        try:
            roles = decide(match, request.method or "GET")
        except KeyError:
            raise PermissionDenied(f"Nobody has decided who may open {match}") from None
        except LookupError:
            return HttpResponseNotAllowed(list(methods_of(match) or ()))
        if roles is None:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if request.user.role not in roles:
            raise PermissionDenied
        return None
