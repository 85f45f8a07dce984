"""The list of flags, what somebody says about one, and the week ahead."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from enrollment.rules.calendar import DAYS_A_WEEK, week_name
from outcomes import flag_actions as act
from outcomes.flag_rows import flag_lines
from outcomes.follow_up import OpenFlag, all_open, folded, row_of, was_raised
from outcomes.forms import FlagAnswerForm
from outcomes.models import Flag
from outcomes.rules.flags import Urgency
from outcomes.week import HEADER, file_rows, first_day
from outcomes.week import week_ahead as days_ahead
from outcomes.worklist import URGENCIES
from oversight.downloads import csv_lines, download
from oversight.forms import attempt
from trial_site import clock
from trial_site.access import may_open
from trial_site.http import StaffRequest

ROWS_A_PAGE = 50
QUIET = "quiet"


@require_GET
def follow_up(request: StaffRequest) -> HttpResponse:
    """The open flags by urgency; ``?state=`` late, due, soon or quiet, ``?kind=`` narrow them."""
    flags = folded(all_open(request.user))
    states = [*URGENCIES, (QUIET, _("Acknowledged or snoozed"))]
    state = _one_of(request.GET.get("state", ""), (key for key, _label in states))
    kind = _one_of(request.GET.get("kind", ""), Flag.Kind.values)
    of_kind = [flag for flag in flags if kind in ("", flag.kind)]
    of_state = [flag for flag in flags if state in ("", _state(flag))]
    counts, kinds = Counter(map(_state, of_kind)), Counter(flag.kind for flag in of_state)
    both = [flag for flag in of_kind if state in ("", _state(flag))]
    page = Paginator(sorted(both, key=_quiet_last), ROWS_A_PAGE).get_page(request.GET.get("page"))
    lines = flag_lines(page.object_list, request.user)
    context = {
        "page_obj": page,
        "lines": [lines[flag.key] for flag in page.object_list if flag.key in lines],
        "states": [(key, label, counts[key]) for key, label in states],
        "kinds": [(key, label, kinds[key]) for key, label in Flag.Kind.choices if kinds[key]],
        "state": state,
        "kind": kind,
        "total": len(of_kind),
        "of_state": len(of_state),
        "is_soon": counts[Urgency.SOON.value] > 0,
    }
    return render(request, "outcomes/follow_up.html", context)


def _one_of(asked: str, known: Iterable[str]) -> str:
    return asked if asked in set(known) else ""


def _state(flag: OpenFlag) -> str:
    return QUIET if flag.is_quiet else flag.state.value


def _quiet_last(flag: OpenFlag) -> bool:
    """Stable: otherwise in the order of urgency."""
    return flag.is_quiet


@require_http_methods(["GET", "POST"])
def flag_answer(request: StaffRequest, pk: int) -> HttpResponse:
    """Acknowledge or snooze one flag, or the days of one drug together."""
    row = row_of(request.user, pk)
    if row is None:
        return _gone(request, pk)
    line = flag_lines([row], request.user)[row.key]
    if not line.answer_url:
        raise PermissionDenied
    form = FlagAnswerForm(request.POST or None, row=row)
    if request.method == "POST" and form.is_valid():
        saved = attempt(form, lambda: _answer(form, request))
        if saved:
            done = _("%(subject)s: kept") % {"subject": row.subject}
            messages.success(request, done if saved.record else _("This was saved already"))
            return redirect("outcomes:follow-up")
        form.take_up()
    context = {
        "form": form,
        "line": line,
        "crumbs": [(_("Follow-up"), reverse("outcomes:follow-up"))],
        "here": row.subject,
        "back_url": reverse("outcomes:follow-up"),
    }
    return render(request, "outcomes/flag_answer.html", context)


def _gone(request: StaffRequest, pk: int) -> HttpResponse:
    """Resolved meanwhile, which is good news, or none of theirs."""
    if not was_raised(request.user, pk):
        raise Http404
    messages.info(request, _("What this flag asked for is done"))
    return redirect("outcomes:follow-up")


def _answer(form: FlagAnswerForm, request: StaffRequest) -> list[Flag]:
    said, by, key = form.cleaned_data, request.user, form.key
    versions, why = said["versions"], said["why"]
    if said["answer"] == form.SNOOZE:
        return act.snooze(versions, until=said["until"], why=why, by=by, key=key)
    do = act.acknowledge if said["answer"] == form.ACKNOWLEDGE else act.ask_again
    return do(versions, why=why, by=by, key=key)


@require_GET
def week_ahead(request: StaffRequest) -> HttpResponse:
    """What falls due on each of seven days; ``?from=`` the first of them."""
    begins = first_day(request.GET.get("from", ""))
    days = days_ahead(request.user, begins)
    a_week = dt.timedelta(days=DAYS_A_WEEK)
    context = {
        "days": days,
        "begins": begins,
        "ends": days[-1].day,
        "before": max(begins - a_week, clock.today()),
        "after": begins + a_week,
        "is_now": begins == clock.today(),
        "total": sum(len(day.entries) + len(day.doses) for day in days),
        "doses": sum(day.planned_doses for day in days),
        "week": week_name(begins),
        "opens_visits": may_open(request.user, "enrollment:visits-week"),
    }
    return render(request, "outcomes/week_ahead.html", context)


@require_GET
def week_ahead_download(request: StaffRequest) -> StreamingHttpResponse:
    """The same as CSV."""
    begins = first_day(request.GET.get("from", ""))
    rows = file_rows(days_ahead(request.user, begins))
    return download(
        csv_lines(HEADER, rows),
        name=f"week-ahead-{begins}.csv",
        by=request.user,
        asked=request.GET.dict(),
    )
