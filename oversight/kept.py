"""What is computed from the record and kept until the record changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from django.core.cache import cache

from oversight.selectors import state_of_record
from trial_site.models import User

T = TypeVar("T")
SECONDS = 3600


def kept(user: User, name: str, compute: Callable[[], T]) -> T:
    """``compute()``, kept until a fact changes; apart for each set of sites.

    ``name`` tells apart whatever else the answer depends on: the day, the language, the person.
    """
    sites = ",".join(map(str, user.sites.order_by("pk").values_list("pk", flat=True)))
    key = f"kept:{name}:{sites}:{state_of_record()}"
    return cast(T, cache.get_or_set(key, compute, SECONDS))
