"""``?as_of=``: a page as the record stood at the end of a day that is over."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from dosing.day import day_bounds
from oversight.as_of import as_of
from trial_site import clock
from trial_site.http import StaffRequest

FIRST_DAY = dt.date(2000, 1, 1)  # no record is older, and no calendar ends within reach


def may_look_back(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Gives ``view`` the day that was asked for as ``day``, or None; any other answer to
    ``?as_of=`` than a day that is over leads to the page of now."""

    @wraps(view)
    def answer(request: StaffRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        asked = request.GET.get("as_of")
        day = past_day(asked) if asked else None
        if asked and day is None:
            messages.info(request, _("Choose a day that is over"))
            others = request.GET.copy()
            del others["as_of"]
            return redirect(f"{request.path}?{others.urlencode()}" if others else request.path)
        return view(request, *args, day=day, **kwargs)

    return answer


def past_day(asked: str) -> dt.date | None:
    """The day ``asked`` for in ISO 8601, if it is over."""
    try:
        day = dt.date.fromisoformat(asked)
    except ValueError:
        return None
    return day if FIRST_DAY <= day < clock.today() else None


@contextmanager
def record_of(day: dt.date | None) -> Iterator[None]:
    """Inside the block the record reads as at the end of ``day``; as it is now without a day.

    What is read must be complete when the block ends, and nothing can be recorded inside.
    """
    if day is None:
        yield
        return
    with as_of(day_bounds(day)[1] - dt.timedelta.resolution):
        yield
