"""The day's sheet."""

import datetime as dt

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from dosing.sheet import BY_URGENCY, ORDERS, sheet_for
from trial_site import clock
from trial_site.http import StaffRequest

MOST_DAYS_AWAY = dt.timedelta(days=3660)  # no calendar ends within reach of the sheet


@require_GET
def sheet(request: StaffRequest) -> HttpResponse:
    """The doses of one day, today without ``?date=``."""
    order = request.GET.get("order", BY_URGENCY)
    try:
        day = dt.date.fromisoformat(request.GET.get("date", clock.today().isoformat()))
    except ValueError:
        return redirect("dosing:sheet")
    if order not in ORDERS or abs(day - clock.today()) > MOST_DAYS_AWAY:
        return redirect("dosing:sheet")
    shown = sheet_for(request.user, day=day, order=order, page=request.GET.get("page", "1"))
    return render(request, "dosing/sheet.html", {"sheet": shown, "order": order})
