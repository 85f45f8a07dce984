"""A saved result or plate becomes final, in error, or the run that counts: always with a reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from labs import actions, selectors
from labs.forms import ChooseRunForm, FinaliseForm, InErrorForm, ReasonForm
from labs.models import CytotoxicityAssay, Result, ResultStatus
from labs.readings import lysis_text, read
from labs.views.pages import page
from oversight.forms import attempt
from trial_site.http import StaffRequest

Act = Callable[..., Any]


@require_http_methods(["GET", "POST"])
def result_finalise(request: StaffRequest, pk: int) -> HttpResponse:
    """A preliminary result becomes final as it is."""
    preliminary = selectors.results_visible_to(request.user).filter(status=ResultStatus.PRELIMINARY)
    found = get_object_or_404(preliminary, pk=pk)
    form = FinaliseForm(request.POST or None, record=found)
    if _is_done(request, form, actions.finalise_result, found, _("The result is final")):
        return redirect("labs:result", pk)
    return _page(request, "labs/result_finalise.html", form, found)


@require_http_methods(["GET", "POST"])
def result_in_error(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a result out of everything; it stays to be read."""
    found = get_object_or_404(selectors.results_visible_to(request.user).in_force(), pk=pk)
    form = InErrorForm(request.POST or None, record=found)
    said = _("Marked as entered in error; nothing counts it any more")
    if _is_done(request, form, actions.mark_in_error, found, said):
        return redirect("labs:result", pk)
    return _page(request, "labs/result_in_error.html", form, found)


@require_http_methods(["GET", "POST"])
def cytotoxicity_in_error(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a plate out of everything; it stays to be read."""
    found = get_object_or_404(selectors.assays_visible_to(request.user).in_force(), pk=pk)
    form = InErrorForm(request.POST or None, record=found)
    said = _("Marked as entered in error; nothing counts it any more")
    if _is_done(request, form, actions.mark_plate_in_error, found, said):
        return redirect("labs:cytotoxicity", pk)
    return _page(request, "labs/cytotoxicity_in_error.html", form, found)


@require_http_methods(["GET", "POST"])
def cytotoxicity_choose(request: StaffRequest, pk: int) -> HttpResponse:
    """Let this run of its specimen count, and no other."""
    found = get_object_or_404(selectors.assays_visible_to(request.user).in_force(), pk=pk)
    form = ChooseRunForm(request.POST or None, record=found)
    if _is_done(request, form, actions.choose_run, found, _("This run counts now")):
        return redirect("labs:cytotoxicity", pk)
    return _page(request, "labs/cytotoxicity_choose.html", form, found)


def _is_done(
    request: StaffRequest,
    form: ReasonForm,
    act: Act,
    record: Result | CytotoxicityAssay,
    said: str,
) -> bool:
    """Whether ``act`` was carried out, now or by the same form before; the page then says so."""
    if not form.is_valid():
        return False
    data = form.cleaned_data
    known = {"version": data["record_version"], "by": request.user, "key": form.key}
    outcome = attempt(form, lambda: act(record, reason=data["reason"], **known))
    if outcome:
        messages.success(request, said if outcome.record else _("This was saved already"))
    return outcome is not None


def _page(
    request: StaffRequest, template: str, form: ReasonForm, record: Result | CytotoxicityAssay
) -> HttpResponse:
    text = read(record).named_value if isinstance(record, Result) else lysis_text(record)
    return page(request, template, form=form, record=record, text=text)
