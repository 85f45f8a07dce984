"""Specimens: registering one that came, what is measured in it, and what is wrong with it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from labs import selectors
from labs.actions import receipts as actions
from labs.forms.receipts import CorrectSpecimenForm, ReceiptForm, RejectForm
from labs.inbox import samples
from labs.inbox_rows import InboxRow
from labs.models import Specimen
from labs.permissions import ENTER_RESULTS
from labs.readings import lysis_text, read
from labs.views.pages import page
from labs.views.saving import opened
from oversight.forms import Outcome, attempt
from trial_site.http import StaffRequest

get_or_post = require_http_methods(["GET", "POST"])


@get_or_post
def specimen_new(request: StaffRequest) -> HttpResponse:
    """Register the arrival of a tube, without results."""
    form = opened(request, ReceiptForm)
    if form.is_valid():
        participant, sample = form.cleaned_data["participant"], form.sample
        saved = attempt(
            form,
            lambda: actions.receive_specimen(
                participant, sample=sample, by=request.user, key=form.key
            ),
        )
        if saved:
            found = saved.record or selectors.specimen_entered(
                participant, kind=sample.kind, collected_at=sample.collected_at
            )
            return _saved(request, found, saved, _("The specimen is registered."))
    return page(request, "labs/specimen_new.html", form=form)


@require_GET
def specimen(request: StaffRequest, pk: int) -> HttpResponse:
    """One specimen: its results, what is still outstanding, and whether it can be used."""
    found = get_object_or_404(selectors.specimens_visible_to(request.user), pk=pk)
    subject = found.participant.subject
    panels = [
        InboxRow(sample, found)
        for sample in samples(request.user, subject=subject)
        if any(tube.key == found.pk for tube in sample.tubes)
    ]
    plates = found.cytotoxicity_assays.in_force()
    return page(
        request,
        "labs/specimen.html",
        specimen=found,
        readings=[read(result) for result in selectors.results_of(found)],
        plates=[(plate, lysis_text(plate)) for plate in plates],
        panels=panels,
        may_enter=ENTER_RESULTS.allows(request.user),
    )


@get_or_post
def specimen_reject(request: StaffRequest, pk: int) -> HttpResponse:
    """Mark a specimen that cannot be used, with why."""
    found = get_object_or_404(selectors.specimens_visible_to(request.user), pk=pk)
    form = RejectForm(request.POST or None, initial={"record_version": found.version})
    if form.is_valid():
        saved = attempt(
            form,
            lambda: actions.reject_specimen(
                found,
                why=form.why,
                version=form.cleaned_data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            return _saved(request, found, saved, _("Marked as not to be used."))
    return page(request, "labs/specimen_reject.html", form=form, specimen=found)


@get_or_post
def specimen_correct(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct what was registered of a specimen, with a reason."""
    found = get_object_or_404(selectors.specimens_visible_to(request.user), pk=pk)
    form = CorrectSpecimenForm(request.POST or None, specimen=found)
    if form.is_valid():
        data = form.cleaned_data
        saved = attempt(
            form,
            lambda: actions.correct_specimen(
                found,
                sample=form.sample,
                unusable=data["unusable"],
                reason=data["reason"],
                version=data["record_version"],
                by=request.user,
                key=form.key,
            ),
        )
        if saved:
            return _saved(request, found, saved, _("The specimen is corrected."))
    return page(request, "labs/specimen_correct.html", form=form, specimen=found)


def _saved(
    request: StaffRequest, found: Specimen | None, saved: Outcome[Specimen], done: str
) -> HttpResponse:
    if saved.record:
        messages.success(request, done)
    else:
        messages.info(request, _("This was saved already"))
    return redirect("labs:specimen", found.pk) if found else redirect("labs:inbox")
