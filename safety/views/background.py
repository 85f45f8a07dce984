"""Concomitant medication and medical history of one participant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from enrollment.models import Participant
from enrollment.selectors import participant_pages
from enrollment.views.common import GET_OR_POST, participant_crumbs, posted, tell
from oversight.forms import EntryForm, attempt
from safety.actions.history import correct_history, record_history
from safety.actions.medication import correct_medication, record_medication, stop_medication
from safety.actions.records import mark_in_error
from safety.background import MedicationLine, histories, medication_lines, medications
from safety.corticosteroids import steroid_page
from safety.forms.background import (
    CorrectHistoryForm,
    CorrectMedicationForm,
    HistoryForm,
    MedicationForm,
    StopForm,
)
from safety.forms.deviations import InErrorForm
from safety.models import ConcomitantMedication, MedicalHistory
from safety.permissions import RECORD_BACKGROUND
from trial_site.http import StaffRequest


@require_GET
def medication(request: StaffRequest, subject: str) -> HttpResponse:
    """What the participant takes beside the trial's drugs, and the corticosteroid per kilogram."""
    participant = _participant(request, subject)
    context = {
        "lines": medication_lines(participant),
        "steroids": steroid_page(participant),
        "may_record": RECORD_BACKGROUND.allows(request.user),
    }
    return _page(request, "safety/medication.html", participant, _("Medication"), **context)


@GET_OR_POST
def medication_new(request: StaffRequest, subject: str) -> HttpResponse:
    participant = _participant(request, subject)
    form = MedicationForm(posted(request))
    here = _("New medicine")
    return _answered(
        request,
        form,
        lambda: record_medication(participant, by=request.user, key=form.key, **form.values()),
        _("The medicine is recorded."),
        redirect("safety:medication", subject),
    ) or _page(request, "safety/medication_new.html", participant, here, form=form)


@GET_OR_POST
def medication_correct(request: StaffRequest, pk: int) -> HttpResponse:
    found = _medication(request, pk)
    form = CorrectMedicationForm(posted(request), medication=found)
    return _answered(
        request,
        form,
        lambda: correct_medication(found, by=request.user, key=form.key, **form.values()),
        _("The correction is saved."),
        _to_medication(found),
    ) or _of_medication(request, "safety/medication_correct.html", found, form, _("Correct"))


@GET_OR_POST
def medication_stop(request: StaffRequest, pk: int) -> HttpResponse:
    """The day on which it was taken last."""
    found = _medication(request, pk)
    form = StopForm(posted(request), medication=found)
    return _answered(
        request,
        form,
        lambda: stop_medication(
            found,
            ended_on=form.cleaned_data["ended_on"],
            version=form.cleaned_data["record_version"],
            by=request.user,
            key=form.key,
        ),
        _("The medicine is stopped."),
        _to_medication(found),
    ) or _of_medication(request, "safety/medication_stop.html", found, form, _("Stop"))


@GET_OR_POST
def medication_in_error(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(medications(request.user), pk=pk)
    form = InErrorForm(posted(request), version=found.version)
    done = _answered(
        request,
        form,
        lambda: _marked(request, found, form),
        _("The medicine is marked as entered in error."),
        _to_medication(found),
    )
    if done or found.retracted_at is not None:
        return done or _to_medication(found)
    here = _("Entered in error")
    return _of_medication(request, "safety/medication_in_error.html", found, form, here)


@require_GET
def history(request: StaffRequest, subject: str) -> HttpResponse:
    """Diseases and operations from before the trial."""
    participant = _participant(request, subject)
    rows = participant.medical_history.select_related("recorded_by")
    context = {
        "rows": sorted(rows, key=lambda one: bool(one.retracted_at)),
        "may_record": RECORD_BACKGROUND.allows(request.user),
    }
    return _page(request, "safety/history.html", participant, _("Medical history"), **context)


@GET_OR_POST
def history_new(request: StaffRequest, subject: str) -> HttpResponse:
    participant = _participant(request, subject)
    form = HistoryForm(posted(request))
    here = _("New entry")
    return _answered(
        request,
        form,
        lambda: record_history(participant, by=request.user, key=form.key, **form.values()),
        _("The medical history is recorded."),
        redirect("safety:history", subject),
    ) or _page(request, "safety/history_new.html", participant, here, form=form)


@GET_OR_POST
def history_correct(request: StaffRequest, pk: int) -> HttpResponse:
    found = _history(request, pk)
    form = CorrectHistoryForm(posted(request), history=found)
    return _answered(
        request,
        form,
        lambda: correct_history(found, by=request.user, key=form.key, **form.values()),
        _("The correction is saved."),
        redirect("safety:history", found.participant.subject),
    ) or _of_history(request, "safety/history_correct.html", found, form, _("Correct"))


@GET_OR_POST
def history_in_error(request: StaffRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(histories(request.user), pk=pk)
    form = InErrorForm(posted(request), version=found.version)
    to_list = redirect("safety:history", found.participant.subject)
    done = _answered(
        request,
        form,
        lambda: _marked(request, found, form),
        _("The entry is marked as entered in error."),
        to_list,
    )
    if done or found.retracted_at is not None:
        return done or to_list
    here = _("Entered in error")
    return _of_history(request, "safety/history_in_error.html", found, form, here)


def _answered(
    request: StaffRequest,
    form: EntryForm,
    act: Callable[[], Any],
    done: str,
    answer: HttpResponse,
) -> HttpResponse | None:
    """``answer`` once the form is saved; ``None`` while it is only shown."""
    if request.method != "POST" or not form.is_valid():
        return None
    saved = attempt(form, act)
    if saved is None:
        return None
    tell(request, saved, done)
    return answer


def _marked(
    request: StaffRequest, record: ConcomitantMedication | MedicalHistory, form: InErrorForm
) -> Any:
    return mark_in_error(
        record,
        allowed=RECORD_BACKGROUND,
        reason=form.cleaned_data["reason"],
        version=form.cleaned_data["record_version"],
        by=request.user,
        key=form.key,
    )


def _participant(request: StaffRequest, subject: str) -> Participant:
    found: Participant = get_object_or_404(participant_pages(request.user), subject=subject)
    return found


def _medication(request: StaffRequest, pk: int) -> ConcomitantMedication:
    """One that stands: what was entered in error is only read."""
    found: ConcomitantMedication = get_object_or_404(medications(request.user).in_force(), pk=pk)
    return found


def _history(request: StaffRequest, pk: int) -> MedicalHistory:
    found: MedicalHistory = get_object_or_404(histories(request.user).in_force(), pk=pk)
    return found


def _to_medication(found: ConcomitantMedication) -> HttpResponse:
    return redirect("safety:medication", found.participant.subject)


def _of_medication(
    request: StaffRequest, template: str, found: ConcomitantMedication, form: Any, here: str
) -> HttpResponse:
    line = MedicationLine(found)
    return _page(request, template, found.participant, here, form=form, line=line)


def _of_history(
    request: StaffRequest, template: str, found: MedicalHistory, form: Any, here: str
) -> HttpResponse:
    return _page(request, template, found.participant, here, form=form, record=found)


def _page(
    request: StaffRequest, template: str, participant: Participant, here: str, **context: Any
) -> HttpResponse:
    """A page of one participant; one with a form stands below its list."""
    crumbs = participant_crumbs(participant)
    if "form" in context:
        is_history = "/history" in template
        label = _("Medical history") if is_history else _("Medication")
        name = "safety:history" if is_history else "safety:medication"
        crumbs.append((label, reverse(name, args=[participant.subject])))
    frame = {"participant": participant, "crumbs": crumbs, "here": here}
    return render(request, template, frame | context)
