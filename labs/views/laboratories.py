"""Laboratories: what each calls normal, from when to when, and the assays that it runs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from labs import laboratories as reading
from labs.actions import laboratories as actions
from labs.forms.laboratories import (
    AssayForm,
    CorrectAssayForm,
    CorrectRangeForm,
    LaboratoryForm,
    RangeForm,
    RenameLaboratoryForm,
    as_saved,
    from_kit,
    kits,
)
from labs.models import Laboratory
from labs.permissions import SET_UP
from labs.rules.ranges import RangeRow
from labs.rules.setup import AssayRow
from labs.views.pages import page
from oversight.forms import Outcome, attempt
from trial_site.http import StaffRequest

get_or_post = require_http_methods(["GET", "POST"])


@require_GET
def laboratories(request: StaffRequest) -> HttpResponse:
    """The laboratories of the user's sites."""
    found = reading.laboratories_of(request.user)
    return page(
        request,
        "labs/laboratories.html",
        laboratories=found,
        may_set_up=SET_UP.allows(request.user),
    )


@get_or_post
def laboratory_new(request: StaffRequest) -> HttpResponse:
    form = LaboratoryForm(request.POST or None, user=request.user)
    if form.is_valid():
        name, site = form.cleaned_data["name"], form.cleaned_data["site"]
        saved = attempt(
            form,
            lambda: actions.register_laboratory(site, name=name, by=request.user, key=form.key),
        )
        if saved:
            _tell(request, saved, _("The laboratory is registered."))
            pk = saved.record.pk if saved.record else None
            return redirect("labs:laboratory", pk) if pk else redirect("labs:laboratories")
    return _form_page(request, form, _("New laboratory"))


@require_GET
def laboratory(request: StaffRequest, pk: int) -> HttpResponse:
    """One laboratory with its reference ranges and its assays."""
    found = get_object_or_404(reading.laboratories_visible_to(request.user), pk=pk)
    context = {
        "laboratory": found,
        "ranges": reading.range_lines(found),
        "assays": reading.assay_lines(found),
        "may_set_up": SET_UP.allows(request.user),
        "crumbs": _crumbs(),
    }
    return render(request, "labs/laboratory.html", context)


@get_or_post
def laboratory_rename(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(reading.laboratories_visible_to(request.user), pk=pk)
    initial = {"name": found.name, "record_version": found.version}
    form = RenameLaboratoryForm(request.POST or None, initial=initial)
    if form.is_valid():
        saved = attempt(
            form,
            lambda: actions.rename_laboratory(
                found, name=form.cleaned_data["name"], by=request.user, **_correction(form)
            ),
        )
        if saved:
            return _saved(request, found, saved, _("The name is corrected."))
    return _form_page(request, form, _("Correct the name"), found)


@get_or_post
def range_new(request: StaffRequest, pk: int) -> HttpResponse:
    """Add a range; the open one before it may be ended in the same step."""
    found = get_object_or_404(reading.laboratories_visible_to(request.user), pk=pk)
    form = RangeForm(request.POST or None, initial={"analyte": request.GET.get("analyte", "")})
    if form.is_valid():
        ends_open = form.cleaned_data["ends_open"]
        saved = attempt(
            form,
            lambda: actions.add_range(
                found, row=form.row, ends_open=ends_open, by=request.user, key=form.key
            ),
        )
        if saved:
            return _saved(request, found, saved, _("The range is added."))
    return _form_page(request, form, _("New reference range"), found)


@get_or_post
def range_correct(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct a range, or end it."""
    row = get_object_or_404(reading.ranges_visible_to(request.user), pk=pk)
    form = CorrectRangeForm(request.POST or None, initial=as_saved(row, RangeRow))
    if form.is_valid():
        saved = attempt(
            form,
            lambda: actions.correct_range(row, row=form.row, by=request.user, **_correction(form)),
        )
        if saved:
            return _saved(request, row.laboratory, saved, _("The range is corrected."))
    return _form_page(request, form, _("Correct or end a reference range"), row.laboratory)


@get_or_post
def assay_new(request: StaffRequest, pk: int) -> HttpResponse:
    """Register an assay; ``?kit=`` begins with a kit's cut-offs."""
    found = get_object_or_404(reading.laboratories_visible_to(request.user), pk=pk)
    form = AssayForm(request.POST or None, initial=from_kit(request.GET.get("kit", "")))
    if form.is_valid():
        saved = attempt(
            form,
            lambda: actions.register_assay(found, row=form.row, by=request.user, key=form.key),
        )
        if saved:
            return _saved(request, found, saved, _("The assay is registered."))
    return _form_page(request, form, _("New assay"), found, kits=kits())


@get_or_post
def assay_correct(request: StaffRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(reading.assays_registered(request.user), pk=pk)
    form = CorrectAssayForm(request.POST or None, initial=as_saved(row, AssayRow))
    if form.is_valid():
        saved = attempt(
            form,
            lambda: actions.correct_assay(row, row=form.row, by=request.user, **_correction(form)),
        )
        if saved:
            return _saved(request, row.laboratory, saved, _("The assay is corrected."))
    return _form_page(request, form, _("Correct an assay"), row.laboratory)


def _correction(form: Any) -> dict[str, Any]:
    """What every correcting action takes."""
    data = form.cleaned_data
    return {"reason": data["reason"], "version": data["record_version"], "key": form.key}


def _tell(request: StaffRequest, saved: Outcome[Any], done: str) -> None:
    if saved.record is None:
        messages.info(request, _("This was saved already"))
    else:
        messages.success(request, done)


def _saved(
    request: StaffRequest, found: Laboratory, saved: Outcome[Any], done: str
) -> HttpResponse:
    _tell(request, saved, done)
    return redirect("labs:laboratory", found.pk)


def _crumbs(found: Laboratory | None = None) -> list[tuple[str, str]]:
    crumbs = [
        (_("Labs"), reverse("labs:index")),
        (_("Laboratories"), reverse("labs:laboratories")),
    ]
    if found:
        crumbs.append((found.name, reverse("labs:laboratory", args=[found.pk])))
    return crumbs


def _form_page(
    request: StaffRequest, form: Any, title: str, found: Laboratory | None = None, **more: Any
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "here": title,
        "laboratory": found,
        "crumbs": _crumbs(found),
        **more,
    }
    return render(request, "labs/laboratory_form.html", context)
